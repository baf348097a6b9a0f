import { testDatabase } from '@velocicompanion/db/testing'
import pg from 'pg'
import { createCaller } from './index.ts'
import type { Role } from './permissions.ts'
import { searchPool } from './rows/engine/pool.ts'
import type { Services } from './services.ts'

export const testServices: Services = {
  secretKey: new Uint8Array(32).fill(7),
  accessTokenMinutes: 30,
  registration: 'first',
  publicUrl: 'http://127.0.0.1:8000',
  version: '0.0.0',
  setupCode: undefined,
  now: () => new Date(),
  warnings: () => [],
  count: () => {},
  searches: searchPool(),
}

/** A fresh database, tenants in it, and callers of each role: what a test of a feature starts from. */
export async function testBed({ searchThreads = 1 } = {}) {
  const database = await testDatabase()
  // Of its own: what workers keep is named by blocks, and another database has the same numbers.
  const services: Services = { ...testServices, searches: searchPool({ size: searchThreads }) }
  const root = new pg.Client(database.superUrl)
  await root.connect()
  const one = async <T>(text: string, values: unknown[]) => (await root.query(text, values)).rows[0] as T

  const callerOf = async (tenantId: number, role: Role, username = `${role}-${tenantId}-${crypto.randomUUID()}`) => {
    const { id } = await one<{ id: number }>(
      'insert into users (tenant_id, username, role) values ($1, $2, $3) returning id',
      [tenantId, username, role],
    )
    const actor = { userId: id, username, tenantId, role }
    return createCaller({ database, services, actor, origin: {} })
  }
  const tenant = async () =>
    (await one<{ id: number }>('insert into tenants (name) values ($1) returning id', [crypto.randomUUID()])).id
  const close = async () => {
    await root.end()
    await services.searches.close()
    await database.close()
  }
  return { database, services, root, one, tenant, callerOf, close }
}

export type TestBed = Awaited<ReturnType<typeof testBed>>

/** A collection on a host, a source in it and a delivery to it: where rows can be stored. */
export async function placeOn(
  bed: Pick<TestBed, 'one' | 'root'>,
  tenantId: number,
  hostId: number,
  source: string,
  huntId: string | null = null,
) {
  const id = async (text: string, values: unknown[]) => (await bed.one<{ id: number }>(text, values)).id
  const collectionId = await id(
    'insert into collections (tenant_id, host_id, flow_id, hunt_id) values ($1, $2, $3, $4) returning id',
    [tenantId, hostId, crypto.randomUUID(), huntId],
  )
  const sourceId = await id(
    'insert into sources (tenant_id, name) values ($1, $2) on conflict (tenant_id, name, kind) do update set name = excluded.name returning id',
    [tenantId, source],
  )
  await bed.root.query('insert into collection_sources (tenant_id, collection_id, source_id) values ($1, $2, $3)', [
    tenantId,
    collectionId,
    sourceId,
  ])
  const deliveryId = await id(
    "insert into deliveries (tenant_id, kind, sha256) values ($1, 'batch', 'x') returning id",
    [tenantId],
  )
  return { tenantId, hostId, collectionId, sourceId, deliveryId }
}

/** An id of another tenant's row for each procedure that takes one; a new procedure must be entered here. */
export const rowOf: Record<string, { table: string; input?: object; as?: string; prepare?: string }> = {
  'artifacts.get': { table: 'artifacts' },
  'artifacts.create': { table: 'cases', as: 'caseId', input: { artifactType: 'ip', value: '192.0.2.9' } },
  'artifacts.update': { table: 'artifacts', input: { version: 1, description: 'x' } },
  'artifacts.delete': { table: 'artifacts' },
  'benign.get': { table: 'benign_rules' },
  'benign.update': { table: 'benign_rules', input: { version: 1, reason: 'x' } },
  'benign.end': { table: 'benign_rules', input: { version: 1 } },
  'benign.restore': { table: 'benign_rules', prepare: 'update benign_rules set ended_at = now()' },
  'cases.get': { table: 'cases' },
  'cases.update': { table: 'cases', input: { version: 1, title: 'x' } },
  'cases.delete': { table: 'cases', input: { version: 1 } },
  'cases.restore': { table: 'cases', prepare: 'update cases set deleted_at = now()' },
  'cases.rows': { table: 'cases' },
  'cases.addRows': { table: 'cases', input: { rows: ['1.1.1'] } },
  'cases.removeRows': { table: 'cases', input: { rows: ['1.1.1'] } },
  'collections.get': { table: 'collections' },
  'exports.get': { table: 'exports' },
  'exports.cancel': { table: 'exports' },
  'exports.remove': { table: 'exports', prepare: "update exports set state = 'done'" },
  'hosts.get': { table: 'hosts' },
  'indicators.get': { table: 'indicator_lists' },
  'indicators.update': { table: 'indicator_lists', input: { version: 1, name: 'x' } },
  'indicators.delete': { table: 'indicator_lists', input: { version: 1 } },
  'indicators.restore': { table: 'indicator_lists', prepare: 'update indicator_lists set deleted_at = now()' },
  'indicators.add': { table: 'indicator_lists', input: { indicators: [{ kind: 'ip', value: '192.0.2.9' }] } },
  'indicators.import': { table: 'indicator_lists', input: { format: 'text', text: '192.0.2.9' } },
  'indicators.export': { table: 'indicator_lists', input: { format: 'text' } },
  'indicators.promote': { table: 'indicator_lists', as: 'listId', input: { artifacts: [1] } },
  'indicators.remove': { table: 'indicator_lists', input: { indicators: [1] } },
  'ingestion.import': { table: 'imports' },
  'ingestion.cancelImport': { table: 'imports' },
  'ingestion.testRow': { table: 'api_tokens', input: { kind: 'feed' } },
  'ingestion.testArrived': { table: 'api_tokens', input: { kind: 'feed', since: '2026-11-24T10:00:00.000Z' } },
  'searches.get': { table: 'saved_searches' },
  'searches.update': { table: 'saved_searches', input: { version: 1, name: 'x' } },
  'searches.delete': { table: 'saved_searches', input: { version: 1 } },
  'searches.restore': { table: 'saved_searches', prepare: 'update saved_searches set deleted_at = now()' },
  'searches.pin': { table: 'saved_searches', input: { pinned: true } },
  'searches.annotate': { table: 'asked_queries', input: { note: 'x' } },
  'searches.remember': { table: 'asked_queries', as: 'parent', input: { query: 'x', rows: 1, exact: true } },
  'senders.watch': { table: 'api_tokens', input: { kind: 'feed', silentAfter: 5 } },
  'servers.update': { table: 'velociraptor_servers', input: { guiUrl: 'https://velo.example.com' } },
  'ingestion.retryImport': { table: 'imports' },
  'ingestion.removeKey': { table: 'import_keys' },
  'notifications.read': { table: 'notifications' },
  'processes.snapshots': { table: 'hosts', as: 'hostId' },
  'processes.tree': { table: 'hosts', as: 'hostId' },
  'timeline.host': { table: 'hosts', as: 'hostId' },
  'timeline.lanes': { table: 'hosts', as: 'hostId' },
  'annotations.list': { table: 'hosts', as: 'hostId' },
  'annotations.create': { table: 'hosts', as: 'hostId', input: { at: '2026-11-24T10:00:00Z', text: 'x' } },
  'annotations.update': { table: 'annotations', input: { version: 1, text: 'x' } },
  'annotations.delete': { table: 'annotations' },
  'annotations.restore': { table: 'annotations', prepare: 'update annotations set deleted_at = now()' },
  'timeline.setTimeField': { table: 'sources', as: 'sourceId', input: { field: null } },
  'triage.action': { table: 'triage_actions' },
  'triage.undo': { table: 'triage_actions' },
  'triage.cancel': { table: 'triage_actions' },
  'triage.removeComment': { table: 'row_comments' },
  'triage.restoreComment': { table: 'row_comments', prepare: 'update row_comments set deleted_at = now()' },
  'tokens.revoke': { table: 'api_tokens' },
  'users.get': { table: 'users' },
  'users.update': { table: 'users', input: { isActive: false } },
  'users.deactivate': { table: 'users' },
  'users.reset': { table: 'users' },
}

/** One row of each of those tables. */
export async function fillTenant(bed: TestBed, tenant: number) {
  await bed.root.query(`
insert into users (tenant_id, username, role) values (${tenant}, '${crypto.randomUUID()}', 'viewer');
insert into notifications (tenant_id, user_id, kind, words) select ${tenant}, max(id), 'export', 'w' from users where tenant_id = ${tenant};
insert into exports (tenant_id, user_id, of_tenant, query, format) select ${tenant}, max(id), ${tenant}, '', 'csv' from users where tenant_id = ${tenant};
insert into api_tokens (tenant_id, name, scope, token_hash, hint, created_by) select ${tenant}, 't', 'ingest', decode(replace('${crypto.randomUUID()}', '-', ''), 'hex'), 'vct_', max(id) from users where tenant_id = ${tenant};
insert into velociraptor_servers (tenant_id, name, org_id) values (${tenant}, '${crypto.randomUUID()}', 'root');
insert into senders (tenant_id, token_id, kind, first_at, last_at) select ${tenant}, max(id), 'feed', now(), now() from api_tokens where tenant_id = ${tenant};
insert into hosts (tenant_id, hostname) values (${tenant}, '${crypto.randomUUID()}');
insert into collections (tenant_id, host_id, flow_id) select ${tenant}, max(id), 'F.1' from hosts where tenant_id = ${tenant};
insert into annotations (tenant_id, host_id, at_micros, text, author) select ${tenant}, max(id), 1, 'a', 'ada' from hosts where tenant_id = ${tenant};
insert into sources (tenant_id, name) values (${tenant}, '${crypto.randomUUID()}');
insert into imports (tenant_id, name, sha256, bytes) values (${tenant}, 'x.zip', 'x', 1);
insert into import_keys (tenant_id, name, certificate, fingerprint, sealed, created_by) values (${tenant}, 'k', 'c', sha256('${crypto.randomUUID()}'), 's', 'ada');
insert into cases (tenant_id, title) values (${tenant}, 'c');
insert into indicator_lists (tenant_id, name) values (${tenant}, 'l');
insert into triage_actions (tenant_id, kind, mark, author) values (${tenant}, 'mark', 'seen', 'ada');
insert into benign_rules (tenant_id, query, reason, author) values (${tenant}, 'v:x', 'r', 'ada');
insert into row_comments (tenant_id, collection_id, source_id, row_number, text, author) values (${tenant}, 1, 1, 0, 'c', 'ada');
insert into saved_searches (tenant_id, shared, name, query) values (${tenant}, true, 's', '');
insert into asked_queries (tenant_id, user_id, query, rows, rows_exact) select ${tenant}, max(id), '', 0, true from users where tenant_id = ${tenant};
insert into artifacts (tenant_id, case_id, artifact_type, value) select ${tenant}, max(id), 'ip', '192.0.2.1' from cases where tenant_id = ${tenant}`)
}
