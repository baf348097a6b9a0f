// @vitest-environment jsdom
import { screen, waitFor, within } from '@testing-library/react'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pageBed, sendFlow, type PageBed } from '../../testing.ts'

let bed: PageBed
beforeAll(async () => {
  bed = await pageBed()
})
afterAll(() => bed.close())

async function withRows() {
  const tenantId = await bed.tenant()
  await sendFlow(bed, tenantId, { expected: 2, rows: ['{"Name":"a.exe","Id":1}', '{"Name":"b.exe","Id":2}'] })
  return tenantId
}

const address = () => decodeURIComponent(bed.address()!.replaceAll('+', ' '))

test('saves what is on the screen by key, says when it is edited, and saves it again in place', async () => {
  const tenantId = await withRows()
  const user = await bed.open('/hunt?query=Name:a.exe&from=now-7d', { tenantId })
  await screen.findByRole('button', { name: 'Save…' })
  await user.keyboard('{Control>}s{/Control}')
  const dialog = await screen.findByRole('dialog')
  await user.type(within(dialog).getByRole('textbox', { name: 'Name' }), 'First one')
  await user.click(within(dialog).getByRole('button', { name: 'Save' }))
  await screen.findByText('Saved “First one”')
  await waitFor(() => expect(address()).toMatch(/search=\d+/))
  expect(screen.queryByText('edited')).toBeNull()
  const { query, time_from } = await bed.one<{ query: string; time_from: string }>(
    'select query, time_from from saved_searches where tenant_id = $1',
    [tenantId],
  )
  expect([query, time_from]).toEqual(['Name:a.exe', 'now-7d'])
})

test('opens a saved search from the list, and finds one by its name', async () => {
  const tenantId = await withRows()
  const user = await bed.open('/hunt', { tenantId })
  await user.click(await screen.findByRole('button', { name: 'Views' }))
  const menu = await screen.findByRole('dialog', { name: 'Views' })
  await within(menu).findByText('Rare SSH keys')
  await user.type(within(menu).getByRole('textbox'), 'scheduled')
  await waitFor(() => expect(within(menu).queryByText('Rare SSH keys')).toBeNull())
  await user.click(within(menu).getByText('Rare scheduled tasks'))
  await waitFor(() => expect(address()).toContain('rare TaskName Command Arguments'))
  expect(address()).toContain('search=-1')
})

test('asks for the parameters of a search, and puts them in as values', async () => {
  const tenantId = await withRows()
  const user = await bed.open('/hunt?search=-16', { tenantId })
  const dialog = await screen.findByRole('dialog', { name: 'Everything of one host' })
  await user.type(within(dialog).getByRole('textbox', { name: 'host' }), 'a" OR "b')
  expect(within(dialog).getByRole<HTMLInputElement>('textbox', { name: 'host' }).value).toBe('a" OR "b')
  await user.click(within(dialog).getByRole('button', { name: 'Run' }))
  await waitFor(() => expect(address()).toContain(String.raw`query=host:"a\\" OR \\"b"`.replaceAll('\\\\', '\\')))
  await screen.findByText('Everything of one host')
  expect(screen.queryByText('edited')).toBeNull()
})

test('pins a search, deletes it and brings it back', async () => {
  const tenantId = await withRows()
  await bed.root.query(
    "insert into saved_searches (tenant_id, shared, name, query) values ($1, true, 'Ours', 'Id:1')",
    [tenantId],
  )
  const user = await bed.open('/hunt', { tenantId, role: 'admin' })
  await user.click(await screen.findByRole('button', { name: 'Views' }))
  await user.click(await screen.findByRole('button', { name: 'Pin on the home page: Ours' }))
  await screen.findByRole('button', { name: 'Take off the home page: Ours' })
  await user.click(screen.getByRole('button', { name: 'Delete Ours' }))
  await screen.findByText('Deleted “Ours”')
  const isThere = async () =>
    (await bed.root.query('select deleted_at is null as there from saved_searches where tenant_id = $1', [tenantId]))
      .rows[0].there
  expect(await isThere()).toBe(false)
  await user.click(screen.getByRole('button', { name: 'Undo' }))
  await expect.poll(isThere).toBe(true)
})

test('a viewer is not offered to share', async () => {
  const tenantId = await withRows()
  const user = await bed.open('/hunt?query=Id:1', { tenantId, role: 'viewer' })
  await user.click(await screen.findByRole('button', { name: 'Save…' }))
  const dialog = await screen.findByRole('dialog')
  within(dialog).getByRole('textbox', { name: 'Name' })
  expect(within(dialog).queryByRole('checkbox')).toBeNull()
})

test('shows what was asked as a tree, keeps notes, and goes back', async () => {
  const tenantId = await withRows()
  const user = await bed.open('/hunt?query=Name:*', { tenantId })
  const userId = async () =>
    (await bed.one<{ id: number }>('select max(id)::int as id from users where tenant_id = $1', [tenantId])).id
  const asked = async () =>
    (
      await bed.root.query(
        'select id::int, parent_id::int, query, rows::int from asked_queries where user_id = $1 order by id',
        [await userId()],
      )
    ).rows
  await waitFor(async () => expect(await asked()).toMatchObject([{ query: 'Name:*', rows: 2 }]))
  const [first] = await asked()
  await bed.root.query(
    "insert into asked_queries (tenant_id, user_id, parent_id, query, rows, rows_exact) values ($1, $2, $3, 'Id:1', 1, true), ($1, $2, $3, 'Id:2', 1, true)",
    [tenantId, await userId(), first.id],
  )
  await user.click(screen.getByRole('button', { name: 'History' }))
  const panel = await screen.findByRole('dialog', { name: 'History' })
  const lines = await within(panel).findAllByRole('listitem')
  expect(lines.map((line) => line.style.paddingLeft)).toEqual(['14px', '30px', '30px'])
  await user.click(within(lines[1]!).getByRole('button', { name: 'Write a note' }))
  await user.type(within(lines[1]!).getByRole('textbox', { name: 'Note' }), 'the odd one{Enter}')
  await within(panel).findByText('the odd one')
  const entries = [...panel.querySelectorAll<HTMLElement>('[data-entry]')]
  entries[0]!.focus()
  await user.keyboard('{ArrowDown}{ArrowDown}{Enter}')
  await waitFor(() => expect(address()).toContain('query=Id:2'))
  await waitFor(async () => expect(await asked()).toHaveLength(3))
})

test('the home page shows pinned searches with what they find now', async () => {
  const tenantId = await withRows()
  await bed.root.query(
    "insert into saved_searches (tenant_id, shared, name, query) values ($1, true, 'Ours', 'Id:1'), ($1, true, 'One host', 'host:{{host}}')",
    [tenantId],
  )
  const user = await bed.open('/hunt', { tenantId })
  await user.click(await screen.findByRole('button', { name: 'Views' }))
  await user.click(await screen.findByRole('button', { name: 'Pin on the home page: Ours' }))
  await screen.findByRole('button', { name: 'Take off the home page: Ours' })
  await user.click(await screen.findByRole('button', { name: 'Pin on the home page: One host' }))
  await screen.findByRole('button', { name: 'Take off the home page: One host' })
  await user.keyboard('{Escape}')
  await user.click(screen.getByRole('link', { name: 'Home' }))
  const pinned = await screen.findByRole('table', { name: 'Pinned searches' })
  await within(pinned).findByRole('row', { name: /Ours.*1 row/ })
  await within(pinned).findByRole('row', { name: /One host.*asks for host/ })
})
