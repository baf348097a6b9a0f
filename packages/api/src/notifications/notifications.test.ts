import { afterAll, beforeAll, expect, test } from 'vitest'
import { inTenant } from '../scope.ts'
import { testBed, type TestBed } from '../testing.ts'
import { forgetNotifications } from './jobs.ts'
import { notify } from './queries.ts'

let bed: TestBed
beforeAll(async () => {
  bed = await testBed()
})
afterAll(() => bed.close())

async function person(tenantId: number, role: 'viewer' | 'user' | 'super_admin' = 'viewer') {
  const username = `p-${crypto.randomUUID()}`
  const caller = await bed.callerOf(tenantId, role, username)
  const { id } = await bed.one<{ id: number }>('select id from users where username = $1', [username])
  const tell = (words: string, link?: string) =>
    inTenant(bed.database.db, tenantId, (scope) =>
      notify(scope, { userId: id, kind: 'export', words, ...(link && { link }) }),
    )
  return { caller, tell }
}

test('what a person is told is listed newest first, and unread until it is read', async () => {
  const { caller, tell } = await person(await bed.tenant())
  for (const words of ['one', 'two', 'three']) await tell(words, '/exports')
  const first = await caller.notifications.list({ limit: 2 })
  expect(first).toMatchObject({
    rows: [
      { words: 'three', kind: 'export', link: '/exports', readAt: null },
      { words: 'two', readAt: null },
    ],
    total: 3,
  })
  const rest = await caller.notifications.list({ limit: 2, cursor: first.nextCursor })
  expect([rest.rows.map(({ words }) => words), rest.nextCursor]).toEqual([['one'], null])
  expect(await caller.notifications.unread()).toEqual({ unread: 3 })
  const { readAt } = await caller.notifications.read({ id: first.rows[1]!.id })
  expect(await caller.notifications.read({ id: first.rows[1]!.id })).toMatchObject({ readAt })
  expect(await caller.notifications.unread()).toEqual({ unread: 2 })
  const unread = await caller.notifications.list({ unread: true })
  expect([unread.rows.map(({ words }) => words), unread.total]).toEqual([['three', 'one'], 2])
})

test('reading all leaves unread what came since it was seen', async () => {
  const { caller, tell } = await person(await bed.tenant())
  await tell('seen')
  const { rows } = await caller.notifications.list({})
  await tell('not seen')
  expect(await caller.notifications.readAll({ upTo: rows[0]!.id })).toEqual({ read: 1 })
  const left = await caller.notifications.list({ unread: true })
  expect(left.rows.map(({ words }) => words)).toEqual(['not seen'])
})

test.each(['all walls', 'the WHERE clauses alone'])("%s keep others' notifications away", async (walls) => {
  const [own, other] = [await bed.tenant(), await bed.tenant()]
  const [ada, colleague, stranger] = [await person(own), await person(own), await person(other)]
  const boss = await person(own, 'super_admin')
  await ada.tell('for ada')
  if (walls !== 'all walls') await bed.root.query('alter table notifications disable row level security')
  const { rows } = await ada.caller.notifications.list({})
  for (const { caller } of [colleague, stranger, boss]) {
    expect(await caller.notifications.list({})).toMatchObject({ rows: [], total: 0 })
    expect(await caller.notifications.unread()).toEqual({ unread: 0 })
    await expect(caller.notifications.read({ id: rows[0]!.id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await caller.notifications.readAll({ upTo: rows[0]!.id })).toEqual({ read: 0 })
  }
  expect(await ada.caller.notifications.unread()).toEqual({ unread: 1 })
  await bed.root.query('alter table notifications enable row level security')
})

test('words that a sender wrote are kept as text, and cut where they are too long', async () => {
  const { caller, tell } = await person(await bed.tenant())
  await tell(`<b>\0\ud800${'x'.repeat(600)}`)
  const { words } = (await caller.notifications.list({})).rows[0]!
  expect([words.slice(0, 5), words.length, words.at(-1)]).toEqual(['<b>\u2400\ufffd', 500, '…'])
})

test('a link leads nowhere but into this web', async () => {
  const { tell } = await person(await bed.tenant())
  await expect(tell('x', '//example.com')).rejects.toThrow('notifications_link_check')
  await expect(tell('x', 'https://example.com')).rejects.toThrow('notifications_link_check')
})

test('one goes after 90 days, read or not', async () => {
  const tenant = await bed.tenant()
  const { caller, tell } = await person(tenant)
  await tell('old')
  await bed.root.query("update notifications set created_at = now() - interval '91 days' where tenant_id = $1", [
    tenant,
  ])
  await tell('young')
  await bed.root.query(
    "update notifications set created_at = now() - interval '89 days' where tenant_id = $1 and words = 'young'",
    [tenant],
  )
  await forgetNotifications(bed.database, new AbortController().signal)
  expect((await caller.notifications.list({})).rows.map(({ words }) => words)).toEqual(['young'])
})
