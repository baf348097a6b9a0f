// @vitest-environment jsdom
import { screen, within } from '@testing-library/react'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pageBed, sendFlow, type PageBed } from '../../testing.ts'
import { gapsOf, movedBy } from './axis.ts'
import { readTyped, timeOf } from './times.ts'

let bed: PageBed
beforeAll(async () => {
  bed = await pageBed()
})
afterAll(() => bed.close())

const rows = [
  '{"Name":"svchost.exe","Time":"2026-11-20T00:00:00Z"}',
  '{"Name":"svchost.exe","Time":"2026-11-20T10:00:00Z"}',
  '{"Name":"svch0st.exe","Time":"2026-11-24T10:00:00Z"}',
]

async function filled(expected = rows.length) {
  const tenantId = await bed.tenant()
  await sendFlow(bed, tenantId, { expected, rows })
  return tenantId
}

const queryBar = () => screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Query' })
const chips = () =>
  within(screen.getByRole('group', { name: 'Parts' }))
    .queryAllByRole('button', { name: /^Remove / })
    .map((button) => button.getAttribute('aria-label'))
const status = () => screen.getByRole('status', { name: 'Status' }).textContent
const search = () => new URL(bed.address()!, 'http://web.test').searchParams

test('chips and text are two views of one query: each follows the other', async () => {
  const tenantId = await filled()
  const user = await bed.open(`/hunt?query=${encodeURIComponent('Name:svc* NOT Name:svch0st.exe')}`, { tenantId })
  await screen.findByText('2 rows match')
  expect(chips()).toEqual(['Remove Name:svc*', 'Remove NOT Name:svch0st.exe'])

  await user.click(screen.getByRole('button', { name: 'Remove NOT Name:svch0st.exe' }))
  await screen.findByText('3 rows match')
  expect(queryBar().value).toBe('Name:svc*')

  await user.click(queryBar())
  await user.keyboard('{End} Name:svch0st.exe')
  expect(chips()).toEqual(['Remove Name:svc*'])
  await user.keyboard('{Enter}')
  await screen.findByText('1 row matches')
  expect(chips()).toEqual(['Remove Name:svc*', 'Remove Name:svch0st.exe'])
})

test('groups tell when they were first seen, and what is new today is strong', async () => {
  const tenantId = await bed.tenant()
  const rows = [
    '{"Name":"old.exe","Time":"2026-01-20T07:08:09.123456Z"}',
    `{"Name":"old.exe","Time":"${new Date().toISOString()}"}`,
    `{"Name":"new.exe","Time":"${new Date().toISOString()}"}`,
  ]
  await sendFlow(bed, tenantId, { expected: 3, rows })
  const path = `/hunt?query=${encodeURIComponent('Name:* | groupby Name')}`
  const cells = async (name: RegExp) => {
    const groups = await screen.findByRole('table', { name: 'Groups' })
    const row = await within(groups).findByRole('row', { name })
    return { last: within(row).getAllByRole('cell').at(-2)!, row, heads: within(groups).getAllByRole('columnheader') }
  }
  await bed.open(path, { tenantId })
  const { last: fresh, row: ofNew, heads } = await cells(/new\.exe/)
  expect(heads.map((head) => head.textContent)).toEqual([
    'Name',
    'Rows, descending',
    'Share',
    'Seen on hosts',
    'Last 7 days',
    'First seen',
    'Newest',
  ])
  expect(fresh.textContent).toMatch(/^today \d\d:\d\d$/)
  expect(fresh.querySelector('.b')).not.toBeNull()
  expect(within(ofNew).getByRole('img', { name: /^(\d+ \w{3}: 0, ){6}\d+ \w{3}: 1$/ })).toBeTruthy()
  expect(within(ofNew).getAllByRole('cell').at(-1)!.textContent).toMatch(/^today \d\d:\d\d$/)
  const { last: old } = await cells(/old\.exe/)
  expect(old.querySelector('.b')).toBeNull()
  expect(old.querySelector('time')!.title).toBe('2026-01-20 07:08:09.123456 UTC')

  await bed.tenant()
  await bed.open(`${path}&tenant=all`, { tenantId, role: 'super_admin' })
  const all = await cells(/new\.exe/)
  expect(all.heads.map((head) => head.textContent)).toContain('Tenants')
  expect(screen.getByRole('row', { name: /new\.exe.* of \d+.*today/ }).textContent).toMatch(/1 of \d+1 of \d+today/)
  const band = await screen.findByRole('table', { name: 'Least common values' })
  expect(within(band).getByRole('columnheader', { name: 'Tenants' })).toBeTruthy()

  await bed.open(`${path}&from=2026-06-01T00:00:00Z`, { tenantId })
  expect((await cells(/old\.exe/)).heads.at(-2)!.textContent).toBe('First in this range')
})

test('groups are walked by key, grouped by one more field, and exported as what they are', async () => {
  const tenantId = await filled()
  const user = await bed.open(`/hunt?query=${encodeURIComponent('Name:svc* | groupby Name')}`, { tenantId })
  await screen.findByText('all 2 groups shown, 3 rows in them')
  const focused = () => document.activeElement?.textContent
  await user.keyboard('j')
  expect(focused()).toBe('svchost.exe')
  await user.keyboard('j')
  expect(focused()).toBe('svch0st.exe')
  await user.keyboard('{ArrowUp}e')
  await screen.findByText('all 1 group shown, 1 row in them')
  expect(search().get('query')).toBe('Name:svc* NOT Name:"svchost.exe" | groupby Name')

  await user.click(screen.getByRole('button', { name: 'Add a field' }))
  await user.type(await screen.findByRole('textbox', { name: 'Field' }), 'host')
  await user.click(await screen.findByRole('checkbox', { name: 'host' }))
  await expect.poll(() => search().get('query')).toBe('Name:svc* NOT Name:"svchost.exe" | groupby Name host')
  await user.keyboard('{Escape}')
  await user.click(await screen.findByRole('button', { name: 'Export' }))
  const dialog = within(await screen.findByRole('dialog', { name: 'Export' }))
  await dialog.findByText(/^Every group of Name, host with its rows, hosts/)
  await user.click(dialog.getByRole('button', { name: 'Export' }))
  await dialog.findByText('waits its turn')
})

test('a part that is off stays in the text and in the address, and is not applied', async () => {
  const tenantId = await filled()
  const user = await bed.open('/hunt?query=Name:svc*%20Name:svch0st.exe', { tenantId })
  await screen.findByText('1 row matches')
  await user.keyboard('{Alt>}2{/Alt}')
  await screen.findByText('3 rows match')
  expect(queryBar().value).toBe('Name:svc* Name:svch0st.exe')
  expect(search().get('off')).toBe('[1]')
  await user.click(screen.getByRole('button', { name: 'Switch on Name:svch0st.exe' }))
  await screen.findByText('1 row matches')
  expect(search().has('off')).toBe(false)
})

test('says in one line and in one order what was found, how new it is and what of it is not whole', async () => {
  const tenantId = await filled(1000)
  await bed.one(
    `insert into collections (tenant_id, host_id, flow_id, state) select tenant_id, id, 'F.2', 'RUNNING' from hosts where tenant_id = $1 returning id`,
    [tenantId],
  )
  const user = await bed.open('/hunt?query=Name:*', { tenantId })
  await expect
    .poll(status)
    .toMatch(/^3 rows match3 shown[\d,]+ msnewest (now|\d+ min ago)1 host did not answer1 delivery incomplete/)
  await user.click(screen.getByRole('button', { name: '1 delivery incomplete' }))
  await screen.findByText('3 of 1,000 rows')
})

test('without a match it says what each part alone keeps out', async () => {
  const tenantId = await filled()
  const user = await bed.open('/hunt?query=Name:svc*%20Name:nothing', { tenantId })
  await screen.findByRole('heading', { name: 'No row matches' })
  const tried = await screen.findByRole('list', { name: 'What it would find' })
  await within(tried).findByText('3 rows')
  expect(
    within(tried)
      .getAllByRole('listitem')
      .map((item) => item.textContent),
  ).toEqual(['withoutName:svc*0 rowsUse', 'withoutName:nothing3 rowsUse'])
  await user.click(within(tried).getAllByRole('button', { name: 'Use' })[1]!)
  await screen.findByText('3 rows match')
})

test('a time range is selected, moved and resized by key, and zoomed into', async () => {
  const tenantId = await filled()
  const user = await bed.open('/hunt?query=Name:*&from=2026-11-20T00:00:00Z&to=2026-11-27T00:00:00Z', { tenantId })
  await user.click(await screen.findByRole('button', { name: 'Select a time range with the arrow keys' }))
  const at = (name: RegExp) => Number(screen.getByRole('slider', { name }).getAttribute('aria-valuenow'))
  const [from, to] = [at(/Begin/), at(/End/)]
  expect(document.activeElement).toBe(screen.getByRole('slider', { name: /Begin/ }))
  await user.keyboard('{ArrowRight}')
  expect([at(/Begin/), at(/End/)]).toEqual([from + 1, to + 1])
  await user.keyboard('{Shift>}{ArrowLeft}{/Shift}')
  expect([at(/Begin/), at(/End/)]).toEqual([from, to + 1])
  await user.keyboard('{Enter}')
  await expect.poll(() => search().get('from')).toBe('2026-11-23T12:00:00Z')
})

test('what is typed outlives the page in this tab', async () => {
  const tenantId = await filled()
  const user = await bed.open('/hunt', { tenantId })
  await user.click(await screen.findByRole('textbox', { name: 'Query' }))
  await user.keyboard('Name:half')
  const kept = JSON.parse(sessionStorage.getItem('vc.hunt.draft')!) as object
  expect(kept).toMatchObject({ query: '', draft: 'Name:half' })
})

test('tells gaps from zeros, keeps the selection inside, and reads times exactly or not at all', () => {
  const counts = (...n: number[]) => n.map((rows, i) => ({ time: String(i), rows }))
  expect(gapsOf(counts(1, 0, 0, 0, 2), counts(1, 0, 0, 5, 2))).toEqual([{ from: 1, to: 3 }])
  expect(gapsOf(counts(1, 0), undefined)).toEqual([])
  expect(movedBy('ArrowLeft', false, 'from', { from: 0, to: 2 }, 10)).toEqual({ from: 0, to: 2 })
  expect(movedBy('ArrowRight', true, 'from', { from: 1, to: 2 }, 10)).toEqual({ from: 1, to: 2 })
  expect(movedBy('a', false, 'from', { from: 1, to: 2 }, 10)).toBeUndefined()
  expect(readTyped('2026-11-24 06:38:51.2090001')).toBe('2026-11-24T06:38:51.2090001Z')
  expect(readTyped('2026-02-30')).toBeUndefined()
  expect(timeOf('now-7d', Date.parse('2026-11-24T00:00:00Z'))).toBe('2026-11-17T00:00:00.000Z')
})
