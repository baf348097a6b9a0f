// @vitest-environment jsdom
import { screen, within } from '@testing-library/react'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pageBed, sendFlow, type PageBed } from '../../testing.ts'

let bed: PageBed
beforeAll(async () => {
  bed = await pageBed()
})
afterAll(() => bed.close())

async function flow(rows: string[], expected = rows.length) {
  const tenantId = await bed.tenant()
  await sendFlow(bed, tenantId, { expected, rows })
  const { id } = await bed.one<{ id: number }>('select id from collections where tenant_id = $1', [tenantId])
  const { id: source } = await bed.one<{ id: number }>('select id from sources where tenant_id = $1', [tenantId])
  return { tenantId, id, source, table: `/collections/${id}/rows?source=${source}` }
}

const numbers = Array.from({ length: 450 }, (_, i) => `{"Name":"p${i}.exe","Id":${9007199254740993n + BigInt(i)}}`)

test('shows rows with their fields as columns and the numbers as they were sent', async () => {
  const { tenantId, table } = await flow(numbers.slice(0, 3))
  await bed.open(table, { tenantId })
  const grid = await screen.findByRole('grid', { name: 'Custom.Test' })
  expect(
    within(grid)
      .getAllByRole('columnheader')
      .map((head) => head.textContent),
  ).toEqual(['Row', 'Name', 'Id'])
  expect((await within(grid).findByRole('row', { name: /p2\.exe/ })).textContent).toContain('9007199254740995')
  expect(screen.getByRole('status', { name: 'Status' }).textContent).toContain('3 rows kept')
})

test('lists what a search found as it was sent: keys in their order, numbers as they were written', async () => {
  const row = '{"b":18446744073709551615,"2":1.0,"1":-0}'
  const { tenantId } = await flow([row, `{"long":"${'x'.repeat(400)}"}`])
  await bed.open('/hunt', { tenantId })
  await screen.findByText(row)
  await screen.findByText(`{"long":"${'x'.repeat(291)}…`)
})

test('opens the row of a deep link also when it is on no page that was loaded', async () => {
  const { tenantId, id, source, table } = await flow(numbers)
  await bed.open(`${table}&row=${id}.${source}.440`, { tenantId })
  const drawer = await screen.findByRole('complementary', { name: 'Row' })
  await within(drawer).findByText(String(9007199254740993n + 440n))
})

test('says how many of the expected rows arrived, and what a search without an answer looked for', async () => {
  const { tenantId, id } = await flow(numbers.slice(0, 3), 1000)
  await bed.open(`/collections/${id}`, { tenantId })
  await screen.findByText('3 of 1,000')
  await bed.open('/hunt?query=nothing-has-this', { tenantId })
  await screen.findByRole('heading', { name: 'No row matches' })
  await bed.open('/hunt?query=(', { tenantId })
  expect((await screen.findByRole('alert')).textContent).toContain('Expected a value or a field (at character 2)')
})

test('points at what can not be read, and keeps the answer before', async () => {
  const { tenantId } = await flow(numbers.slice(0, 3))
  const user = await bed.open('/hunt?query=Name:p*', { tenantId })
  await screen.findByText('3 rows match')
  const query = screen.getByRole('textbox', { name: 'Query' })
  await user.clear(query)
  await user.type(query, 'Name:p* AND Id:>{Enter}')
  const alert = await screen.findByRole('alert')
  expect(alert.textContent).toContain('Expected a number, a date or a text (at character 17)')
  expect(screen.getByRole('textbox', { name: 'Query' }).getAttribute('aria-invalid')).toBe('true')
  expect(screen.getByText('3 rows match')).toBeDefined()
  expect(within(screen.getByRole('grid', { name: 'Rows' })).getAllByRole('row')).toHaveLength(4)
})

test('shows groups with the hosts that they were seen on, and counts', async () => {
  const { tenantId } = await flow(numbers.slice(0, 3))
  await bed.open(`/hunt?query=${encodeURIComponent('Name:p* | groupby Name')}`, { tenantId })
  const groups = await screen.findByRole('table', { name: 'Groups' })
  expect(within(groups).getByRole('row', { name: /p1\.exe/ }).textContent).toBe('p1.exe11 of 1 host')
  await bed.open(`/hunt?query=${encodeURIComponent('Name:p* | count')}`, { tenantId })
  expect(await screen.findAllByText('3 rows match')).toHaveLength(2)
  await bed.open(`/hunt?query=${encodeURIComponent('Name:p* | timechart Name')}`, { tenantId })
  await screen.findByRole('table', { name: 'Rows over time' })
})

test('shows the chosen columns in the chosen order, as the address says', async () => {
  const { tenantId, table } = await flow(numbers.slice(0, 3))
  const user = await bed.open(table, { tenantId })
  const heads = () => screen.getAllByRole('columnheader').map((head) => head.textContent)
  await user.click(await screen.findByRole('button', { name: 'Columns 3 of 3' }))
  await user.click(await screen.findByRole('checkbox', { name: 'Row' }))
  await expect.poll(heads).toEqual(['Name', 'Id'])
  await user.keyboard('{Shift>}{Tab}{/Shift}')
  screen.getByRole('checkbox', { name: 'Id' }).focus()
  await user.keyboard('{Alt>}{ArrowUp}{/Alt}')
  await expect.poll(heads).toEqual(['Id', 'Name'])
  expect(decodeURIComponent(bed.address()!)).toContain('columns=["Id","Name"]')
})

test('a value leads by mouse and by key to exactly the rows that have it', async () => {
  const { tenantId, id, table } = await flow(numbers.slice(0, 3))
  const query = () => screen.getByRole<HTMLInputElement>('textbox', { name: 'Query' }).value
  const user = await bed.open(table, { tenantId })
  await user.click(await screen.findByRole('button', { name: '9007199254740994' }))
  const menu = await screen.findByRole('menu')
  expect(
    within(menu)
      .getAllByRole('menuitem')
      .map((item) => item.textContent),
  ).toEqual(['Open the rowEnter', 'IncludeI', 'Everywhere it was seenW', 'Copy valueY'])
  await user.keyboard('w')
  await screen.findByText('1 row matches')
  expect(query()).toBe('"9007199254740994"')

  const again = await bed.open(table, { tenantId })
  await screen.findByRole('button', { name: '9007199254740994' })
  screen.getByRole('grid').focus()
  await again.keyboard('jlli')
  await screen.findByText('1 row matches')
  expect(query()).toBe(`collection:${id} source:"Custom.Test" "9007199254740994"`)
})

test('a column is as wide as its reader made it, also the next time', async () => {
  const { tenantId, table } = await flow(numbers.slice(0, 3))
  const width = () => screen.getAllByRole('columnheader')[0]!.style.width
  const user = await bed.open(table, { tenantId })
  await screen.findByRole('button', { name: '9007199254740994' })
  expect(width()).toBe('72px')
  screen.getByRole('grid').focus()
  await user.keyboard('{Alt>}{ArrowRight}{/Alt}')
  expect(width()).toBe('88px')
  await bed.open(table, { tenantId })
  await screen.findByRole('button', { name: '9007199254740994' })
  expect(width()).toBe('88px')
})
