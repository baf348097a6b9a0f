import { randomUUID } from 'node:crypto'
import type { Database } from '@velocicompanion/db'
import { sql } from 'kysely'
import { record } from '../audit.ts'
import { AppError, notFound } from '../errors.ts'
import type { TenantScope } from '../scope.ts'
import type { SenderKind } from '../senders/rules.ts'

/** A host of its own, so that a test row is never taken for evidence. */
export const testClient = 'C.velocicompanion-test'
const testHost = 'velocicompanion-test'
const artifact = 'Custom.VelociCompanion.Test'

/** A request as the sender in question makes it, but for the token: that is for who has it to add. */
export interface TestRequest {
  method: 'POST' | 'PUT'
  path: string
  scheme: 'Bearer' | 'Basic' | 'ApiKey' | 'Splunk'
  headers: Record<string, string>
  body: string
  /** Arrivals from then on may be this one. */
  since: Date
}

/** Makes the request for one row of a test, and records who wanted it. */
export async function makeTest(
  scope: TenantScope,
  { id, kind }: { id: number; kind: SenderKind },
  now: Date,
): Promise<TestRequest> {
  const token = await tokenOf(scope, id)
  if (token.orgId === null && kind !== 'ingest' && kind !== 'import' && kind !== 'webdav')
    throw new AppError('BAD_REQUEST', 'This token names no Velociraptor server and org: make one that does')
  await record(scope, 'sender.test', { token: id, kind })
  return { ...requestOf(kind, token.orgId ?? 'root', now), since: now }
}

async function tokenOf(scope: TenantScope, id: number) {
  const token = await scope.db
    .selectFrom('apiTokens as t')
    .leftJoin('velociraptorServers as v', (join) =>
      join.onRef('v.tenantId', '=', 't.tenantId').onRef('v.id', '=', 't.serverId'),
    )
    .select(['t.id', 'v.orgId'])
    .where('t.tenantId', '=', scope.tenantId)
    .where('t.id', '=', id)
    .where('t.scope', '=', 'ingest')
    .where('t.revokedAt', 'is', null)
    .executeTakeFirst()
  if (!token) throw notFound('active token')
  return token
}

const lines = (...parts: object[]) => parts.map((part) => `${JSON.stringify(part)}\n`).join('')

function requestOf(kind: SenderKind, org: string, now: Date): Omit<TestRequest, 'since'> {
  const mark = randomUUID()
  const flowId = `F.TEST${mark.replaceAll('-', '').slice(0, 10).toUpperCase()}`
  const own = { Test: 'A test row of VelociCompanion, no evidence', Mark: mark, MadeAt: now.toISOString() }
  const uploaded = {
    ...own,
    Artifact: artifact,
    Hostname: testHost,
    timestamp: now.toISOString(),
    ClientId: testClient,
    FlowId: flowId,
  }
  const rows = { path: '/api/ingestion/rows', scheme: 'Bearer', method: 'POST' } as const
  const shell = { version: 1, org_id: org, client_id: testClient, artifact }
  const ndjson = { 'Content-Type': 'application/x-ndjson', 'X-Velociraptor-Org': org }
  switch (kind) {
    case 'feed': {
      const envelope = { kind: 'batch', ...shell, flow_id: flowId, hunt_id: '', start_row: 0, rows: 1 }
      return { ...rows, headers: ndjson, body: lines(envelope, own) }
    }
    case 'events': {
      // A number that no other test of the day has: a row of a day file is known by it.
      const place = { day: now.toISOString().slice(0, 10), start: now.getTime() % 86_400_000, rows: 1 }
      const row = { ...own, _ts: Math.floor(now.getTime() / 1000) }
      return { ...rows, headers: ndjson, body: lines({ kind: 'events', ...shell, ...place }, row) }
    }
    case 'elastic': {
      const action = { index: { _id: String(now.getTime()), _index: 'artifact_custom_velocicompanion_test' } }
      const path = '/api/ingestion/elastic/_bulk'
      return { method: 'POST', path, scheme: 'ApiKey', headers: json, body: lines(action, uploaded) }
    }
    case 'splunk': {
      const event = {
        time: now.getTime() / 1000,
        host: testClient,
        source: 'velociraptor',
        sourcetype: 'vql',
        index: 'velociraptor',
        event: uploaded,
      }
      const path = '/api/ingestion/splunk/services/collector'
      return { method: 'POST', path, scheme: 'Splunk', headers: json, body: `${JSON.stringify(event)}\r\n\r\n` }
    }
    case 'logscale': {
      const events = [{ timestamp: now.toISOString(), attributes: uploaded }]
      const path = '/api/ingestion/logscale/v1/ingest/humio-structured'
      const body = JSON.stringify([{ events, tags: { ClientId: testClient, ClientHostname: testHost } }])
      return { method: 'POST', path, scheme: 'Bearer', headers: { Accept: 'application/json' }, body }
    }
    case 'webdav': {
      const path = `/api/ingestion/webdav/${testHost}-${mark.slice(0, 8)}.json`
      return { method: 'PUT', path, scheme: 'Basic', headers: octets, body: lines(uploaded) }
    }
    case 'import': {
      const path = `/api/ingestion/import?name=${testHost}-${mark.slice(0, 8)}.json`
      return { method: 'POST', path, scheme: 'Bearer', headers: octets, body: lines(uploaded) }
    }
    case 'ingest': {
      const body = JSON.stringify({ hostname: testHost, client_id: testClient, artifact, data: [own] })
      return { method: 'POST', path: '/api/ingestion/ingest', scheme: 'Bearer', headers: json, body }
    }
  }
}

const json = { 'Content-Type': 'application/json' }
const octets = { 'Content-Type': 'application/octet-stream' }

/** What each kind's delivery is called. */
const kinds: Record<SenderKind, string> = {
  feed: 'batch',
  events: 'events',
  elastic: 'elastic',
  splunk: 'splunk',
  logscale: 'logscale',
  webdav: 'import',
  import: 'import',
  ingest: 'ingest',
}

interface Asked {
  id: number
  kind: SenderKind
  since: Date
}

/**
 * Whether the test row is here, or with which sentence it was refused. Neither while it is on its way. One that is here is left out of
 * answers and counts from then on: it stands in its collection only.
 */
export async function testArrived(scope: TenantScope, { roles }: Pick<Database, 'roles'>, asked: Asked) {
  await tokenOf(scope, asked.id)
  const arrived = await scope.db
    .selectFrom('deliveries as d')
    .innerJoin('hosts as h', (join) => join.onRef('h.tenantId', '=', 'd.tenantId').onRef('h.id', '=', 'd.hostId'))
    .select(['d.id', 'd.receivedAt', 'd.collectionId', 'd.hostId', 'd.rowsStored'])
    .where('d.tenantId', '=', scope.tenantId)
    .where('d.receivedAt', '>=', asked.since)
    .where('d.kind', '=', kinds[asked.kind])
    .where('d.completedAt', 'is not', null)
    .where('h.clientId', '=', testClient)
    // A file is read by a process of ours, which has no token.
    .$if(kinds[asked.kind] !== 'import', (q) => q.where('d.tokenId', '=', asked.id))
    .orderBy('d.receivedAt')
    .limit(1)
    .executeTakeFirst()
  if (arrived) await leaveOutTests(scope, roles)
  return { arrived: arrived ?? null, refused: arrived ? null : ((await refusalOf(scope, asked)) ?? null) }
}

/** All of the host of tests, so that also one goes whose sender did not wait to see it. */
async function leaveOutTests(scope: TenantScope, roles: Database['roles']) {
  const { db, tenantId } = scope
  const { rows: collections } = await sql<{ id: number }>`
select c.id from collections c join hosts h on h.tenant_id = c.tenant_id and h.id = c.host_id
where c.tenant_id = ${tenantId} and h.client_id = ${testClient}`.execute(db)
  const ids = collections.map(({ id }) => id)
  // The locks that those who store rows take too, in one order.
  await sql`select from collection_sources where tenant_id = ${tenantId} and collection_id = any (${ids}::bigint[])
order by collection_id, source_id for update`.execute(db)
  // Runs and blocks are the evidence role's own.
  await sql.raw(`set local role ${roles.evidence}`).execute(db)
  const { rows: gone } = await sql<{ collectionId: number; sourceId: number; n: number }>`
with gone as (
  update runs set superseded = true where tenant_id = ${tenantId} and collection_id = any (${ids}::bigint[]) and not superseded
  returning collection_id, source_id, block_id, n
), marked as (
  update blocks b set superseded = b.superseded + o.n from (select block_id, sum(n)::int as n from gone group by block_id) o
  where b.tenant_id = ${tenantId} and b.block_id = o.block_id
)
select collection_id, source_id, sum(n)::bigint as n from gone group by 1, 2`.execute(db)
  await sql.raw(`set local role ${roles.app}`).execute(db)
  for (const { collectionId, sourceId, n } of gone)
    await db
      .updateTable('collectionSources')
      .set((eb) => ({ rowsSuperseded: eb('rowsSuperseded', '+', n) }))
      .where('tenantId', '=', tenantId)
      .where('collectionId', '=', collectionId)
      .where('sourceId', '=', sourceId)
      .execute()
}

const refusalOf = (scope: TenantScope, { id, kind, since }: Asked) =>
  scope.db
    .selectFrom('senders')
    .select(['refusedAt', 'refusedStatus', 'refusedReason'])
    .where('tenantId', '=', scope.tenantId)
    .where('tokenId', '=', id)
    .where('kind', '=', kind)
    .where('refusedAt', '>=', since)
    .executeTakeFirst()
