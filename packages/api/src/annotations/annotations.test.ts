import { afterAll, beforeAll, expect, test } from 'vitest'
import { placeOn } from '../testing.ts'
import { second, timelineBed } from '../timeline/pages/testing.ts'

let bed: Awaited<ReturnType<typeof timelineBed>>
beforeAll(async () => {
  bed = await timelineBed()
})
afterAll(() => bed.close())

test('an annotation stays with its row, also when that is delivered again under another name', async () => {
  const { tenantId, hostId, places, api } = await bed.hostWith(['Custom.Test'])
  const data = { v: 1, EventTime: second(3, '.1234567') }
  const [row] = await bed.store(places[0]!, [data])
  const viewer = await bed.callerOf(tenantId, 'viewer')
  const made = await api.annotations.create({ hostId, at: second(3, '.1234567'), text: 'first contact', row: row! })
  expect(made).toMatchObject({ row, at: second(3, '.123456700'), text: 'first contact', version: 1, caseId: null })
  await api.annotations.create({ hostId, at: second(9), text: 'phone call' })
  const { rows, total } = await viewer.annotations.list({ hostId, from: second(0), to: second(5) })
  expect({ total, texts: rows.map(({ text }) => text) }).toEqual({ total: 1, texts: ['first contact'] })

  const [again] = await bed
    .store(await placeOn(bed, tenantId, hostId, 'Custom.Test'), [{ x: 0 }, data])
    .then(([, b]) => [b])
  expect(again).not.toBe(row)
  expect((await viewer.annotations.ofRow({ row: again! })).map(({ id }) => id)).toEqual([made.id])
  await expect(viewer.annotations.create({ hostId, at: second(1), text: 'x' })).rejects.toMatchObject({
    code: 'FORBIDDEN',
  })
})

test('an annotation is its author’s or an administrator’s to change, and can be brought back', async () => {
  const { tenantId, hostId, api } = await bed.hostWith([])
  const other = await bed.callerOf(tenantId, 'user')
  const admin = await bed.callerOf(tenantId, 'admin')
  const one = await api.cases.create({ title: 'c' })
  const { id } = await api.annotations.create({ hostId, at: second(0), text: 'mine', caseId: one.id })
  await expect(other.annotations.update({ id, version: 1, text: 'theirs' })).rejects.toMatchObject({
    code: 'FORBIDDEN',
  })
  await expect(other.annotations.delete({ id })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  expect(await api.annotations.update({ id, version: 1, text: 'better' })).toMatchObject({
    version: 2,
    caseId: one.id,
  })
  await expect(api.annotations.update({ id, version: 1, text: 'late' })).rejects.toMatchObject({
    reason: 'stale',
  })
  expect(await admin.annotations.update({ id, version: 2, text: 'by admin', caseId: null })).toMatchObject({
    caseId: null,
  })
  await api.annotations.delete({ id })
  expect((await api.annotations.list({ hostId })).rows).toEqual([])
  expect(await api.annotations.restore({ id })).toMatchObject({ text: 'by admin' })
  const { rows } = await bed.root.query(
    "select action from audit_events where tenant_id = $1 and action like 'annotation.%' order by id",
    [tenantId],
  )
  expect(rows.map(({ action }) => action)).toEqual([
    'annotation.create',
    'annotation.update',
    'annotation.update',
    'annotation.delete',
    'annotation.restore',
  ])
})

test('another tenant’s row and host are not found', async () => {
  const { hostId, places } = await bed.hostWith(['Custom.Test'])
  const [row] = await bed.store(places[0]!, [{ EventTime: second(0) }])
  const tenantId = await bed.tenant()
  const stranger = await bed.callerOf(tenantId, 'admin')
  const own = await bed.hostOf(tenantId)
  const notFound = { code: 'NOT_FOUND' }
  await expect(stranger.annotations.ofRow({ row: row! })).rejects.toMatchObject(notFound)
  await expect(stranger.annotations.list({ hostId })).rejects.toMatchObject(notFound)
  await expect(stranger.annotations.create({ hostId, at: second(0), text: 'x' })).rejects.toMatchObject(notFound)
  await expect(stranger.annotations.create({ hostId: own, at: second(0), text: 'x', row: row! })).rejects.toMatchObject(
    notFound,
  )
})
