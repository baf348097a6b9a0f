import { afterAll, beforeAll, expect, test } from 'vitest'
import { testBed, type TestBed } from '../testing.ts'

let bed: TestBed
let tenantId: number
beforeAll(async () => {
  bed = await testBed()
  tenantId = await bed.tenant()
})
afterAll(() => bed.close())

test('keeps a defanged value as it was given and says in how many other cases it stands', async () => {
  const api = await bed.callerOf(tenantId, 'user')
  const [a, b] = [await api.cases.create({ title: 'A' }), await api.cases.create({ title: 'B' })]
  const value = 'hxxp://evil[.]example.com '
  await api.artifacts.create({ caseId: a.id, artifactType: 'url', value })
  const made = await api.artifacts.create({ caseId: b.id, artifactType: 'url', value, description: 'from the mail' })
  expect(made).toMatchObject({ value, otherCases: 1, caseTitle: 'B' })
  expect((await api.artifacts.list({ caseId: a.id })).rows).toHaveLength(1)
})

test('refuses a value that the case holds already', async () => {
  const api = await bed.callerOf(tenantId, 'user')
  const { id: caseId } = await api.cases.create({ title: 'Once' })
  await api.artifacts.create({ caseId, artifactType: 'ip', value: '192.0.2.1' })
  const other = await api.artifacts.create({ caseId, artifactType: 'ip', value: '192.0.2.2' })
  const taken = { code: 'CONFLICT', reason: 'taken' }
  await expect(api.artifacts.create({ caseId, artifactType: 'ip', value: '192.0.2.1' })).rejects.toMatchObject(taken)
  await expect(api.artifacts.update({ id: other.id, value: '192.0.2.1' })).rejects.toMatchObject(taken)
})

test('refuses the second of two writers of one version', async () => {
  const api = await bed.callerOf(tenantId, 'user')
  const { id: caseId } = await api.cases.create({ title: 'Race' })
  const { id } = await api.artifacts.create({ caseId, artifactType: 'mutex', value: 'Global\\x' })
  await api.artifacts.update({ id, version: 1, description: 'first' })
  await expect(api.artifacts.update({ id, version: 1, description: 'second' })).rejects.toMatchObject({
    reason: 'stale',
  })
  await api.artifacts.delete({ id })
  await expect(api.artifacts.get({ id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test("refuses another tenant's case, and a viewer", async () => {
  const mine = await bed.callerOf(tenantId, 'user')
  const theirs = await bed.callerOf(await bed.tenant(), 'user')
  const viewer = await bed.callerOf(tenantId, 'viewer')
  const { id: caseId } = await mine.cases.create({ title: 'Ours' })
  const input = { caseId, artifactType: 'other' as const, value: 'x' }
  await expect(theirs.artifacts.create(input)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(viewer.artifacts.create(input)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  const { id } = await mine.artifacts.create(input)
  await expect(theirs.artifacts.update({ id, value: 'y' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(theirs.artifacts.delete({ id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test("cannot point to another tenant's case, even past the queries", async () => {
  const mine = await bed.callerOf(tenantId, 'user')
  const other = await bed.tenant()
  const { id } = await mine.cases.create({ title: 'Keyed' })
  const insert = bed.root.query(
    `insert into artifacts (tenant_id, case_id, artifact_type, value) values ($1, $2, 'other', 'x')`,
    [other, id],
  )
  await expect(insert).rejects.toMatchObject({ code: '23503' })
})
