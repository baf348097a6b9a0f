import { afterAll, beforeAll, expect, test } from 'vitest'
import { testBed, type TestBed } from '../testing.ts'

let bed: TestBed
let tenantId: number
beforeAll(async () => {
  bed = await testBed()
  tenantId = await bed.tenant()
})
afterAll(() => bed.close())

test('keeps a case, changes it and lists the newest change first', async () => {
  const own = await bed.tenant()
  const api = await bed.callerOf(own, 'user', 'dana')
  const first = await api.cases.create({ title: 'First', description: 'seen on one host' })
  await api.cases.create({ title: 'Second', severity: 'high' })
  const changed = await api.cases.update({ id: first.id, version: first.version, status: 'investigating' })
  expect(changed).toMatchObject({ title: 'First', status: 'investigating', version: 2, updatedBy: 'dana' })
  const { rows, total } = await api.cases.list({})
  expect(rows.map((row) => row.title)).toEqual(['First', 'Second'])
  expect(total).toBe(2)
})

test('pages through all cases without losing or repeating one', async () => {
  const own = await bed.tenant()
  const api = await bed.callerOf(own, 'user')
  for (let i = 0; i < 7; i++) await api.cases.create({ title: `Case ${i}` })
  // The same time for all: only the id tells them apart.
  await bed.root.query('update cases set updated_at = now() where tenant_id = $1', [own])
  const seen: string[] = []
  let cursor: string | null = null
  do {
    const page: Awaited<ReturnType<typeof api.cases.list>> = await api.cases.list({ limit: 3, cursor })
    seen.push(...page.rows.map((row) => row.title))
    cursor = page.nextCursor
  } while (cursor)
  expect(seen).toHaveLength(7)
  expect(new Set(seen).size).toBe(7)
})

test('gives the second writer the saved text and loses none', async () => {
  const dana = await bed.callerOf(tenantId, 'user', 'dana-2')
  const priya = await bed.callerOf(tenantId, 'user', 'priya')
  const made = await dana.cases.create({ title: 'Shared', description: 'start' })
  const results = await Promise.allSettled([
    dana.cases.update({ id: made.id, version: 1, description: 'by dana' }),
    priya.cases.update({ id: made.id, version: 1, description: 'by priya' }),
  ])
  expect(results.map((r) => r.status).sort()).toEqual(['fulfilled', 'rejected'])
  const saved = await dana.cases.get({ id: made.id })
  const { reason } = results.find((r) => r.status === 'rejected')!
  expect(reason).toMatchObject({
    code: 'CONFLICT',
    reason: 'stale',
    detail: { theirs: { description: saved.description, version: 2 }, who: saved.updatedBy },
  })
})

test('hides a deleted case and restores it', async () => {
  const api = await bed.callerOf(tenantId, 'user')
  const made = await api.cases.create({ title: 'Gone for a while' })
  await expect(api.cases.delete({ id: made.id, version: 9 })).rejects.toMatchObject({ reason: 'stale' })
  await api.cases.delete({ id: made.id, version: 1 })
  await expect(api.cases.get({ id: made.id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(await api.cases.restore({ id: made.id })).toMatchObject({ title: 'Gone for a while' })
})

test('restores nothing that was deleted more than 30 days ago', async () => {
  const api = await bed.callerOf(tenantId, 'user')
  const made = await api.cases.create({ title: 'Too old' })
  await api.cases.delete({ id: made.id, version: 1 })
  await bed.root.query(`update cases set deleted_at = now() - interval '31 days' where id = $1`, [made.id])
  await expect(api.cases.restore({ id: made.id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('refuses a viewer who writes, and audits each write', async () => {
  const api = await bed.callerOf(tenantId, 'user')
  const viewer = await bed.callerOf(tenantId, 'viewer')
  const made = await api.cases.create({ title: 'Audited' })
  await expect(viewer.cases.create({ title: 'No' })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(viewer.cases.update({ id: made.id, version: 1, title: 'No' })).rejects.toMatchObject({
    code: 'FORBIDDEN',
  })
  const { rows } = await bed.root.query(
    `select detail from audit_events where action = 'case.create' and tenant_id = $1`,
    [tenantId],
  )
  expect(rows.map((row: { detail: { case: number } }) => row.detail.case)).toContain(made.id)
})

test("shows another tenant's case as one that does not exist", async () => {
  const mine = await bed.callerOf(tenantId, 'user')
  const theirs = await bed.callerOf(await bed.tenant(), 'user')
  const made = await mine.cases.create({ title: 'Ours' })
  await expect(theirs.cases.get({ id: made.id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(theirs.cases.update({ id: made.id, version: 1, title: 'x' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
  await expect(theirs.cases.delete({ id: made.id, version: 1 })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect((await theirs.cases.list({})).rows).toEqual([])
})
