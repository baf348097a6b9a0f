import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openIngest } from '../../ingestion/open.ts'
import { storeGroup } from '../../ingestion/store.ts'
import { placeOn, testBed, type TestBed } from '../../testing.ts'

let bed: TestBed
let ingest: Awaited<ReturnType<typeof openIngest>>
beforeAll(async () => {
  bed = await testBed()
  ingest = await openIngest(bed.database)
})
afterAll(async () => {
  await ingest.close()
  await bed.close()
})

async function filled() {
  const tenantId = await bed.tenant()
  const { id: hostId } = await bed.one<{ id: number }>(
    "insert into hosts (tenant_id, hostname, client_id) values ($1, 'ws-1', 'C.1') returning id",
    [tenantId],
  )
  const at = await placeOn(bed, tenantId, hostId, 'Custom.Test', 'H.1')
  const bytes = Buffer.from('{"a":1}\n{"a":2}\n')
  await storeGroup(ingest, at, { bytes, lines: 2, firstLine: 0 }, 7)
  return { tenantId, at, bytes, row: (n: number) => `${at.collectionId}.${at.sourceId}.${n}` }
}

test('says which delivery brought a row, and by which bytes a repeat of it is known', async () => {
  const { tenantId, at, bytes, row } = await filled()
  const api = await bed.callerOf(tenantId, 'viewer')
  const found = await api.rows.provenance({ id: row(8) })
  expect(found).toMatchObject({
    host: 'ws-1',
    clientId: 'C.1',
    huntId: 'H.1',
    source: 'Custom.Test',
    row: 8,
    deliveryId: at.deliveryId,
    kind: 'batch',
    deliverySha256: Buffer.from('x').toString('hex'),
    runSha256: createHash('sha256').update(bytes).digest('hex'),
    runFirstRow: 7,
    runRows: 2,
    token: null,
    server: null,
  })
  expect(found.blockId).toMatch(/^\d{10,}$/)
})

test('knows no row that is not stored, nor one of another tenant', async () => {
  const { tenantId, row } = await filled()
  const api = await bed.callerOf(tenantId, 'viewer')
  for (const id of [row(6), row(9), 'x'])
    await expect(api.rows.provenance({ id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  const stranger = await bed.callerOf(await bed.tenant(), 'admin')
  await expect(stranger.rows.provenance({ id: row(7) })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  const boss = await bed.callerOf(await bed.tenant(), 'super_admin')
  expect(await boss.rows.provenance({ id: row(7), tenant: 'all' })).toMatchObject({ tenantId })
})

test('a case keeps what is said about its rows', async () => {
  const { tenantId, row } = await filled()
  const api = await bed.callerOf(tenantId, 'user')
  const { id } = await api.cases.create({ title: 'Loader' })
  await api.cases.addRows({ id, rows: [row(7)], note: ' first sight ' })
  await api.cases.addRows({ id, rows: [row(7), row(8)], note: 'later' })
  const { rows, total } = await api.cases.rows({ id })
  expect(total).toBe(2)
  expect(new Map(rows.map((one) => [one.id, one.note]))).toEqual(
    new Map([
      [row(7), 'first sight'],
      [row(8), 'later'],
    ]),
  )
  const viewer = await bed.callerOf(tenantId, 'viewer')
  await expect(viewer.cases.addRows({ id, rows: [row(7)] })).rejects.toMatchObject({ code: 'FORBIDDEN' })
})
