import { afterAll, beforeAll, expect, test } from 'vitest'
import { testBed, type TestBed } from '../testing.ts'

let bed: TestBed
beforeAll(async () => {
  bed = await testBed()
})
afterAll(() => bed.close())

const idOf = async (text: string, values: unknown[]) => (await bed.one<{ id: number }>(text, values)).id

async function arrived(tenantId: number, received: string, expected: number | null) {
  const host = await idOf(`insert into hosts (tenant_id, hostname) values ($1, 'web-01') returning id`, [tenantId])
  const collection = await idOf(
    `insert into collections (tenant_id, host_id, flow_id) values ($1, $2, 'F.1') returning id`,
    [tenantId, host],
  )
  const source = await idOf(`insert into sources (tenant_id, name) values ($1, 'Linux.Sys.Pslist') returning id`, [
    tenantId,
  ])
  await bed.root.query(
    `insert into collection_sources (tenant_id, collection_id, source_id, received, rows_expected) values ($1, $2, $3, $4, $5)`,
    [tenantId, collection, source, received, expected],
  )
  const delivery = await idOf(
    `insert into deliveries (tenant_id, kind, sha256, host_id, collection_id, source_id, rows, rows_stored, rows_rejected)
     values ($1, 'batch', '\\x00', $2, $3, $4, 9, 8, 1) returning id`,
    [tenantId, host, collection, source],
  )
  return { host, collection, source, delivery }
}

const setAside = async (tenantId: number, delivery: number, bytes: Buffer[]) => {
  const length = bytes.reduce((sum, part) => sum + part.length, 0)
  const id = await idOf(
    `insert into rejected_rows (tenant_id, delivery_id, line_number, reason, byte_length)
     values ($1, $2, 3, 'Not JSON', $3) returning id`,
    [tenantId, delivery, length],
  )
  for (const [part, piece] of bytes.entries()) {
    await bed.root.query('insert into rejected_parts (tenant_id, rejected_id, part, bytes) values ($1, $2, $3, $4)', [
      tenantId,
      id,
      part,
      piece,
    ])
  }
  return id
}

test('shows the newest deliveries and the sources that lack rows', async () => {
  const tenant = await bed.tenant()
  const { collection, source, delivery } = await arrived(tenant, '{[0,4),[6,9)}', 12)
  const found = await (await bed.callerOf(tenant, 'viewer')).ingestion.overview({})
  expect(found.today).toMatchObject({ deliveries: 1, rowsStored: 8, rowsRejected: 1 })
  expect(found.deliveries).toMatchObject([{ id: delivery, hostname: 'web-01', source: 'Linux.Sys.Pslist', rows: 9 }])
  expect(found.incomplete).toMatchObject({
    total: 1,
    rows: [{ collectionId: collection, sourceId: source, rowsReceived: 7, rowsExpected: 12, hostname: 'web-01' }],
  })
})

test('takes as whole what has every announced row, none announced, or no announcement', async () => {
  const tenant = await bed.tenant()
  const viewer = await bed.callerOf(tenant, 'viewer')
  const { collection, source } = await arrived(tenant, '{[0,12)}', 12)
  for (const [received, expected] of [
    ['{[0,12)}', 12],
    ['{[0,14)}', 12],
    ['{}', 0],
    ['{[3,5)}', null],
  ] as const) {
    await bed.root.query(
      'update collection_sources set received = $4, rows_expected = $5 where tenant_id = $1 and collection_id = $2 and source_id = $3',
      [tenant, collection, source, received, expected],
    )
    expect((await viewer.ingestion.overview({})).incomplete).toEqual({ rows: [], total: 0 })
  }
})

test('lists senders that may still send, with what came today', async () => {
  const tenant = await bed.tenant()
  const admin = await bed.callerOf(tenant, 'admin')
  const sender = await admin.tokens.create({ name: 'velo-1 flows', scope: 'ingest', server: 'velo-1', orgId: 'O123' })
  const old = await admin.tokens.create({ name: 'old', scope: 'ingest' })
  await admin.tokens.revoke({ id: old.id })
  const { delivery } = await arrived(tenant, '{}', null)
  await bed.root.query('update deliveries set token_id = $2 where id = $1', [delivery, sender.id])
  expect((await admin.ingestion.overview({})).senders).toMatchObject([
    { id: sender.id, name: 'velo-1 flows', server: 'velo-1', orgId: 'O123', rowsToday: 8 },
  ])
})

test('keeps what was set aside with its reason, line and exact bytes', async () => {
  const tenant = await bed.tenant()
  const viewer = await bed.callerOf(tenant, 'viewer')
  const { delivery } = await arrived(tenant, '{}', null)
  const whole = Buffer.from([0xff, 0x00, 0x7b, 0x22, 0x0d])
  const id = await setAside(tenant, delivery, [whole.subarray(0, 3), whole.subarray(3)])
  const { rows, total, nextCursor } = await viewer.ingestion.rejected({ deliveryId: delivery })
  expect(rows).toMatchObject([{ id, deliveryId: delivery, lineNumber: 3, reason: 'Not JSON', byteLength: 5 }])
  expect([total, nextCursor]).toEqual([1, null])
  expect(Buffer.from(rows[0]!.start!, 'base64')).toEqual(whole.subarray(0, 3))
  const parts = [
    await viewer.ingestion.rejectedPart({ id, part: 0 }),
    await viewer.ingestion.rejectedPart({ id, part: 1 }),
  ]
  expect(parts.map((p) => p.parts)).toEqual([2, 2])
  expect(Buffer.concat(parts.map((p) => Buffer.from(p.bytes, 'base64')))).toEqual(whole)
})

test("does not show another tenant's deliveries or bytes", async () => {
  const [own, other] = [await bed.tenant(), await bed.tenant()]
  const { delivery } = await arrived(other, '{}', 5)
  const id = await setAside(other, delivery, [Buffer.from('x')])
  const viewer = await bed.callerOf(own, 'viewer')
  expect(await viewer.ingestion.overview({})).toMatchObject({ deliveries: [], incomplete: { total: 0 }, senders: [] })
  expect(await viewer.ingestion.rejected({})).toEqual({ rows: [], nextCursor: null, total: 0 })
  await expect(viewer.ingestion.rejectedPart({ id, part: 0 })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  const chief = await bed.callerOf(own, 'super_admin')
  expect((await chief.ingestion.rejected({ tenant: 'all', deliveryId: delivery })).rows).toMatchObject([
    { tenantId: other },
  ])
})

test('pages what was set aside by key', async () => {
  const tenant = await bed.tenant()
  const viewer = await bed.callerOf(tenant, 'viewer')
  const { delivery } = await arrived(tenant, '{}', null)
  const ids = []
  for (let i = 0; i < 5; i++) ids.push(await setAside(tenant, delivery, [Buffer.from('x')]))
  const first = await viewer.ingestion.rejected({ limit: 3 })
  const second = await viewer.ingestion.rejected({ limit: 3, cursor: first.nextCursor })
  expect([...first.rows, ...second.rows].map((row) => row.id)).toEqual(ids.toReversed())
  expect(second.nextCursor).toBeNull()
})

test('pages every delivery by key, and shows only those with problems, of one kind or of one sender', async () => {
  const tenant = await bed.tenant()
  const admin = await bed.callerOf(tenant, 'admin')
  const { id: token } = await admin.tokens.create({ name: 'velo', scope: 'ingest' })
  await bed.root.query(
    `insert into deliveries (tenant_id, kind, sha256, token_id, rows, rows_stored, rows_rejected, completed_at)
     select $1, case when n = 3 then 'elastic' else 'batch' end, '\\x00', case when n = 1 then $2::bigint end, 9, 9, (n = 2)::int, case when n <> 4 then now() end
     from generate_series(1, 5) n`,
    [tenant, token],
  )
  const all = (await admin.ingestion.deliveries({})).rows.map((row) => row.id)
  expect(all).toHaveLength(5)
  const first = await admin.ingestion.deliveries({ limit: 3 })
  const second = await admin.ingestion.deliveries({ limit: 3, cursor: first.nextCursor })
  expect([...first.rows, ...second.rows].map((row) => row.id)).toEqual(all)
  expect(second.nextCursor).toBeNull()
  const ids = async (filter: object) =>
    (await admin.ingestion.deliveries(filter)).rows.map((row) => row.id - all[4]! + 1)
  expect(await ids({ problems: true })).toEqual([4, 2])
  expect(await ids({ kind: 'elastic' })).toEqual([3])
  expect(await ids({ tokenId: token })).toEqual([1])
})
