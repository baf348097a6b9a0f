import { afterAll, beforeAll, expect, test } from 'vitest'
import { testBed, type TestBed } from '../testing.ts'
import { mostAsked } from './history/queries.ts'

let bed: TestBed
let tenantId: number
beforeAll(async () => {
  bed = await testBed()
  tenantId = await bed.tenant()
})
afterAll(() => bed.close())

type Caller = Awaited<ReturnType<TestBed['callerOf']>>
const namesOf = async (caller: Caller, query?: string) =>
  (await caller.searches.list({ query })).rows.map(({ name }) => name)

test('keeps a search with its time, view and columns, and changes it', async () => {
  const dana = await bed.callerOf(tenantId, 'user', 'dana')
  const made = await dana.searches.create({
    name: 'Look-alikes',
    description: 'svc*',
    query: 'Name:svc*',
    from: 'now-7d',
    view: 'groups',
    columns: ['host', 'Name'],
    sort: '-Size',
  })
  expect(made).toMatchObject({
    name: 'Look-alikes',
    query: 'Name:svc*',
    timeFrom: 'now-7d',
    timeTo: null,
    view: 'groups',
    sort: '-Size',
    columns: ['host', 'Name'],
    shared: false,
    version: 1,
    owner: 'dana',
    mine: true,
    builtIn: false,
  })
  const range = { from: '2026-11-01T00:00:00.1234567Z', to: '2026-11-02T00:00:00Z' }
  const changed = await dana.searches.update({ id: made.id, version: 1, name: 'Renamed', range })
  expect(changed).toMatchObject({
    name: 'Renamed',
    query: 'Name:svc*',
    timeFrom: range.from,
    timeTo: range.to,
    version: 2,
  })
  await expect(dana.searches.update({ id: made.id, version: 1, name: 'Late' })).rejects.toMatchObject({
    code: 'CONFLICT',
    reason: 'stale',
    detail: { theirs: { name: 'Renamed', version: 2 } },
  })
})

test('shows a search to its owner alone until it is shared', async () => {
  const own = await bed.tenant()
  const dana = await bed.callerOf(own, 'user')
  const boss = await bed.callerOf(own, 'admin')
  const made = await dana.searches.create({ name: 'Mine', query: 'x' })
  expect(await namesOf(boss)).toEqual([])
  await expect(boss.searches.get({ id: made.id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(boss.searches.update({ id: made.id, version: 1, name: 'x' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
  await expect(boss.searches.delete({ id: made.id, version: 1 })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(boss.searches.pin({ id: made.id, pinned: true })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await dana.searches.update({ id: made.id, version: 1, shared: true })
  expect(await namesOf(boss)).toEqual(['Mine'])
})

test('a shared search is changed by its owner and by who manages them', async () => {
  const own = await bed.tenant()
  const [dana, priya] = [await bed.callerOf(own, 'user'), await bed.callerOf(own, 'user')]
  const boss = await bed.callerOf(own, 'admin')
  const { id } = await dana.searches.create({ name: 'Ours', query: 'x', shared: true })
  await expect(priya.searches.update({ id, version: 1, name: 'Hers' })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(priya.searches.delete({ id, version: 1 })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await boss.searches.update({ id, version: 1, name: 'Tidied' })
  expect(await namesOf(priya)).toEqual(['Tidied'])
})

test('a viewer keeps searches of their own, and shares none', async () => {
  const own = await bed.tenant()
  const viewer = await bed.callerOf(own, 'viewer', 'vera')
  await expect(viewer.searches.create({ name: 'All', query: 'x', shared: true })).rejects.toMatchObject({
    code: 'FORBIDDEN',
  })
  const { id } = await viewer.searches.create({ name: 'Own', query: 'x' })
  await expect(viewer.searches.update({ id, version: 1, shared: true })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  expect(await namesOf(viewer)).toEqual(['Own'])
  await bed.root.query('update saved_searches set shared = true where id = $1', [id])
  // One that was shared when they still might is changed by others now.
  await expect(viewer.searches.update({ id, version: 1, name: 'x' })).rejects.toMatchObject({ code: 'FORBIDDEN' })
})

test('hides a deleted search and brings it back with its pin', async () => {
  const own = await bed.tenant()
  const dana = await bed.callerOf(own, 'user')
  const { id } = await dana.searches.create({ name: 'Gone', query: 'x' })
  await dana.searches.pin({ id, pinned: true })
  await dana.searches.delete({ id, version: 1 })
  expect([await namesOf(dana), await dana.searches.pinned({})]).toEqual([[], []])
  await dana.searches.restore({ id })
  expect((await dana.searches.pinned({})).map(({ name }) => name)).toEqual(['Gone'])
  const { rows } = await bed.root.query('select action from audit_events where tenant_id = $1 order by id', [own])
  expect(rows.map(({ action }) => action)).toEqual(['search.create', 'search.pin', 'search.delete', 'search.restore'])
})

test('pins are of one user, and of built-in searches too', async () => {
  const own = await bed.tenant()
  const [dana, priya] = [await bed.callerOf(own, 'user'), await bed.callerOf(own, 'viewer')]
  const { id } = await dana.searches.create({ name: 'Ours', query: 'x', shared: true })
  for (const pinned of [id, -1, id]) await dana.searches.pin({ id: pinned, pinned: true })
  expect((await dana.searches.pinned({})).map((pin) => pin.id)).toEqual([id, -1])
  expect(await priya.searches.pinned({})).toEqual([])
  const { rows, builtIn } = await dana.searches.list({})
  expect([rows[0]!.pinned, builtIn.filter(({ pinned }) => pinned).map((one) => one.id)]).toEqual([true, [-1]])
  await dana.searches.pin({ id: -1, pinned: false })
  expect((await dana.searches.pinned({})).map((pin) => pin.id)).toEqual([id])
  await dana.searches.update({ id, version: 1, shared: false })
  expect(await priya.searches.pinned({})).toEqual([])
  await expect(dana.searches.pin({ id: -999, pinned: true })).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('finds searches by name, text and query, the built-in ones among them', async () => {
  const own = await bed.tenant()
  const dana = await bed.callerOf(own, 'user')
  await dana.searches.create({ name: 'One', query: 'Name:%_a' })
  await dana.searches.create({ name: 'Two', description: 'remote desktop at night', query: 'x' })
  expect(await namesOf(dana, '%_A')).toEqual(['One'])
  const { rows, builtIn } = await dana.searches.list({ query: 'Remote Desktop' })
  expect([rows.map(({ name }) => name), builtIn.map(({ name }) => name)]).toEqual([['Two'], ['Remote desktop logons']])
  expect(await dana.searches.get({ id: -1 })).toMatchObject({
    name: 'Rare scheduled tasks',
    builtIn: true,
    mine: false,
  })
  const pages: string[] = []
  let cursor: string | null = null
  do {
    const page: Awaited<ReturnType<Caller['searches']['list']>> = await dana.searches.list({ limit: 1, cursor })
    pages.push(...page.rows.map(({ name }) => name))
    cursor = page.nextCursor
  } while (cursor)
  expect(pages).toEqual(['Two', 'One'])
})

test('refuses what can not be run', async () => {
  const dana = await bed.callerOf(tenantId, 'user')
  await expect(dana.searches.create({ name: 'x', query: 'Name:(' })).rejects.toMatchObject({
    reason: 'unsupported_query',
  })
  await expect(dana.searches.create({ name: 'x', query: 'Name:*{{a}}*' })).rejects.toMatchObject({
    message: expect.stringContaining('{{a}} stands for a whole value'),
  })
  const { id } = await dana.searches.create({ name: 'x', query: 'host:{{host}}' })
  await expect(dana.searches.update({ id, version: 1, query: '{{a}}:b' })).rejects.toMatchObject({
    code: 'BAD_REQUEST',
  })
  await expect(dana.searches.create({ name: 'x', query: '', from: 'yesterday' })).rejects.toMatchObject({
    code: 'BAD_REQUEST',
  })
})

test('a super-admin shares a search in another tenant, and keeps nothing of their own there', async () => {
  const other = await bed.tenant()
  const boss = await bed.callerOf(tenantId, 'super_admin')
  await boss.searches.create({ name: 'For you', query: 'x', shared: true, tenant: other })
  expect(await namesOf(await bed.callerOf(other, 'viewer'))).toEqual(['For you'])
  const kept = [
    () => boss.searches.create({ name: 'Mine', query: 'x', tenant: other }),
    () => boss.searches.pin({ id: -1, pinned: true, tenant: other }),
    () => boss.searches.remember({ query: 'x', rows: 1, exact: true, tenant: other }),
    () => boss.searches.history({ tenant: other }),
  ]
  for (const keep of kept) await expect(keep()).rejects.toMatchObject({ code: 'BAD_REQUEST' })
})

test('the history is a tree of what one user asked', async () => {
  const own = await bed.tenant()
  const [dana, priya] = [await bed.callerOf(own, 'viewer'), await bed.callerOf(own, 'user')]
  const asked = { rows: 5, exact: true }
  const { id: root } = await dana.searches.remember({ query: 'a', from: 'now-24h', ...asked })
  const { id: left } = await dana.searches.remember({ query: 'a b', parent: root, ...asked, exact: false })
  const { id: right } = await dana.searches.remember({ query: 'a c', parent: root, across: 'all', ...asked })
  // The same again, from there or from where it was asked before, is no new entry.
  expect(await dana.searches.remember({ query: 'a c', parent: right, across: 'all', rows: 6, exact: true })).toEqual({
    id: right,
  })
  expect(await dana.searches.remember({ query: 'a b', parent: root, ...asked })).toEqual({ id: left })
  expect((await dana.searches.remember({ query: 'a', from: 'now-7d', ...asked })).id).not.toBe(root)
  await dana.searches.annotate({ id: left, note: 'the odd one' })
  const { rows } = await dana.searches.history({})
  expect(rows.map(({ query, parentId, runs, note, rows: n }) => [query, parentId, runs, note, n])).toEqual([
    ['a', null, 1, '', 5],
    ['a b', root, 2, 'the odd one', 5],
    ['a c', root, 2, '', 6],
    ['a', null, 1, '', 5],
  ])
  expect((await priya.searches.history({})).rows).toEqual([])
  await expect(priya.searches.annotate({ id: left, note: 'x' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(priya.searches.remember({ query: 'x', parent: root, ...asked })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
})

test('keeps a bounded history: the oldest without a note goes, and what came from it moves up', async () => {
  const own = await bed.tenant()
  const dana = await bed.callerOf(own, 'user', 'dana-bounded')
  const { id: noted } = await dana.searches.remember({ query: 'noted', rows: 0, exact: true })
  await dana.searches.annotate({ id: noted, note: 'keep' })
  const { id: oldest } = await dana.searches.remember({ query: 'oldest', parent: noted, rows: 0, exact: true })
  const { id: child } = await dana.searches.remember({ query: 'child', parent: oldest, rows: 0, exact: true })
  await bed.root.query(
    `insert into asked_queries (tenant_id, user_id, query, rows, rows_exact)
     select $1, id, 'q' || n, 0, true from users, generate_series(4, $2) n where username = 'dana-bounded'`,
    [own, mostAsked],
  )
  await dana.searches.remember({ query: 'one more', rows: 0, exact: true })
  const { rows } = await bed.root.query('select id::int, parent_id::int from asked_queries where tenant_id = $1', [own])
  expect(rows).toHaveLength(mostAsked)
  expect(rows.find(({ id }) => id === oldest)).toBeUndefined()
  expect(rows.find(({ id }) => id === child)).toEqual({ id: child, parent_id: noted })
})
