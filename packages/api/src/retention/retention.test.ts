import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyRetention, createCaller, openIngest, receive } from '../index.ts'
import type { Role } from '../permissions.ts'
import { testBed, testServices, type TestBed } from '../testing.ts'
import type { Counted } from '../services.ts'

let bed: TestBed
let ingest: Awaited<ReturnType<typeof openIngest>>
beforeAll(async () => {
  bed = await testBed()
  ingest = await openIngest(bed.database, bed.services)
})
afterAll(async () => {
  await ingest.close()
  await bed.close()
})

const dayMs = 86_400_000
const inDays = (days: number) => () => new Date(Date.now() + days * dayMs)
const never = new AbortController().signal

/** Runs the job as it would run in so many days. */
const runIn = (days: number, { signal = never, count = (_: Counted) => {} } = {}) =>
  applyRetention({ database: bed.database, services: { now: inDays(days), count }, signal })

async function tenantWithSender() {
  const tenantId = await bed.tenant()
  const admin = await bed.callerOf(tenantId, 'admin')
  const { id: tokenId } = await admin.tokens.create({ name: 't', scope: 'ingest', server: 's', orgId: 'root' })
  const { id: serverId } = await bed.one<{ id: number }>('select id from velociraptor_servers where tenant_id = $1', [
    tenantId,
  ])
  const credential = { tenantId, tokenId, serverId }
  const send = (flow: string, artifact: string, lines: string[], startRow = 0) => {
    const head = { kind: 'batch', version: 1, org_id: 'root', client_id: 'C.1', flow_id: flow, artifact }
    const envelope = JSON.stringify({ ...head, start_row: startRow, rows: lines.length })
    const body = Readable.from([Buffer.from([envelope, ...lines, ''].join('\n'))])
    return receive(ingest, { credential, body, limit: 1e7, origin: {} })
  }
  const list = (flows: { flow_id: string; total_collected_rows: number }[]) => {
    const lines = flows.map((flow) =>
      JSON.stringify({ client_id: 'C.1', state: 'FINISHED', create_time: 1.7e9, active_time: 1.7e9, ...flow }),
    )
    const envelope = JSON.stringify({ kind: 'reconcile', version: 1, org_id: 'root', flows: flows.length })
    const body = Readable.from([Buffer.from([envelope, ...lines, ''].join('\n'))])
    return receive(ingest, { credential, body, limit: 1e7, origin: {} })
  }
  return { tenantId, admin, send, list }
}

const rowsOf = (n: number, mark = 'v') => Array.from({ length: n }, (_, i) => `{"${mark}":${i}}`)

/** A caller at another time. */
async function callerIn(tenantId: number, days: number, role: Role = 'admin') {
  const username = crypto.randomUUID()
  const { id: userId } = await bed.one<{ id: number }>(
    'insert into users (tenant_id, username, role) values ($1, $2, $3) returning id',
    [tenantId, username, role],
  )
  const services = { ...testServices, now: inDays(days) }
  return createCaller({ database: bed.database, services, actor: { userId, username, tenantId, role }, origin: {} })
}

/** Everything of a tenant that retention may touch, as text. */
async function everything(tenantId: number) {
  const tables = ['blocks', 'block_columns', 'runs', 'deliveries', 'rejected_rows', 'rejected_parts']
  const more = ['collections', 'collection_sources', 'collection_files', 'files', 'file_chunks']
  const found: Record<string, string[]> = {}
  for (const table of [...tables, ...more]) {
    const { rows } = await bed.root.query(`select t::text as row from ${table} t where tenant_id = $1 order by 1`, [
      tenantId,
    ])
    found[table] = rows.map((row) => row.row)
  }
  return found
}

const countsOf = async (tenantId: number) =>
  Object.fromEntries(Object.entries(await everything(tenantId)).map(([table, rows]) => [table, rows.length]))

const fileOf = async (tenantId: number, collectionId: number, chunks = 1) => {
  const bytes = randomBytes(32)
  const { id } = await bed.one<{ id: number }>(
    'insert into files (tenant_id, sha256, bytes) values ($1, $2, 32) returning id',
    [tenantId, createHash('sha256').update(bytes).digest()],
  )
  await bed.root.query(
    'insert into file_chunks (tenant_id, file_id, n, bytes) select $1, $2, n, $3 from generate_series(0, $4 - 1) n',
    [tenantId, id, bytes, chunks],
  )
  await bed.root.query(
    'insert into collection_files (tenant_id, collection_id, name, file_id) values ($1, $2, $3, $4)',
    [tenantId, collectionId, crypto.randomUUID(), id],
  )
  return id
}

const collectionOf = async (tenantId: number, flow: string) =>
  (await bed.one<{ id: number }>('select id from collections where tenant_id = $1 and flow_id = $2', [tenantId, flow]))
    .id

test('removes what the preview says, nothing of another tenant, and records both', async () => {
  const [mine, other] = [await tenantWithSender(), await tenantWithSender()]
  for (const { tenantId, send } of [mine, other]) {
    await send('F.1', 'A/One', [...rowsOf(3), 'not JSON'])
    await send('F.1', 'A/Two', rowsOf(2))
    await send('F.2', 'A/One', rowsOf(5))
    await fileOf(tenantId, await collectionOf(tenantId, 'F.1'), 130)
  }
  const before = await everything(other.tenantId)
  const later = await callerIn(mine.tenantId, 40)
  const preview = await later.retention.preview({ days: 30 })
  expect(preview).toMatchObject({
    rows: 10,
    blocks: 3,
    deliveries: 3,
    rejected: 1,
    files: 1,
    fileBytes: 32,
    rowsHeld: 0,
  })
  expect(preview.sources.map(({ source, rows }) => ({ source, rows }))).toEqual([
    { source: 'A/One', rows: 8 },
    { source: 'A/Two', rows: 2 },
  ])
  expect(await mine.admin.retention.preview({ days: 30 })).toMatchObject({ rows: 0, deliveries: 0, files: 0 })
  await later.retention.set({ days: 30, was: null })
  const counted: Counted[] = []
  await runIn(40, { count: (event) => void counted.push(event) })
  const { sources: _sources, rowsHeld: _held, ...removed } = preview
  expect((await mine.admin.retention.get({})).runs).toMatchObject([{ days: 30, ...removed }])
  expect(counted.reduce((sum, event) => sum + (event.kind === 'removed' ? event.rows : 0), 0)).toBe(10)
  const left = await countsOf(mine.tenantId)
  expect(left).toMatchObject({
    blocks: 0,
    block_columns: 0,
    runs: 0,
    deliveries: 0,
    rejected_rows: 0,
    rejected_parts: 0,
  })
  expect(left).toMatchObject({ files: 0, file_chunks: 0, collection_files: 0, collections: 2 })
  expect(await everything(other.tenantId)).toEqual(before)
  const { rows: events } = await bed.root.query(
    "select actor, action, detail from audit_events where tenant_id = $1 and action like 'retention.%' order by id",
    [mine.tenantId],
  )
  expect(events).toMatchObject([
    { action: 'retention.change', detail: { from: null, to: 30, rows: 10, sources: 2, files: 1 } },
    { actor: 'retention', action: 'retention.remove', detail: { days: 30, ...removed } },
  ])
})

test('keeps what is younger, and everything of a tenant that keeps for ever', async () => {
  const [young, forEver] = [await tenantWithSender(), await tenantWithSender()]
  for (const { send } of [young, forEver]) await send('F.1', 'A/One', rowsOf(3))
  await young.admin.retention.set({ days: 30, was: null })
  const before = [await everything(young.tenantId), await everything(forEver.tenantId)]
  await runIn(29)
  expect([await everything(young.tenantId), await everything(forEver.tenantId)]).toEqual(before)
})

test('leaves a row that a case holds with its block, its delivery and its files, until the case lets it go', async () => {
  const { tenantId, admin, send } = await tenantWithSender()
  await send('F.1', 'A/One', rowsOf(4))
  await send('F.1', 'A/One', rowsOf(4, 'w'), 4)
  await send('F.2', 'A/One', rowsOf(4))
  const collectionId = await collectionOf(tenantId, 'F.1')
  const kept = await fileOf(tenantId, collectionId)
  await fileOf(tenantId, await collectionOf(tenantId, 'F.2'))
  const { id: caseId } = await admin.cases.create({ title: 'held' })
  const { id: sourceId } = await bed.one<{ id: number }>('select id from sources where tenant_id = $1', [tenantId])
  const row = `${collectionId}.${sourceId}.5`
  expect(await admin.cases.addRows({ id: caseId, rows: [row, row] })).toEqual({ added: 1 })
  const later = await callerIn(tenantId, 40)
  expect(await later.retention.preview({ days: 30 })).toMatchObject({ rows: 8, rowsHeld: 4, deliveries: 2, files: 1 })
  await later.retention.set({ days: 30, was: null })
  await runIn(40)
  expect(await admin.rows.raw({ id: row })).toBe('{"w":1}')
  expect(await countsOf(tenantId)).toMatchObject({ blocks: 1, runs: 1, deliveries: 1, files: 1, collection_files: 1 })
  expect(await bed.one('select id from files where tenant_id = $1', [tenantId])).toEqual({ id: kept })
  expect(await admin.cases.rows({ id: caseId })).toMatchObject({ rows: [{ id: row, source: 'A/One' }], total: 1 })
  const gone = `${collectionId}.${sourceId}.1`
  await expect(admin.cases.addRows({ id: caseId, rows: [gone] })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(await admin.cases.removeRows({ id: caseId, rows: [row] })).toEqual({ removed: 1 })
  await runIn(42)
  expect(await countsOf(tenantId)).toMatchObject({ blocks: 0, runs: 0, deliveries: 0, files: 0 })
})

test('a row that a case takes while it is about to be removed stays', async () => {
  const { tenantId, admin, send } = await tenantWithSender()
  await send('F.1', 'A/One', rowsOf(2))
  await admin.retention.set({ days: 30, was: null })
  const { id: caseId } = await admin.cases.create({ title: 'held' })
  const { id: sourceId } = await bed.one<{ id: number }>('select id from sources where tenant_id = $1', [tenantId])
  const collectionId = await collectionOf(tenantId, 'F.1')
  // As adding a row does: the lock of the source first, then the row; the job has looked for cases by then.
  await bed.root.query('begin')
  await bed.root.query('select from collection_sources where tenant_id = $1 for share', [tenantId])
  const running = runIn(40)
  const waits =
    "select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
  while ((await bed.one<{ n: number }>(waits, [])).n === 0) await new Promise(setImmediate)
  await bed.root.query(
    'insert into case_rows (tenant_id, case_id, collection_id, source_id, row_number) values ($1, $2, $3, $4, 1)',
    [tenantId, caseId, collectionId, sourceId],
  )
  await bed.root.query('commit')
  await running
  expect(await admin.rows.raw({ id: `${collectionId}.${sourceId}.1` })).toBe('{"v":1}')
  expect(await countsOf(tenantId)).toMatchObject({ blocks: 1, runs: 1, deliveries: 1 })
})

test('a case that can no longer be restored holds nothing', async () => {
  const { tenantId, admin, send } = await tenantWithSender()
  await send('F.1', 'A/One', rowsOf(1))
  const { id, version } = await admin.cases.create({ title: 'held' })
  const { id: sourceId } = await bed.one<{ id: number }>('select id from sources where tenant_id = $1', [tenantId])
  await admin.cases.addRows({ id, rows: [`${await collectionOf(tenantId, 'F.1')}.${sourceId}.0`] })
  await admin.cases.delete({ id, version })
  const later = await callerIn(tenantId, 40)
  expect(await later.retention.preview({ days: 30 })).toMatchObject({ rows: 0, rowsHeld: 1 })
  await bed.root.query("update cases set deleted_at = now() - interval '31 days' where id = $1", [id])
  expect(await later.retention.preview({ days: 30 })).toMatchObject({ rows: 1, rowsHeld: 0 })
})

test('removed rows are not missing and not asked for; sent again, they are stored again', async () => {
  const { tenantId, admin, send, list } = await tenantWithSender()
  await send('F.1', 'A/One', [...rowsOf(3), 'not JSON'])
  await bed.root.query('update collection_sources set rows_expected = 4 where tenant_id = $1', [tenantId])
  await admin.retention.set({ days: 30, was: null })
  await runIn(40)
  const flows = [{ flow_id: 'F.1', total_collected_rows: 4 }]
  expect(await list(flows)).not.toHaveProperty('resend')
  const id = await collectionOf(tenantId, 'F.1')
  const whole = { incomplete: false, rowsReceived: 4, rowsExpected: 4 }
  expect(await admin.collections.get({ id })).toMatchObject({
    ...whole,
    rowsStored: 0,
    rowsRejected: 0,
    rowsRemoved: 4,
    sources: [{ missing: [], rowsRemoved: 4, rowsReceived: 4 }],
  })
  expect((await admin.ingestion.overview({})).incomplete).toEqual({ rows: [], total: 0 })
  expect((await admin.collections.list({ incomplete: true })).total).toBe(0)
  // In other pieces than the first time.
  await send('F.1', 'A/One', rowsOf(2))
  expect(await admin.collections.get({ id })).toMatchObject({ ...whole, rowsStored: 2, rowsRemoved: 2 })
  await send('F.1', 'A/One', [...rowsOf(3), 'not JSON'])
  expect(await admin.collections.get({ id })).toMatchObject({
    ...whole,
    rowsStored: 3,
    rowsRejected: 1,
    rowsRemoved: 0,
  })
  await send('F.1', 'A/One', [...rowsOf(3), 'not JSON'])
  expect(await admin.collections.get({ id })).toMatchObject({ rowsStored: 3, rowsRejected: 1 })
})

test.each([1, 2, 3, 4, 5])('a run that is cut after its transaction %i goes on where it was', async (transactions) => {
  const { tenantId, admin, send } = await tenantWithSender()
  for (let flow = 0; flow < 55; flow++) await send(`F.${flow}`, 'A/One', flow === 3 ? ['x', '{"a":1}'] : rowsOf(2))
  await fileOf(tenantId, await collectionOf(tenantId, 'F.1'), 70)
  await admin.retention.set({ days: 30, was: null })
  const preview = await (await callerIn(tenantId, 40)).retention.preview({ days: 30 })
  const cut = new AbortController()
  let done = 0
  const count = () => {
    if (++done === transactions) cut.abort()
  }
  await runIn(40, { signal: cut.signal, count })
  expect((await admin.retention.get({})).runs[0]!.endedAt).toBeNull()
  await runIn(40)
  const { sources: _sources, rowsHeld: _held, ...removed } = preview
  expect((await admin.retention.get({})).runs).toMatchObject([{ ...removed, endedAt: expect.any(Date) }])
  expect(await countsOf(tenantId)).toMatchObject({ blocks: 0, runs: 0, deliveries: 0, rejected_rows: 0, files: 0 })
})

test('a transaction that dies undoes what it began', async () => {
  const { tenantId, admin, send } = await tenantWithSender()
  await send('F.1', 'A/One', rowsOf(3))
  await admin.retention.set({ days: 30, was: null })
  const before = await everything(tenantId)
  // The last statement of each transaction fails, as when the server is killed before the commit.
  await bed.root.query('alter table retention_runs add constraint broken check (rows = 0) not valid')
  await expect(runIn(40)).rejects.toThrow('broken')
  expect(await everything(tenantId)).toEqual(before)
  await bed.root.query('alter table retention_runs drop constraint broken')
  await runIn(40)
  expect(await countsOf(tenantId)).toMatchObject({ blocks: 0, runs: 0, deliveries: 0 })
  expect((await admin.retention.get({})).runs).toMatchObject([{ rows: 3 }])
})

test('a longer retention stops a run between two transactions', async () => {
  const { tenantId, admin, send } = await tenantWithSender()
  for (let flow = 0; flow < 55; flow++) await send(`F.${flow}`, 'A/One', rowsOf(1))
  await admin.retention.set({ days: 30, was: null })
  const cut = new AbortController()
  await runIn(40, { signal: cut.signal, count: () => cut.abort() })
  expect(await countsOf(tenantId)).toMatchObject({ blocks: 5 })
  await admin.retention.set({ days: null, was: 30 })
  await runIn(40)
  expect(await countsOf(tenantId)).toMatchObject({ blocks: 5 })
  expect((await admin.retention.get({})).runs).toMatchObject([{ rows: 50, endedAt: expect.any(Date) }])
})

test('two processes that run at once remove each row once', async () => {
  const { tenantId, admin, send } = await tenantWithSender()
  for (let flow = 0; flow < 20; flow++) await send(`F.${flow}`, 'A/One', rowsOf(2))
  await admin.retention.set({ days: 30, was: null })
  await Promise.all([runIn(40), runIn(40), runIn(40)])
  expect((await admin.retention.get({})).runs).toMatchObject([{ rows: 40, blocks: 20, deliveries: 20 }])
  expect(await countsOf(tenantId)).toMatchObject({ blocks: 0, runs: 0, deliveries: 0 })
})

test('refuses a change from what is no longer so', async () => {
  const { admin } = await tenantWithSender()
  await admin.retention.set({ days: 30, was: null })
  await expect(admin.retention.set({ days: 10, was: null })).rejects.toMatchObject({
    code: 'CONFLICT',
    reason: 'stale',
  })
  expect(await admin.retention.get({})).toMatchObject({ days: 30 })
  await expect(admin.retention.set({ days: 0, was: 30 })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
})
