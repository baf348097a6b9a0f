import { createCaller } from '@velocicompanion/api'
import { testBed, type TestBed } from '@velocicompanion/api/testing'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { buildApp } from '../app.ts'
import { openMetrics } from '../metrics.ts'
import { testDeps } from '../testing.ts'

let bed: TestBed
let app: FastifyInstance
let [tenantId, tokenId, token] = [0, 0, '']
let metrics = openMetrics()

beforeEach(async () => {
  bed = await testBed()
  metrics = openMetrics()
  app = await buildApp(testDeps(bed.database, { services: { count: metrics.count } }))
  tenantId = await bed.tenant()
  const made = await (await admin()).tokens.create({ name: 'velo', scope: 'ingest', server: 'velo', orgId: 'root' })
  ;[tokenId, token] = [made.id, made.token]
})
afterEach(() => bed.close())

const admin = async () => bed.callerOf(tenantId, 'admin')

const send = (url: string, payload: string, authorization = `Bearer ${token}`) =>
  app.inject({ method: 'POST', url: `/api/ingestion/${url}`, payload, headers: { authorization } })
const body = (envelope: object, ...lines: string[]) =>
  [JSON.stringify({ version: 1, org_id: 'root', client_id: 'C.1', ...envelope }), ...lines, ''].join('\n')
const flow = { flow_id: 'F.1', hunt_id: '' }
const batch = { kind: 'batch', ...flow, artifact: 'A', start_row: 0, rows: 2 }

/** What stands in the list when the app has written down what it knows. */
async function written() {
  await app.close()
  const user = await bed.one<{ id: number }>('select max(id) as id from users where tenant_id = $1', [tenantId])
  const actor = { userId: user.id, username: 'w', tenantId, role: 'viewer' as const }
  const { rows } = await createCaller({
    database: bed.database,
    services: bed.services,
    actor,
    origin: {},
  }).senders.list({})
  return Object.fromEntries(rows.map((row) => [String(row.kind), row] as const))
}

test('each kind of sender stands in the list with its rows, what was set aside, and how late it was', async () => {
  const old = (Date.now() - 60_000) * 1000
  expect((await send('rows', body({ kind: 'flow', ...flow, record: { active_time: old } }))).statusCode).toBe(200)
  expect((await send('rows', body(batch, '{"a":1}', 'not JSON'))).statusCode).toBe(200)
  const day = { kind: 'events', artifact: 'E', day: '2026-11-24', start: 0, rows: 1 }
  await send('rows', body(day, `{"a":1,"_ts":${Math.floor(Date.now() / 1000) - 30}}`))
  const sent = new Date(Date.now() - 5000).toISOString()
  const row = `{"a":1,"ClientId":"C.1","FlowId":"F.2","Artifact":"A","timestamp":"${sent}"}`
  await send('elastic/_bulk', `{"index":{"_index":"a"}}\n${row}\n`, `ApiKey ${token}`)
  await send('splunk/services/collector', `{"event":${row}}\r\n\r\n`, `Splunk ${token}`)
  await send('logscale/v1/ingest/humio-structured', `[{"events":[{"attributes":${row}}]}]`)
  await send('ingest', '{"hostname":"h","data":[{"a":1},{"a":2}]}')
  const { feed, ...others } = await written()
  expect(feed).toMatchObject({ requests: 2, rows: 2, rowsRejected: 1, refused: 0, state: 'learning', tokenId })
  expect(feed!.lagMs).toBeGreaterThanOrEqual(60_000)
  const rowsOf = Object.entries(others).map(([kind, { rows }]) => [kind, rows])
  expect(Object.fromEntries(rowsOf)).toEqual({ events: 1, elastic: 1, splunk: 1, logscale: 1, ingest: 2 })
  expect(others.events!.lagMs).toBeGreaterThanOrEqual(30_000)
  for (const kind of ['elastic', 'splunk', 'logscale']) expect(others[kind]!.lagMs).toBeGreaterThanOrEqual(5000)
})

test('what was refused says with which sentence, also by a body that a plugin refused', async () => {
  await send('rows', body({ ...batch, org_id: 'O9' }, '{"a":1}', '{"a":2}'))
  await send('splunk/services/collector', 'x', `Splunk ${token}`)
  await send('ingest', `"${'x'.repeat(2_000_000)}"`)
  const { feed, splunk, ingest } = await written()
  expect(feed).toMatchObject({ state: 'refused', refused: 1, rows: 0, refusedStatus: 403 })
  expect(feed!.refusedReason).toMatch(/another org/)
  expect(splunk).toMatchObject({ refusedStatus: 400, refusedReason: 'Invalid data format' })
  expect(ingest).toMatchObject({ refusedStatus: 413 })
})

test('a sender whose token was revoked is still seen trying, and a stranger is not', async () => {
  await send('rows', body(batch, '{"a":1}', '{"a":2}'))
  await (await admin()).tokens.revoke({ id: tokenId })
  expect((await send('rows', body(batch, '{"a":1}', '{"a":2}'))).statusCode).toBe(401)
  await send('rows', body(batch, '{"a":1}', '{"a":2}'), `Bearer vct_${'0'.repeat(43)}`)
  const senders = await written()
  expect(Object.keys(senders)).toEqual(['feed'])
  expect(senders.feed).toMatchObject({ state: 'refused', refusedReason: 'The token is revoked', requests: 2 })
})

test('counts by kind of sender and outcome', async () => {
  await send('rows', body(batch, '{"a":1}', '{"a":2}'))
  await send('splunk/services/collector', 'x', `Splunk ${token}`)
  await app.close()
  const text = await metrics.registry.metrics()
  expect(text).toContain('velocicompanion_sender_requests_total{sender="feed",outcome="taken"} 1')
  expect(text).toContain('velocicompanion_sender_requests_total{sender="splunk",outcome="refused"} 1')
})
