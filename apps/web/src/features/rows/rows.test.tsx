// @vitest-environment jsdom
import { screen, within, waitFor } from '@testing-library/react'
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
  ).toEqual(['', 'Row', 'Name', 'Id'])
  expect((await within(grid).findByRole('row', { name: /p2\.exe/ })).textContent).toContain('9007199254740995')
  expect(screen.getByRole('status', { name: 'Status' }).textContent).toContain('3 rows kept')
})

test('lists what a search found as it was sent: keys in their order, numbers as they were written', async () => {
  const row = '{"b":18446744073709551615,"2":1.0,"1":-0}'
  const { tenantId } = await flow([row, `{"long":"${'x'.repeat(400)}"}`])
  await bed.open('/hunt?columns=["data"]', { tenantId })
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
  expect(within(groups).getByRole('row', { name: /p1\.exe/ }).textContent).toMatch(/^p1\.exe133\.3 %1 of 1/)
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
  await expect.poll(heads).toEqual(['', 'Name', 'Id'])
  await user.keyboard('{Shift>}{Tab}{/Shift}')
  screen.getByRole('checkbox', { name: 'Id' }).focus()
  await user.keyboard('{Alt>}{ArrowUp}{/Alt}')
  await expect.poll(heads).toEqual(['', 'Id', 'Name'])
  expect(decodeURIComponent(bed.address()!)).toContain('columns=["Id","Name"]')
})

test('a value leads by mouse and by key to exactly the rows that have it', async () => {
  const { tenantId, id, table } = await flow(numbers.slice(0, 3))
  const query = () => screen.getByRole<HTMLInputElement>('textbox', { name: 'Query' }).value
  const user = await bed.open(table, { tenantId })
  await user.click(await screen.findByRole('button', { name: '9007199254740994' }))
  const menu = await screen.findByRole('menu', { name: 'Value of Id' })
  const items = () => within(menu).queryAllByRole('menuitem')
  await waitFor(() => expect(items()).toHaveLength(11))
  expect(items().map((item) => item.textContent)).toEqual([
    'IncludeI',
    'ExcludeE',
    'Only thisO',
    'Group by this fieldG',
    'Timeline around itT',
    'Everywhere it was seenW',
    'Process treeP',
    'Add to case…C',
    'Add to indicators…N',
    'Benign by rule…B',
    'Copy valueY',
  ])
  await within(menu).findByText(/1 row · seen on 1 of 1 host/)
  await user.keyboard('w')
  await screen.findByText('1 row matches')
  await waitFor(() => expect(query()).toBe('9007199254740994'))

  for (const [letter, found] of [
    ['i', '1 row matches'],
    ['e', '2 rows match'],
  ] as const) {
    const again = await bed.open(table, { tenantId })
    await again.click(await screen.findByRole('button', { name: '9007199254740994' }))
    await screen.findByRole('menu', { name: 'Value of Id' })
    await again.keyboard(letter)
    await screen.findByText(found)
    const not = letter === 'e' ? 'NOT ' : ''
    await waitFor(() => expect(query()).toBe(`collection:${id} source:"Custom.Test" ${not}Id:9007199254740994`))
  }
})

test('asks for a number as its row writes it', async () => {
  const { tenantId, id, table } = await flow(['{"Num":1.0}', '{"Num":1}'])
  const user = await bed.open(table, { tenantId })
  await screen.findAllByRole('button', { name: '1' })
  screen.getByRole('grid').focus()
  await user.keyboard('li')
  await screen.findByText('1 row matches')
  const bar = screen.getByRole<HTMLInputElement>('textbox', { name: 'Query' })
  expect(bar.value).toBe(`collection:${id} source:"Custom.Test" Num:1.0`)
})

test('columns are as wide, as pinned and in the order that their reader made them, also the next time', async () => {
  const { tenantId, table } = await flow(numbers.slice(0, 3))
  const heads = () =>
    screen
      .getAllByRole('columnheader')
      .slice(1)
      .map((head) => [head.textContent, head.style.width, head.style.left])
  const user = await bed.open(table, { tenantId })
  await screen.findByRole('button', { name: '9007199254740994' })
  expect(heads()[0]).toEqual(['Row', '72px', ''])
  screen.getByRole('grid').focus()
  await user.keyboard('{Alt>}{ArrowRight}{/Alt}')
  expect(heads()[0]).toEqual(['Row', '88px', ''])
  await user.click(screen.getByRole('button', { name: /^Columns/ }))
  await user.click(await screen.findByRole('button', { name: 'Pin Id' }))
  expect(heads().map(([name, , left]) => [name, left])).toEqual([
    ['Id', '34px'],
    ['Row', ''],
    ['Name', ''],
  ])
  const kept = async () =>
    (
      await bed.root.query("select 1 from preferences where tenant_id = $1 and value->'pinned' = '[\"Id\"]'", [
        tenantId,
      ])
    ).rows.length
  await expect.poll(kept).toBe(1)
  await bed.open(table, { tenantId, again: true })
  await screen.findByRole('button', { name: '9007199254740994' })
  expect(heads().map(([name]) => name)).toEqual(['Id', 'Row', 'Name'])
  expect(heads()[1]).toEqual(['Row', '88px', ''])
})

test('40 fast presses of J land on row 40', async () => {
  const { tenantId, table } = await flow(numbers.slice(0, 60))
  await bed.open(table, { tenantId })
  await screen.findByRole('button', { name: '9007199254740994' })
  const grid = screen.getByRole('grid')
  grid.focus()
  // All in one go: nothing is drawn between them.
  for (let i = 0; i < 40; i++) grid.dispatchEvent(new KeyboardEvent('keydown', { key: 'j', bubbles: true }))
  await expect.poll(() => grid.getAttribute('aria-activedescendant')).toBe('cell-40-0')
  expect(document.getElementById('cell-40-0')?.textContent).toBe('40')
})

test('sorts by a head, by mouse and by key, down, up and not at all', async () => {
  const { tenantId, table } = await flow(['{"a b":2}', '{"a b":10}', '{"a b":1}'])
  const user = await bed.open(table, { tenantId })
  const column = () =>
    screen
      .getAllByRole('row')
      .slice(1)
      .map((row) => within(row).getAllByRole('gridcell')[2]!.textContent)
  await screen.findByRole('button', { name: '10' })
  expect(column()).toEqual(['2', '10', '1'])
  await user.click(screen.getByRole('button', { name: 'a b' }))
  await expect.poll(column).toEqual(['1', '2', '10'])
  screen.getByRole('grid').focus()
  await user.keyboard('l{ArrowUp}{Enter}')
  await expect.poll(column).toEqual(['10', '2', '1'])
  expect(screen.getByRole('columnheader', { name: 'a b' }).getAttribute('aria-sort')).toBe('descending')
  await user.keyboard('{Enter}')
  await expect.poll(column).toEqual(['2', '10', '1'])
})

test('starts with the columns that tell rows apart', async () => {
  const rows = Array.from(
    { length: 6 },
    (_, i) => `{"Same":"x","Name":"p${i}","Huge":"${`${i}`.repeat(900)}","Sub":{"a.b":${i}}}`,
  )
  const { tenantId, table } = await flow(rows)
  await bed.open(table, { tenantId })
  await screen.findByRole('button', { name: 'p5' })
  expect(screen.getAllByRole('columnheader').map((head) => head.textContent)).toEqual(['', 'Row', 'Name', 'Sub.a.b'])
  screen.getByRole('button', { name: 'Columns 3 of 5' })
})

test('selects by key and by box, and copies rows as sent and as CSV that runs no formula', async () => {
  const rows = ['{"b":1.0,"a":"=cmd()"}', '{"a":"x\\"y","b":9007199254740993}', '{"a":null}']
  const { tenantId, table } = await flow(rows)
  const user = await bed.open(table, { tenantId })
  const bar = () => screen.findByRole('toolbar', { name: 'Selected rows' })
  await screen.findByRole('button', { name: '=cmd()' })
  screen.getByRole('grid').focus()
  await user.keyboard('x{Shift>}j{/Shift}')
  await within(await bar()).findByText('2 of 3 shown selected')
  expect(screen.getAllByRole('row', { selected: true })).toHaveLength(2)
  await user.click(within(await bar()).getByRole('button', { name: 'Copy as JSON lines' }))
  await expect.poll(() => navigator.clipboard.readText()).toBe(`${rows[0]}\n${rows[1]}\n`)
  await user.click(within(await bar()).getByRole('button', { name: 'Copy as CSV' }))
  await expect
    .poll(() => navigator.clipboard.readText())
    .toBe('"b","a"\r\n"1","\'=cmd()"\r\n"9007199254740993","x""y"\r\n')
  await user.click(within(await bar()).getByRole('button', { name: 'Compare the two…' }))
  const compared = await screen.findByRole('table', { name: 'Fields of both rows' })
  expect(within(compared).getAllByRole('row')).toHaveLength(3)
  await user.keyboard('{Escape}')
  await user.click(await screen.findByRole('checkbox', { name: 'Select row 3' }))
  await within(await bar()).findByText('3 of 3 shown selected')
  await user.click(screen.getByRole('button', { name: 'Clear' }))
  await screen.findByRole('button', { name: /^Columns/ })
})

test('columns with odd names and hostile values stand as text, and lead to their rows', async () => {
  const { tenantId, table } = await flow([
    '{"<b>x</b>":"<img src=x onerror=alert(1)>","a.b c\\"d":"\\u202egpj.exe\\u001b[31m","":"","nul":null}',
  ])
  const user = await bed.open(table, { tenantId })
  const cell = await screen.findByRole('button', { name: 'U+202Egpj.exeU+001B[31m' })
  screen.getByRole('columnheader', { name: /a\.b c"d/ })
  screen.getByRole('button', { name: '<img src=x onerror=alert(1)>' })
  expect(document.querySelector('main img')).toBeNull()
  expect(cell.title).not.toContain('\u202e')
  screen.getByRole('button', { name: '""' })
  screen.getByRole('button', { name: 'null' })
  await user.click(cell)
  await user.keyboard('i')
  await screen.findByText('1 row matches')
})

test('puts a row and its value into a case, which shows both with the way back', async () => {
  const { tenantId, id, source, table } = await flow(['{"Name":"evil\\u202e.exe","Hash":"' + 'a'.repeat(64) + '"}'])
  const user = await bed.open(table, { tenantId })
  await screen.findByRole('button', { name: 'a'.repeat(64) })
  screen.getByRole('grid').focus()
  await user.keyboard('llc')
  const dialog = await screen.findByRole('dialog', { name: 'Add to case' })
  await user.type(await within(dialog).findByRole('textbox', { name: /^Title/ }), 'Loader')
  await user.type(within(dialog).getByRole('textbox', { name: 'Note on the row' }), 'first sight')
  await user.click(within(dialog).getByRole('checkbox', { name: 'Add the value as a case artifact' }))
  await user.click(within(dialog).getByRole('button', { name: 'Add 1 row' }))
  await screen.findByText(/^Added to case/)
  const { id: caseId } = await bed.one<{ id: number }>('select id from cases where tenant_id = $1', [tenantId])
  await bed.open(`/cases/${caseId}`, { tenantId })
  const rows = await screen.findByRole('table', { name: 'Rows of the case' })
  await within(rows).findByText('first sight')
  const back = within(rows).getByRole('link', { name: `Custom.Test · ${id}.${source}.0` })
  expect(back.getAttribute('href')).toContain(`/collections/${id}/rows?source=${source}&row=`)
  await within(rows).findByText('"Name":"evil', { exact: false })
  expect(await bed.one('select artifact_type, value from artifacts where tenant_id = $1', [tenantId])).toEqual({
    artifact_type: 'sha256',
    value: 'a'.repeat(64),
  })
})

test('the drawer tells where a row came from, and its values lead on by key', async () => {
  const { tenantId, id, source, table } = await flow(['{"b":1.0,"Sub":{"a.b":"x y"},"List":[{"k":"v"}],"n":null}'])
  const row = `${id}.${source}.0`
  await bed.open(`${table}&row=${row}&tab=origin`, { tenantId })
  const drawer = await screen.findByRole('complementary', { name: 'Row' })
  await within(drawer).findByText('Batch sha256')
  within(drawer).getByText('F.1')
  const user = await bed.open(`${table}&row=${row}`, { tenantId })
  const again = await screen.findByRole('complementary', { name: 'Row' })
  const value = await within(again).findByRole('button', { name: 'v' })
  within(again).getByRole('button', { name: '1.0' })
  value.focus()
  await user.keyboard('i')
  await screen.findByText('1 row matches')
  const bar = screen.getByRole<HTMLInputElement>('textbox', { name: 'Query' })
  expect(bar.value).toBe(`collection:${id} source:"Custom.Test" List."k":"v"`)
})

test('a row of 10,000 keys and one of a long value are shown in part, which is said', async () => {
  const keys = Array.from({ length: 10_000 }, (_, i) => `"k${i}":${i}`)
  const { tenantId, id, source, table } = await flow([`{${keys.join(',')}}`, `{"long":"${'x'.repeat(800_000)}"}`])
  const user = await bed.open(`${table}&row=${id}.${source}.0`, { tenantId })
  const drawer = await screen.findByRole('complementary', { name: 'Row' })
  await within(drawer).findByText(/500 of 10,000 entries shown/)
  await user.click(within(drawer).getByRole('button', { name: 'Show 500 more' }))
  within(drawer).getByText(/1,000 of 10,000 entries shown/)
  await user.click(within(drawer).getByRole('button', { name: 'Show all' }))
  expect(within(drawer).queryByText(/entries shown/)).toBeNull()
  // What is not near has its height only.
  expect(drawer.querySelectorAll('.tr')).toHaveLength(500)
  expect(drawer.querySelectorAll('.later')).toHaveLength(95)
  await bed.open(`${table}&row=${id}.${source}.1`, { tenantId })
  await screen.findByRole('button', { name: 'Show all 800,000 characters' })
}, 60_000)

test('a viewer is offered nothing to write', async () => {
  const { tenantId, table } = await flow(['{"Name":"x1"}'])
  const user = await bed.open(table, { tenantId, role: 'viewer' })
  await user.click(await screen.findByRole('button', { name: 'x1' }))
  await screen.findByRole('menuitem', { name: /Include/ })
  expect(screen.queryByRole('menuitem', { name: /Add to case/ })).toBeNull()
})
