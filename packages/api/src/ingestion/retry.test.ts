import { Readable } from 'node:stream'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openIngest, receive, receiveBulk } from '../index.ts'
import { testBed, type TestBed } from '../testing.ts'

let bed: TestBed
let ingest: Awaited<ReturnType<typeof openIngest>>
let tenantId = 0
let credential = { tenantId: 0, tokenId: 0, serverId: 0 }
let user: Awaited<ReturnType<TestBed['callerOf']>>

beforeAll(async () => {
  bed = await testBed()
  ingest = await openIngest(bed.database)
})
afterAll(async () => {
  await ingest.close()
  await bed.close()
})
beforeEach(async () => {
  tenantId = await bed.tenant()
  const admin = await bed.callerOf(tenantId, 'admin')
  user = await bed.callerOf(tenantId, 'user', `omar-${tenantId}`)
  const { id: tokenId } = await admin.tokens.create({ name: 't', scope: 'ingest', server: 'v', orgId: 'root' })
  const server = await bed.one<{ id: number }>('select id from velociraptor_servers where tenant_id = $1', [tenantId])
  credential = { tenantId, tokenId, serverId: server.id }
})

const lines = ['{"n":0}', '\u0000{"n":1}', '{"n":2}', 'nothing']
const send = (rows = lines) => {
  const flow = { org_id: 'root', client_id: 'C.1', flow_id: 'F.1', artifact: 'A', start_row: 0, rows: rows.length }
  const body = Buffer.from(`${JSON.stringify({ kind: 'batch', version: 1, ...flow })}\n${rows.join('\n')}\n`)
  return receive(ingest, { credential, body: Readable.from([body]), limit: 1e6, origin: {} })
}
const open = async () => (await user.ingestion.rejected({})).rows.toSorted((a, b) => a.id - b.id)
/** As if an older parser had not been able to read what today's can. */
const couldRead = (id: number, text: string) =>
  bed.root.query('update rejected_parts set bytes = $3 where tenant_id = $1 and rejected_id = $2', [
    tenantId,
    id,
    Buffer.from(text),
  ])
const found = async () => {
  const { rows } = await user.rows.search({ query: '' })
  return rows.map((row) => JSON.stringify(row.data)).toSorted()
}

test('a row that today passes is stored under its own number, once, and the other keeps its new reason', async () => {
  await send()
  const [first, second] = await open()
  await couldRead(first!.id, '{"n":1}')
  const tried = await user.ingestion.retry({ ids: [first!.id, second!.id] })
  expect(tried).toMatchObject({ stored: 1, kept: 1 })
  expect(tried.rows[1]).toMatchObject({ id: second!.id, stored: false, reason: expect.any(String) })
  expect(await found()).toEqual(['{"n":0}', '{"n":1}', '{"n":2}'])
  expect(await open()).toMatchObject([{ id: second!.id, tries: 1, triedReason: tried.rows[1]!.reason }])
  expect((await user.ingestion.rejected({ resolved: true })).rows).toMatchObject([
    { id: first!.id, resolvedBy: `omar-${tenantId}`, resolvedAt: expect.any(Date) },
  ])
  const collection = (await user.collections.list({})).rows[0]!
  expect(collection).toMatchObject({ rowsStored: 3, rowsRejected: 1, rowsReceived: 4 })
  // Asked again, it stays one; and a repeat of the delivery finds its row and stores nothing.
  expect(await user.ingestion.retry({ ids: [first!.id] })).toMatchObject({ stored: 0, rows: [] })
  expect(await send(['{"n":0}', '{"n":1}', '{"n":2}', 'nothing'])).toMatchObject({ rejected: 1 })
  expect(await found()).toHaveLength(3)
  const { detail } = await bed.one<{ detail: { rows: string[] } }>(
    "select detail from audit_events where tenant_id = $1 and action = 'ingestion.retry' order by id limit 1",
    [tenantId],
  )
  expect(detail.rows).toEqual([String(first!.id), String(second!.id)])
})

test('two who try the same row at once store it once', async () => {
  await send()
  const [first] = await open()
  await couldRead(first!.id, '{"n":1}')
  const both = await Promise.all([1, 2].map(() => user.ingestion.retry({ ids: [first!.id] })))
  expect(both.reduce((sum, { stored }) => sum + stored, 0)).toBe(1)
  expect(await found()).toHaveLength(3)
})

test('a number that another row has by now stays a conflict', async () => {
  await send()
  const [first] = await open()
  await send(['{"n":0}', '{"n":"other"}', '{"n":2}', 'nothing'])
  const conflict = (await open()).find(({ reason }) => reason.startsWith('conflict'))!
  expect(await user.ingestion.retry({ ids: [conflict.id] })).toMatchObject({
    stored: 0,
    rows: [{ reason: expect.stringMatching(/^conflict/) }],
  })
  await couldRead(first!.id, '{"n":1}')
  await user.ingestion.retry({ ids: [first!.id] })
  expect((await user.ingestion.retry({ ids: [conflict.id] })).stored).toBe(0)
  expect(await found()).toEqual(['{"n":0}', '{"n":1}', '{"n":2}'])
})

test('a row of a sender without numbers goes where it says that it belongs', async () => {
  const body = Buffer.from('{"index":{"_index":"a"}}\n{"broken\n')
  const origin = {}
  await receiveBulk(ingest, { credential, body: Readable.from([body]), limit: 1e6, origin })
  const [aside] = await open()
  expect((await user.ingestion.retry({ ids: [aside!.id] })).rows).toMatchObject([{ stored: false, reason: 'not JSON' }])
  await couldRead(aside!.id, '{"n":7,"ClientId":"C.9","FlowId":"F.9","Artifact":"B"}')
  expect(await user.ingestion.retry({ ids: [aside!.id] })).toMatchObject({ stored: 1 })
  expect((await user.collections.list({ flowId: 'F.9', clientId: 'C.9' })).rows).toMatchObject([{ rowsStored: 1 }])
  expect(await open()).toEqual([])
})

test("a viewer may not, and another tenant's row is not there", async () => {
  await send()
  const [first] = await open()
  const viewer = await bed.callerOf(tenantId, 'viewer')
  await expect(viewer.ingestion.retry({ ids: [first!.id] })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  const stranger = await bed.callerOf(await bed.tenant(), 'user')
  expect(await stranger.ingestion.retry({ ids: [first!.id] })).toMatchObject({ rows: [] })
  expect(await open()).toHaveLength(2)
})
