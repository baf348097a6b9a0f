// @vitest-environment jsdom
import { screen, waitFor, within } from '@testing-library/react'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pageBed, sendFlow, type PageBed } from '../../testing.ts'
import { gistOf } from './gist.ts'
import { clock, offset, spanSeconds } from './words.ts'

let bed: PageBed
beforeAll(async () => {
  bed = await pageBed()
})
afterAll(() => bed.close())

async function hostWith(rows: object[]) {
  const tenantId = await bed.tenant()
  await sendFlow(bed, tenantId, { expected: rows.length, rows: rows.map((row) => JSON.stringify(row)) })
  const { id } = await bed.one<{ id: number }>('select id from hosts where tenant_id = $1', [tenantId])
  const { name } = await bed.one<{ name: string }>(
    `select collection_id || '.' || source_id as name from collection_sources where tenant_id = $1 and rows_stored > 0`,
    [tenantId],
  )
  return { tenantId, id, row: (n: number) => `${name}.${n}` }
}

const at = (second: number) => `2026-11-24T06:38:${String(second).padStart(2, '0')}.5Z`
const rows = [
  { CommandLine: 'first.exe -a', EventTime: at(1) },
  { CommandLine: 'second.exe -b', EventTime: at(2) },
  { CommandLine: 'third.exe -c', EventTime: at(3) },
  { CommandLine: 'no time' },
]

const lines = (grid: HTMLElement) =>
  within(grid)
    .getAllByRole('row')
    .map((row) => row.textContent)

test('shows the row in the middle, with what came before and after and how far away', async () => {
  const { tenantId, id, row } = await hostWith(rows)
  const user = await bed.open(`/hosts/${id}/timeline?around=${row(1)}&span=2m`, { tenantId })
  const grid = await screen.findByRole('grid', { name: /Timeline/ })
  expect(lines(grid)).toEqual([
    'No further row back to 06:36:02.500',
    '06:38:01.500−1 sCustom.TestEventTimefirst.exe -a',
    '06:38:02.500hereCustom.TestEventTimesecond.exe -b',
    '06:38:03.500+1 sCustom.TestEventTimethird.exe -c',
    expect.stringMatching(/^(Nothing collected after|No further row up to)/),
  ])
  grid.focus()
  await user.keyboard('{ArrowDown}{Enter}')
  expect(bed.address()).toContain(encodeURIComponent(row(2)))
  await within(await screen.findByRole('complementary', { name: 'Row' })).findAllByText(/third\.exe -c/)
})

test('keeps sources that are off and the query in the address, and says what is hidden', async () => {
  const { tenantId, id } = await hostWith(rows)
  const user = await bed.open(`/hosts/${id}/timeline`, { tenantId })
  const grid = await screen.findByRole('grid', { name: 'Timeline of the host' })
  expect(lines(grid).filter((line) => line?.includes('.exe'))).toHaveLength(3)
  await screen.findByText('1 row tells no time: show at receipt')
  await user.type(screen.getByRole('textbox', { name: 'Query' }), 'CommandLine:third*{Enter}')
  await screen.findByText('2 rows not shown')
  expect(bed.address()).toContain('query=CommandLine')
  await user.click(await screen.findByRole('button', { name: /Custom\.Test/, pressed: true }))
  await screen.findByText('3 rows not shown up to the end')
  expect(bed.address()).toContain('off=')
  expect(screen.getByRole('link', { name: 'Timeline' }).getAttribute('aria-current')).toBe('page')
})

test('T puts the row that has the focus in the middle', async () => {
  const { tenantId, id, row } = await hostWith(rows)
  const user = await bed.open(`/hosts/${id}/timeline`, { tenantId })
  await screen.findByRole('grid', { name: 'Timeline of the host' })
  await user.keyboard('jt')
  await screen.findByText('here')
  expect(bed.address()).toContain(`around=${encodeURIComponent(row(1))}`)
})

test('an annotation is made from a row by key, stands in the timeline, and is taken back', async () => {
  const { tenantId, id, row } = await hostWith(rows)
  const user = await bed.open(`/hosts/${id}/timeline`, { tenantId })
  const grid = await screen.findByRole('grid', { name: 'Timeline of the host' })
  await user.keyboard('ja')
  const dialog = await screen.findByRole('dialog', { name: 'Annotate' })
  await user.type(within(dialog).getByRole('textbox', { name: /What happened/ }), 'second stage')
  await user.click(within(dialog).getByRole('button', { name: 'Save' }))
  await within(grid).findByText('second stage')
  expect(lines(grid).findIndex((line) => line?.includes('second stage'))).toBe(
    lines(grid).findIndex((line) => line?.includes('second.exe')) + 1,
  )
  await user.keyboard('{Escape}')
  grid.focus()
  await user.keyboard('{Home}{ArrowDown}{Enter}')
  const drawer = await screen.findByRole('complementary', { name: 'Row' })
  await within(drawer).findByText('second stage')
  expect(bed.address()).toContain(encodeURIComponent(row(1)))
  await user.click(within(drawer).getByRole('button', { name: 'Delete' }))
  await screen.findByText('Deleted the annotation.')
  expect(within(grid).queryByText('second stage')).toBeNull()
  await user.click(screen.getByRole('button', { name: 'Undo' }))
  await within(grid).findByText('second stage')
})

test('the field that places a source’s rows is chosen, and given back to the rows', async () => {
  const { tenantId, id } = await hostWith([
    { CommandLine: 'first.exe', EventTime: at(1), Modified: '2026-11-20T00:00:00Z' },
    { CommandLine: 'second.exe', EventTime: at(2), Modified: '2026-11-19T00:00:00Z' },
  ])
  const user = await bed.open(`/hosts/${id}/timeline`, { tenantId })
  const grid = await screen.findByRole('grid', { name: 'Timeline of the host' })
  const order = () => lines(grid).flatMap((line) => /(first|second)\.exe/.exec(line ?? '')?.[1] ?? [])
  expect(order()).toEqual(['first', 'second'])
  await user.click(screen.getByRole('button', { name: 'Time fields' }))
  const chosen = await screen.findByRole('combobox', { name: /Custom\.Test/ })
  await user.click(chosen)
  await user.click(await screen.findByRole('option', { name: /^Modified · 2$/ }))
  await waitFor(() => expect(order()).toEqual(['second', 'first']))
  expect(
    await bed.one('select time_field from sources where tenant_id = $1 and time_field is not null', [tenantId]),
  ).toEqual({
    time_field: '["Modified"]',
  })
  // It can be chosen again once the first choice is shown everywhere.
  await waitFor(() =>
    expect(screen.getByRole<HTMLInputElement>('combobox', { name: /Custom\.Test/ }).disabled).toBe(false),
  )
  await user.click(screen.getByRole('combobox', { name: /Custom\.Test/ }))
  await user.click(await screen.findByRole('option', { name: 'As the rows suggest' }))
  await waitFor(() => expect(order()).toEqual(['first', 'second']))
})

test('a viewer reads annotations and is not offered to write them', async () => {
  const { tenantId, id, row } = await hostWith(rows)
  await bed.open(`/hosts/${id}/timeline?row=${row(0)}`, { tenantId, role: 'viewer' })
  await screen.findByRole('complementary', { name: 'Row' })
  await screen.findByRole('grid', { name: 'Timeline of the host' })
  expect(screen.queryByRole('button', { name: /Annotate/ })).toBeNull()
  expect(screen.queryByRole('button', { name: 'Time fields' })).toBeNull()
})

test('T and P on a value lead from the hunt to the time around its row and to its process tree', async () => {
  const { tenantId, id, row } = await hostWith(rows)
  const user = await bed.open('/hunt?query=CommandLine:second*', { tenantId })
  await within(await screen.findByRole('grid', { name: 'Rows' })).findByRole('row', { name: /second\.exe/ })
  await user.keyboard('t')
  await screen.findByText('here')
  const asked = new URL(bed.address()!, 'http://web.test')
  expect(asked.pathname).toBe('/hunt')
  expect(asked.searchParams.get('view')).toBe('timeline')
  expect(asked.searchParams.get('around')).toBe(row(1))
  expect(asked.searchParams.get('query')).toBe('CommandLine:second*')
  await bed.open('/hunt?query=CommandLine:second*', { tenantId })
  await within(await screen.findByRole('grid', { name: 'Rows' })).findByRole('row', { name: /second\.exe/ })
  await user.keyboard('p')
  await screen.findByRole('heading', { name: 'No process list of this host' })
  expect(bed.address()).toContain(`/hosts/${id}/processes?row=${encodeURIComponent(row(1))}`)
})

test('writes times and distances without losing a digit', () => {
  expect(clock('2026-11-24T06:38:51.209123400Z', '2026-11-24T00:00:00Z')).toBe('06:38:51.2091234')
  expect(clock('2026-11-24T06:38:51.200000Z')).toBe('2026-11-24 06:38:51.200')
  const from = { micros: 1_000_000_000, nanos: 500 }
  expect(offset(from, from)).toBe('same time')
  expect(offset(from, { micros: 1_000_000_000, nanos: 902 })).toBe('+402 ns')
  expect(offset(from, { micros: 999_700_000, nanos: 500 })).toBe('−0.3 s')
  expect(offset(from, { micros: 1_072_000_000, nanos: 500 })).toBe('+1 min 12 s')
  expect(spanSeconds('5m')).toBe(300)
  expect(spanSeconds('9999d')).toBeUndefined()
})

test('tells a row in one line by what says most about it', () => {
  const start = '{"a":1}'
  expect(gistOf({ data: { EventID: 4688, EventData: { CommandLine: 'whoami' } }, start })).toBe('4688 whoami')
  expect(
    gistOf({
      data: {
        Type: 'TCP',
        'Laddr.IP': '10.0.0.1',
        'Laddr.Port': 5,
        'Raddr.IP': '1.2.3.4',
        'Raddr.Port': 443,
        Status: 'ESTAB',
      },
      start,
    }),
  ).toBe('TCP 10.0.0.1:5 1.2.3.4:443 ESTAB')
  expect(gistOf({ data: { a: 1 }, start })).toBe(start)
  expect(gistOf({ data: null, start })).toBe(start)
})
