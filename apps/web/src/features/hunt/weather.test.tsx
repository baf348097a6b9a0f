// @vitest-environment jsdom
import { screen, within } from '@testing-library/react'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pageBed, sendFlow, type PageBed } from '../../testing.ts'

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

async function filled() {
  const tenantId = await bed.tenant()
  await sendFlow(bed, tenantId, { expected: rows.length, rows })
  return tenantId
}

const status = () => screen.getByRole('status', { name: 'Status' }).textContent
const search = () => new URL(bed.address()!, 'http://web.test').searchParams
const isSearch = (path: string) => path.startsWith('/api/trpc/rows.search')

test('a late answer says how long it has taken and can be stopped, and asked for again', async () => {
  const tenantId = await filled()
  const user = await bed.open('/hunt?query=Name:svch0st.exe', { tenantId })
  await screen.findByText('1 row matches')
  bed.setWeather((path) => (isSearch(path) ? new Promise(() => {}) : undefined))
  const query = screen.getByRole('textbox', { name: 'Query' })
  await user.clear(query)
  await user.type(query, 'Name:svchost.exe{Enter}')
  await screen.findByText(/^Searching 3 rows, \d+\.\d s so far$/)
  // What is read stays while the next is awaited.
  expect(within(screen.getByRole('grid', { name: 'Rows' })).getAllByRole('row')).toHaveLength(2)
  await user.click(screen.getByRole('button', { name: 'Stop' }))
  await expect.poll(status).toMatch(/^stopped: what is shown is of the query before/)
  bed.setWeather(() => undefined)
  await user.click(screen.getByRole('button', { name: 'Search again' }))
  await screen.findByText('2 rows match')
  expect(screen.queryByRole('button', { name: 'Search again' })).toBeNull()
})

test('new rows wait to be asked for: nothing that is read moves', async () => {
  const tenantId = await filled()
  const user = await bed.open('/hunt?query=Name:svc*', { tenantId })
  await screen.findByText('3 rows match')
  await screen.findByText(/^newest /)
  const more = Array.from({ length: 128 }, (_, i) => `{"Name":"svc${i}.exe","Time":"2026-11-24T11:00:00Z"}`)
  await sendFlow(bed, tenantId, { expected: 128, rows: more, flow: 'F.2' })
  await bed.lookAgain()
  const waiting = await screen.findByRole('button', { name: '128 new rows' })
  const shown = () => within(screen.getByRole('grid', { name: 'Rows' })).getAllByRole('row')
  expect(shown()).toHaveLength(4)
  expect(status()).toContain('3 rows match')
  await user.click(waiting)
  await screen.findByText('131 rows match')
  expect(screen.queryByRole('button', { name: '128 new rows' })).toBeNull()
})

test('hatches where nothing arrived, and leaves flat where data came without a match', async () => {
  const tenantId = await filled()
  const range = 'from=2026-11-20T00:00:00Z&to=2026-11-27T00:00:00Z'
  const gaps = async (query: string) => {
    await bed.open(`/hunt?query=${encodeURIComponent(query)}&${range}`, { tenantId })
    const chart = await screen.findByRole('img', { name: /Nothing arrived in 3 stretches of it/ })
    const titles = [...chart.querySelectorAll('title')].map((title) => title.textContent)
    return titles.filter((title) => title.startsWith('No data'))
  }
  const all = await gaps('Name:*')
  expect(all).toHaveLength(3)
  for (const words of all) expect(words).toMatch(/^No data for /)
  // At 10:00 of the first day svchost.exe came: no row of this query, and no gap.
  expect(await gaps('Name:svch0st.exe')).toEqual(all)
})

test('a search that fails says so, keeps the query and is tried again', async () => {
  const tenantId = await filled()
  const user = await bed.open('/hunt', { tenantId })
  await screen.findByText('3 rows match')
  bed.setWeather((path) => (isSearch(path) ? Promise.reject(new TypeError('fetch failed')) : undefined))
  const query = screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Query' })
  await user.type(query, 'Name:svchost.exe{Enter}')
  const alert = await screen.findByRole('alert')
  expect(alert.textContent).toContain('The server does not answer.')
  expect(query.value).toBe('Name:svchost.exe')
  bed.setWeather(() => undefined)
  await user.click(within(alert).getByRole('button', { name: 'Try again' }))
  await screen.findByText('2 rows match')
  expect(screen.queryByRole('alert')).toBeNull()
})

test('a viewer hunts and takes along, and is offered nothing to write', async () => {
  const tenantId = await filled()
  const user = await bed.open('/hunt?query=Name:svc*', { tenantId, role: 'viewer' })
  await screen.findByText('3 rows match')
  const grid = await screen.findByRole('grid', { name: 'Rows' })
  grid.focus()
  await user.keyboard('x')
  await screen.findByText('1 of 3 shown selected')
  expect(screen.getByRole('button', { name: 'Copy as CSV' })).toBeTruthy()
  expect(screen.queryByRole('button', { name: 'Add to case…' })).toBeNull()
  await user.keyboard('x')
  expect(await screen.findByRole('button', { name: 'Export all 3…' })).toBeTruthy()
})

test('a link of a colleague in another tenant shows nothing of it', async () => {
  const theirs = await filled()
  const { id } = await bed.one<{ id: string }>(
    "select c.id || '.' || s.id || '.0' as id from collections c join sources s on s.tenant_id = c.tenant_id where c.tenant_id = $1",
    [theirs],
  )
  const tenantId = await filled()
  await bed.open(`/hunt?query=Name:svc*&row=${id}`, { tenantId })
  const drawer = await screen.findByRole('complementary', { name: 'Row' })
  await within(drawer).findByText(/names a row that is not here, or that is not in your tenant/)
  expect(within(drawer).queryByText('svchost.exe')).toBeNull()
  await bed.open(`/hunt?query=Name:svc*&tenant=${theirs}`, { tenantId })
  await screen.findByText('404')
  expect(screen.queryByText(/rows? match/)).toBeNull()
})

test('a time range is picked, typed exactly and taken back, and what is no time is refused', async () => {
  const tenantId = await filled()
  const user = await bed.open('/hunt?query=Name:svc*', { tenantId })
  await screen.findByText('3 rows match')
  await user.click(screen.getByRole('button', { name: /^Any time\sUTC/ }))
  const [from, to] = [await screen.findByLabelText(/^From/), screen.getByLabelText(/^To/)]
  await user.type(from, '2026-11-20 05:00')
  await user.type(to, '2026-11-19')
  await user.click(screen.getByRole('button', { name: 'Use these times' }))
  await screen.findByText('This is not after the begin')
  await user.clear(to)
  await user.type(to, '2026-02-30')
  await user.click(screen.getByRole('button', { name: 'Use these times' }))
  await screen.findByText('Write it as 2026-11-24 06:38:51')
  await user.clear(to)
  await user.type(to, '2026-11-24')
  await user.keyboard('{Enter}')
  await screen.findByText('1 row matches')
  expect([search().get('from'), search().get('to')]).toEqual(['2026-11-20T05:00:00Z', '2026-11-24T00:00:00Z'])
  await user.click(screen.getByRole('button', { name: /^2026-11-20 05:00 to 2026-11-24/ }))
  await user.click(await screen.findByRole('button', { name: 'Last 7 days' }))
  await expect.poll(() => search().get('from')).toBe('now-7d')
  expect(search().has('to')).toBe(false)
  await user.click(await screen.findByRole('button', { name: /^Last 7 days\sUTC/ }))
  await user.click(await screen.findByRole('button', { name: 'Any time' }))
  await screen.findByText('3 rows match')
  expect(search().has('from')).toBe(false)
})

test('values wrap where that is wanted, and Shift with J and K selects on the way', async () => {
  const tenantId = await filled()
  const user = await bed.open('/hunt?query=Name:svc*', { tenantId })
  const grid = await screen.findByRole('grid', { name: 'Rows' })
  grid.focus()
  await user.keyboard('{Shift>}jj{/Shift}')
  await screen.findByText('3 of 3 shown selected')
  await user.click(screen.getByRole('button', { name: 'Clear' }))
  grid.focus()
  await user.keyboard('{Shift>}k{/Shift}')
  await screen.findByText('2 of 3 shown selected')
  expect(grid.getAttribute('aria-activedescendant')).toMatch(/^cell-1-/)
  await user.click(screen.getByRole('button', { name: 'Clear' }))
  expect(grid.className).not.toContain('wraps')
  await user.click(screen.getByRole('button', { name: /^Columns/ }))
  await user.click(await screen.findByRole('switch', { name: 'Wrap long values' }))
  await expect.poll(() => screen.getByRole('grid', { name: 'Rows', hidden: true }).className).toContain('wraps')
})
