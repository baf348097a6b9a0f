// @vitest-environment jsdom
import { screen, within } from '@testing-library/react'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pageBed, type PageBed } from '../../testing.ts'
import { pauseAfter } from './unread.ts'

let bed: PageBed
beforeAll(async () => {
  bed = await pageBed()
})
afterAll(() => bed.close())

/** Tells the newest user of the tenant. */
const tell = (tenantId: number, words: string, link: string | null = '/exports') =>
  bed.root.query(
    "insert into notifications (tenant_id, user_id, kind, words, link) select $1, max(id), 'export', $2, $3 from users where tenant_id = $1",
    [tenantId, words, link],
  )

async function opened(path: string, words: string[]) {
  const tenantId = await bed.tenant()
  await bed.open('/account', { tenantId })
  for (const one of words) await tell(tenantId, one)
  const { id } = await bed.one<{ id: number }>('select max(id) as id from users where tenant_id = $1', [tenantId])
  const user = await bed.open(path, { tenantId })
  // The page is that of a second person: what was told becomes theirs.
  await bed.root.query(
    'update notifications set user_id = (select max(id) from users where tenant_id = $1) where user_id = $2',
    [tenantId, id],
  )
  return user
}

test('the bell counts what is unread, shows it, and following one leads there and reads it', async () => {
  const user = await opened('/account', ['first', '<b>second</b>\u202e'])
  await user.click(await screen.findByRole('button', { name: /^Notifications/ }))
  const pane = within(await screen.findByRole('dialog', { name: /^Notifications/ }))
  await pane.findAllByText(/second/)
  await screen.findByRole('button', { name: 'Notifications, 2 unread' })
  expect(pane.getAllByRole('link')[0]!.textContent).toBe('<b>second</b>U+202E')
  await user.click(pane.getAllByRole('link')[0]!)
  await screen.findByRole('heading', { name: 'Exports' })
  await screen.findByRole('button', { name: 'Notifications, 1 unread' })
})

test('the page lists all or only unread ones, and marks all as read', async () => {
  const user = await opened('/notifications', ['first', 'second'])
  const list = async () => within(await screen.findByRole('list', { name: 'Notifications' })).getAllByRole('listitem')
  await user.click(await screen.findByRole('radio', { name: 'Unread' }))
  expect(bed.address()).toContain('unread=true')
  await expect.poll(async () => (await list()).length).toBe(2)
  await user.click(screen.getByRole('button', { name: 'Mark all as read' }))
  await screen.findByText('Nothing is unread')
  await screen.findByRole('button', { name: 'Notifications' })
  await user.click(screen.getByRole('radio', { name: 'All' }))
  await expect
    .poll(async () => (await list()).map((item) => item.textContent.replace(/now.*/, '')))
    .toEqual(['second', 'first'])
})

test('it looks more seldom the longer nothing happens', () => {
  expect([0, 60_000, 120_000, 10_000_000].map(pauseAfter)).toEqual([10_000, 15_000, 30_000, 60_000])
})
