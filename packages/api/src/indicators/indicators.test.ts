import { afterAll, beforeAll, expect, test } from 'vitest'
import { testBed, type TestBed } from '../testing.ts'

let bed: TestBed
beforeAll(async () => {
  bed = await testBed()
})
afterAll(() => bed.close())

const ip = (value: string) => ({ kind: 'ip' as const, value })

test('a list is kept, changed, hidden and brought back, and each is audited', async () => {
  const tenant = await bed.tenant()
  const caller = await bed.callerOf(tenant, 'user')
  const made = await caller.indicators.create({ name: 'Clinic', tags: ['apt'], indicators: [ip('203.0.113.77')] })
  expect(made).toMatchObject({ name: 'Clinic', tlp: 'amber', tags: ['apt'], indicators: 1, own: true, inForce: true })
  const changed = await caller.indicators.update({ id: made.id, version: made.version, tlp: 'red', active: false })
  expect(changed).toMatchObject({ tlp: 'red', inForce: false })
  const stale = caller.indicators.update({ id: made.id, version: made.version, name: 'x' })
  await expect(stale).rejects.toMatchObject({ code: 'CONFLICT', reason: 'stale', detail: { theirs: { tlp: 'red' } } })
  await caller.indicators.delete({ id: made.id, version: changed.version })
  expect((await caller.indicators.list({})).rows).toEqual([])
  expect(await caller.indicators.restore({ id: made.id })).toMatchObject({ name: 'Clinic', indicators: 1 })
  const { rows } = await bed.root.query(
    "select action from audit_events where tenant_id = $1 and action like 'indicators.%' order by id",
    [tenant],
  )
  expect(rows.map(({ action }) => action)).toEqual(
    ['create', 'add', 'update', 'delete', 'restore'].map((name) => `indicators.${name}`),
  )
})

test('a value stands on a list once, however it is written, and can be taken off and put back', async () => {
  const caller = await bed.callerOf(await bed.tenant(), 'user')
  const { id } = await caller.indicators.create({ name: 'l', indicators: [{ kind: 'domain', value: 'Evil.Example' }] })
  const more = [{ kind: 'domain' as const, value: 'evil.example' }, ip('203.0.113.1')]
  expect(await caller.indicators.add({ id, indicators: more })).toEqual({ added: 1, known: 1 })
  const { rows, total } = await caller.indicators.values({ id })
  expect([total, rows.map(({ value }) => value)]).toEqual([2, ['203.0.113.1', 'Evil.Example']])
  expect(await caller.indicators.remove({ id, indicators: [rows[1]!.id] })).toEqual({ removed: 1 })
  expect(await caller.indicators.add({ id, indicators: more })).toEqual({ added: 1, known: 1 })
})

test.each([
  { kind: 'cidr', match: 'exact', value: '10.0.0.0/99', why: 'not a network' },
  { kind: 'other', match: 'regex', value: 'a(', why: 'not a regular expression' },
  { kind: 'other', match: 'regex', value: '(a{1000}){1000}', why: 'repeat 1000 times' },
  { kind: 'other', match: 'regex', value: 'a*', why: 'finds everything' },
  { kind: 'other', match: 'wildcard', value: '**', why: 'finds everything' },
  { kind: 'other', match: 'exact', value: 'a\0b', why: 'U+0000' },
  { kind: 'other', match: 'exact', value: '  ', why: 'finds nothing' },
] as const)('$value is refused, and nothing of what came with it is kept', async ({ why, ...bad }) => {
  const caller = await bed.callerOf(await bed.tenant(), 'user')
  const { id } = await caller.indicators.create({ name: 'l' })
  await expect(caller.indicators.add({ id, indicators: [ip('203.0.113.1'), bad] })).rejects.toThrow(why)
  expect((await caller.indicators.values({ id })).total).toBe(0)
})

test('a viewer reads lists and changes none', async () => {
  const tenant = await bed.tenant()
  const { id, version } = await (await bed.callerOf(tenant, 'user')).indicators.create({ name: 'l' })
  const viewer = await bed.callerOf(tenant, 'viewer')
  expect((await viewer.indicators.list({})).rows).toHaveLength(1)
  await expect(viewer.indicators.create({ name: 'x' })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(viewer.indicators.update({ id, version, name: 'x' })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(viewer.indicators.add({ id, indicators: [ip('203.0.113.1')] })).rejects.toMatchObject({
    code: 'FORBIDDEN',
  })
})

test.each(['all walls', 'the WHERE clauses alone'])(
  '%s: a shared list is seen where it is shared, and changed only at home',
  async (walls) => {
    const [home, guest, stranger] = [await bed.tenant(), await bed.tenant(), await bed.tenant()]
    const tables = ['indicator_lists', 'indicators']
    if (walls !== 'all walls')
      for (const t of tables) await bed.root.query(`alter table ${t} disable row level security`)
    const boss = await bed.callerOf(home, 'super_admin')
    const { id, version } = await boss.indicators.create({
      name: 'shared',
      sharedWith: [guest],
      indicators: [ip('203.0.113.77')],
    })
    const admin = await bed.callerOf(guest, 'admin')
    expect((await admin.indicators.list({})).rows).toMatchObject([
      { name: 'shared', own: false, sharedWith: [], indicators: 1 },
    ])
    expect((await admin.indicators.values({ id })).rows).toMatchObject([{ value: '203.0.113.77' }])
    const { id: valueId } = (await admin.indicators.values({ id })).rows[0]!
    for (const change of [
      () => admin.indicators.update({ id, version, name: 'x' }),
      () => admin.indicators.delete({ id, version }),
      () => admin.indicators.add({ id, indicators: [ip('203.0.113.1')] }),
      () => admin.indicators.remove({ id, indicators: [valueId] }),
    ])
      await expect(change()).rejects.toMatchObject({ code: 'FORBIDDEN' })
    const other = await bed.callerOf(stranger, 'admin')
    expect((await other.indicators.list({})).rows).toEqual([])
    expect((await other.indicators.values({ id })).rows).toEqual([])
    await expect(other.indicators.get({ id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    const homeAdmin = await bed.callerOf(home, 'admin')
    await expect(homeAdmin.indicators.create({ name: 'x', sharedWith: [guest] })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    })
    for (const t of tables) await bed.root.query(`alter table ${t} enable row level security`)
  },
)
