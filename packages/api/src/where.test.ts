import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { appRouter, openIngest, receive, type createCaller, fileForActor } from './index.ts'
import { fillTenant, rowOf, testBed, type TestBed } from './testing.ts'

type Caller = ReturnType<typeof createCaller>
/** The other tenant's rows as a caller might name them. */
interface Foreign {
  collectionId: number
  sourceId: number
  row: string
  rejectedId: number
}

/** Every procedure that reads, with what would reach another tenant's rows if nothing but the WHERE clause kept them apart. */
const reads: Record<
  string,
  ((caller: Caller, foreign: Foreign) => Promise<unknown>) | 'by id' | 'of the caller' | 'global'
> = {
  'artifacts.list': (c) => c.artifacts.list({}),
  'artifacts.get': 'by id',
  'audit.list': (c) => c.audit.list({}),
  'auth.firstRun': 'global',
  'auth.me': 'of the caller',
  'benign.list': (c) => c.benign.list({ show: 'all' }),
  'benign.get': 'by id',
  'benign.try': async (c) => [await c.benign.try({ query: 'shared-value' }), await c.benign.try({ query: 'm:*-mark' })],
  'cases.list': (c) => c.cases.list({}),
  'cases.get': 'by id',
  'cases.rows': 'by id',
  'collections.hunts': (c) => c.collections.hunts({}),
  'collections.list': (c) => c.collections.list({}),
  'collections.whole': (c) => c.collections.whole({ tenants: true }),
  'collections.get': 'by id',
  'exports.list': 'of the caller',
  'exports.get': 'by id',
  'compare.sources': (c, { collectionId: id }) =>
    c.compare.sources({ left: { kind: 'collection', id }, right: { kind: 'hunt', id: 'H.1' } }),
  'compare.rows': async (c, { collectionId: id, sourceId }) => [
    await c.compare.rows({ left: { kind: 'collection', id }, right: { kind: 'hunt', id: 'H.1' }, sourceId }),
  ],
  'compare.values': async (c, { collectionId: id, sourceId }) => [
    await c.compare.values({ left: { kind: 'collection', id }, right: { kind: 'hunt', id: 'H.1' }, sourceId }),
  ],
  'health.errors': (c) => c.health.errors({}),
  'health.status': 'global',
  'hosts.list': (c) => c.hosts.list({}),
  'hosts.get': 'by id',
  'ingestion.overview': (c) => c.ingestion.overview({}),
  'ingestion.deliveries': (c) => c.ingestion.deliveries({}),
  'ingestion.imports': (c) => c.ingestion.imports({}),
  'ingestion.import': 'by id',
  'ingestion.keys': (c) => c.ingestion.keys({}),
  'ingestion.previewCsv': (c) =>
    c.ingestion.previewCsv({
      start: Buffer.from('shared,header\n').toString('base64'),
      whole: true,
      hostname: 'h',
      source: 's',
    }),
  'ingestion.files': (c, { collectionId }) => c.ingestion.files({ collectionId }),
  'ingestion.rejected': (c) => c.ingestion.rejected({}),
  'ingestion.rejectedPart': (c, { rejectedId }) => c.ingestion.rejectedPart({ id: rejectedId, part: 0 }),
  'notifications.list': 'of the caller',
  'notifications.unread': 'of the caller',
  'preferences.get': 'of the caller',
  'retention.get': (c) => c.retention.get({}),
  'retention.preview': (c) => c.retention.preview({ days: 1 }),
  'rows.search': async (c, { collectionId }) => [
    await c.rows.search({ query: '' }),
    await c.rows.search({ query: 'shared-value' }),
    await c.rows.search({ query: 'host:shared-host' }),
    await c.rows.search({ query: 'source:Shared/Source' }),
    await c.rows.search({ query: `collection:${collectionId}` }),
    await c.rows.search({ query: 'shared-value host:shared-host source:Shared/Source' }),
    await c.rows.search({ query: 'shared-value', hideBenign: true }),
    await c.rows.search({ query: 'benign:*' }),
  ],
  'rows.stack': async (c) => [
    await c.rows.stack({ query: '', fields: ['m'] }),
    await c.rows.stack({ query: '', fields: ['m'], first: true, tenants: true }),
    await c.rows.stack({ query: 'v:*shared*', fields: ['host', 'source', 'tenant', 'm'] }),
    await c.rows.search({ query: '| groupby m' }),
  ],
  'rows.histogram': async (c, { collectionId }) => [
    await c.rows.histogram({ query: '', from: '2000-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z', buckets: 1 }),
    await c.rows.histogram({ query: `shared-value collection:${collectionId}` }),
    await c.rows.search({ query: 'm:*-mark | timechart m' }),
  ],
  'rows.explain': async (c, { collectionId }) => [
    await c.rows.explain({ query: 'shared-value m:"mine-mark"' }),
    await c.rows.explain({ query: `collection:${collectionId}` }),
  ],
  'rows.complete': async (c) => [
    await c.rows.complete({ query: '', at: 0 }),
    await c.rows.complete({ query: 'm:', at: 2 }),
    await c.rows.complete({ query: 'host:', at: 5 }),
    await c.rows.complete({ query: 'source:S', at: 8 }),
  ],
  'values.seen': async (c) => [
    await c.values.seen({ value: 'shared-value' }),
    (await c.rows.search({ query: 'shared-value' })).rows.map((row) => row.data),
  ],
  'indicators.sweep': async (c) => [
    await c.indicators
      .sweep({ values: ['shared-value', 'mine-mark', 'theirs-mark'] })
      .then(({ hits }) => hits.map((hit) => ({ ...hit, value: hit.value.replace('theirs-mark', 'asked') }))),
    await c.indicators.sweep({ values: ['mine-mark'] }),
  ],
  'indicators.list': (c) => c.indicators.list({}),
  'indicators.get': 'by id',
  'indicators.values': async (c) => [await c.indicators.values({}), await c.indicators.values({ show: 'seen' })],
  'indicators.hits': (c) => c.indicators.hits({}),
  'indicators.hitsOf': (c, { row }) => c.indicators.hitsOf({ rows: [row] }),
  'indicators.recognise': 'global',
  'indicators.export': 'by id',
  'rows.list': (c, { collectionId, sourceId }) => c.rows.list({ collectionId, sourceId }),
  'rows.lines': (c, { collectionId, sourceId }) => c.rows.lines({ collectionId, sourceId }),
  'rows.provenance': (c, { row }) => c.rows.provenance({ id: row }),
  'rows.raw': (c, { row }) => c.rows.raw({ id: row }),
  'searches.list': (c) => c.searches.list({}),
  'searches.get': 'by id',
  'searches.pinned': 'of the caller',
  'searches.history': 'of the caller',
  'timeline.around': (c, { row }) => c.timeline.around({ row, span: 3600 }),
  'timeline.aroundMore': (c, { row }) =>
    c.timeline.aroundMore({ row, span: 366 * 86_400, untimed: true, cursor: '0_0_0_0_0_0', direction: 'after' }),
  'annotations.ofRow': (c, { row }) => c.annotations.ofRow({ row }),
  'annotations.list': 'by id',
  'processes.snapshots': 'by id',
  'processes.tree': 'by id',
  'timeline.host': 'by id',
  'timeline.lanes': 'by id',
  'senders.list': (c) => c.senders.list({}),
  'ingestion.testArrived': 'by id',
  'servers.list': (c) => c.servers.list({}),
  'triage.marksOf': (c, { row }) => c.triage.marksOf({ rows: [row] }),
  'triage.history': (c, { row }) => c.triage.history({ row }),
  'triage.comments': (c, { row }) => c.triage.comments({ row }),
  'triage.action': 'by id',
  'tenants.list': 'global',
  'tenants.get': 'global',
  'tokens.list': (c) => c.tokens.list({}),
  'users.list': (c) => c.users.list({}),
  'users.get': 'by id',
}

test('every procedure that reads stands in the table', () => {
  const procedures = Object.entries(appRouter._def.procedures as unknown as Record<string, { _def: { type: string } }>)
  const queries = procedures.filter(([, p]) => p._def.type === 'query').map(([path]) => path)
  expect(queries.filter((path) => !reads[path])).toEqual([])
})

describe.each([
  { walls: 'all walls', policies: true },
  { walls: 'the WHERE clauses alone', policies: false },
])('$walls', ({ policies }) => {
  let bed: TestBed
  let [own, other] = [0, 0]
  let [mine, theirs] = [{} as Foreign, {} as Foreign]

  beforeAll(async () => {
    bed = await testBed()
    ;[own, other] = [await bed.tenant(), await bed.tenant()]
    mine = await fill(own, 'mine')
    theirs = await fill(other, 'theirs')
    if (!policies) await dropPolicies()
  })
  afterAll(() => bed.close())

  async function dropPolicies() {
    const { rows } = await bed.root.query('select oid::regclass as name from pg_class where relrowsecurity')
    for (const { name } of rows) await bed.root.query(`alter table ${name} disable row level security`)
  }

  /** Both tenants hold the same host, source and value; only the mark differs. */
  async function fill(tenantId: number, mark: string): Promise<Foreign> {
    await fillTenant(bed, tenantId)
    await bed.root.query(`update hosts set fqdn = '${mark}-mark' where tenant_id = ${tenantId}`)
    await bed.root.query(`update cases set title = '${mark}-mark' where tenant_id = ${tenantId}`)
    await bed.root.query(`update saved_searches set name = '${mark}-mark' where tenant_id = ${tenantId}`)
    await bed.root.query(`update artifacts set description = '${mark}-mark' where tenant_id = ${tenantId}`)
    await bed.root.query(`update collections set creator = '${mark}-mark' where tenant_id = ${tenantId}`)
    await bed.root.query(
      `insert into errors (tenant_id, fingerprint, message, route) values (${tenantId}, 'f', '${mark}-mark', '/')`,
    )
    const admin = await bed.callerOf(tenantId, 'admin', `${mark}-mark`)
    const { id: tokenId } = await admin.tokens.create({
      name: `${mark}-mark`,
      scope: 'ingest',
      server: 's',
      orgId: mark,
    })
    const { id: serverId } = await bed.one<{ id: number }>(
      'select id from velociraptor_servers where tenant_id = $1 order by id desc limit 1',
      [tenantId],
    )
    const flow = {
      org_id: mark,
      client_id: 'shared-host',
      flow_id: 'F.1',
      artifact: 'Shared/Source',
      start_row: 0,
      rows: 2,
    }
    const body = `${JSON.stringify({ kind: 'batch', version: 1, ...flow })}\n{"v":"shared-value","m":"${mark}-mark"}\n${mark}-mark\n`
    const ingest = await openIngest(bed.database, bed.services)
    const credential = { tenantId, tokenId, serverId }
    await receive(ingest, { credential, body: Readable.from([Buffer.from(body)]), limit: 1e6, origin: {} })
    const old = { kind: 'batch', version: 1, ...flow, artifact: `${mark}-mark/Old`, rows: 1 }
    const oldBody = Readable.from([Buffer.from(`${JSON.stringify(old)}\n{"v":"old"}\n`)])
    await receive(ingest, { credential, body: oldBody, limit: 1e6, origin: {} })
    await ingest.close()
    await bed.root.query(
      `update collections set hunt_id = 'H.1', hunt_description = '${mark}-mark' where tenant_id = ${tenantId}`,
    )
    await bed.root.query(
      `update velociraptor_servers set gui_url = 'https://${mark}-mark' where tenant_id = ${tenantId}`,
    )
    await bed.root.query(`update tenants set retention_changed_by = '${mark}-mark' where id = ${tenantId}`)
    await agePastRetention(tenantId, `${mark}-mark/Old`)
    // More is expected than came, and counted as incomplete.
    await bed.root.query(`update collection_sources set rows_expected = 5 where tenant_id = ${tenantId}`)
    const found = await bed.one<{ collection: number; source: number; rejected: number }>(
      `select cs.collection_id as collection, cs.source_id as source, (select max(id) from rejected_rows where tenant_id = $1) as rejected
       from collection_sources cs where cs.tenant_id = $1 order by cs.source_id limit 1`,
      [tenantId],
    )
    const [collectionId, sourceId] = [found.collection, found.source]
    await bed.root.query(
      `insert into import_mappings (tenant_id, shape, header, mapping, changed_by)
       values (${tenantId}, sha256('["shared","header"]'), '{shared,header}', '{}', '${mark}-mark')`,
    )
    await bed.root.query(
      `update annotations a set text = '${mark}-mark', collection_id = ${collectionId}, source_id = ${sourceId}, row_number = 0, row_sha256 = 'x', host_id = c.host_id
       from collections c where c.tenant_id = a.tenant_id and c.id = ${collectionId} and a.tenant_id = ${tenantId}`,
    )
    await bed.root.query(
      `with l as (insert into indicator_lists (tenant_id, name) values (${tenantId}, '${mark}-mark') returning id),
         i as (insert into indicators (tenant_id, list_id, kind, value, key) select ${tenantId}, id, 'other', '${mark}-mark', 'x' from l returning id)
       insert into indicator_hits (tenant_id, owner_tenant_id, indicator_id, host_id, collection_id, source_id, row_number, event_micros)
       select ${tenantId}, ${tenantId}, i.id, c.host_id, c.id, ${sourceId}, 0, 0 from i, collections c where c.tenant_id = ${tenantId} and c.id = ${collectionId}`,
    )
    await bed.root.query(
      `with a as (insert into triage_actions (tenant_id, kind, mark, author) values (${tenantId}, 'mark', 'seen', '${mark}-mark') returning id),
         c as (insert into triage_changes (tenant_id, action_id, collection_id, source_id, row_number) select ${tenantId}, id, ${collectionId}, ${sourceId}, 0 from a),
         n as (insert into row_comments (tenant_id, collection_id, source_id, row_number, text, author) values (${tenantId}, ${collectionId}, ${sourceId}, 0, 't', '${mark}-mark'))
       insert into row_marks (tenant_id, collection_id, source_id, row_number, mark, action_id) select ${tenantId}, ${collectionId}, ${sourceId}, 0, 'seen', id from a`,
    )
    await bed.root.query(`update benign_rules set query = '${mark}-mark' where tenant_id = ${tenantId}`)
    await bed.root.query(`update import_keys set name = '${mark}-mark' where tenant_id = ${tenantId}`)
    await bed.root.query(`update imports set name = '${mark}-mark' where tenant_id = ${tenantId}`)
    await bed.root
      .query(`with f as (insert into files (tenant_id, sha256, bytes) values (${tenantId}, 'shared', 0) returning id)
      insert into collection_files (tenant_id, collection_id, name, file_id) select ${tenantId}, ${collectionId}, '${mark}-mark', id from f`)
    return { collectionId, sourceId, row: `${collectionId}.${sourceId}.0`, rejectedId: found.rejected }
  }

  /** Three days, into the month of that day. */
  async function agePastRetention(tenantId: number, source: string) {
    const aged = "(block_month(now() - interval '3 days')::bigint << 40) + block_id % (1::bigint << 40)"
    const those = `tenant_id = ${tenantId} and source_id = (select id from sources where tenant_id = ${tenantId} and name = '${source}')`
    for (const table of ['runs', 'block_columns', 'blocks'])
      await bed.root.query(`update ${table} set block_id = ${aged} where ${those}`)
    await bed.root.query(`update blocks set received_at = now() - interval '3 days' where ${those}`)
  }

  const plain = (value: unknown) => {
    const text = JSON.stringify(value)
    // Bytes stand in base64 in some answers.
    return (
      text + [...text.matchAll(/"([A-Za-z0-9+/]{8,}=*)"/g)].map((m) => Buffer.from(m[1]!, 'base64').toString()).join()
    )
  }
  const answered = Object.entries(reads).filter((entry) => typeof entry[1] === 'function')

  test.each(answered)("%s shows the tenant's own rows and no other's", async (_path, read) => {
    if (typeof read !== 'function') throw new Error('not a call')
    const admin = await bed.callerOf(own, 'admin')
    expect(plain(await read(admin, mine))).toContain('mine-mark')
    const seen = await read(admin, theirs).then(plain, (error: { code: string }) => error.code)
    expect(seen).not.toContain('theirs-mark')
  })

  test('what another tenant adds changes no answer, not even a count', async () => {
    const admin = await bed.callerOf(own, 'admin')
    const answers = async () => {
      const all: Record<string, unknown> = {}
      for (const [path, read] of answered) all[path] = await (read as (c: Caller, f: Foreign) => unknown)(admin, mine)
      return JSON.parse(JSON.stringify(all).replaceAll(/"tookMs":\d+/g, '"tookMs":0')) as unknown
    }
    const before = await answers()
    await fill(await bed.tenant(), 'third')
    expect(await answers()).toEqual(before)
  })

  test('a file is served to its own tenant only', async () => {
    const sha = crypto.randomUUID().replaceAll('-', '').repeat(2)
    await bed.root.query(
      `with f as (insert into files (tenant_id, sha256, bytes) values ($1, decode($2, 'hex'), 1) returning id),
         c as (insert into file_chunks (tenant_id, file_id, n, bytes) select $1, id, 0, 'x' from f)
       insert into collection_files (tenant_id, collection_id, name, file_id) select $1, $3, 'theirs-mark', id from f`,
      [other, sha, theirs.collectionId],
    )
    const asked = (tenantId: number) => {
      const actor = { userId: 1, username: 'ada', tenantId, role: 'admin' as const }
      return fileForActor({ database: bed.database, services: bed.services, actor, origin: {} }, sha)
    }
    const file = await asked(other)
    const parts: Uint8Array[] = []
    for await (const part of file.stream()) parts.push(part)
    expect(Buffer.concat(parts).toString()).toBe('x')
    await expect(asked(own)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  test.each(Object.entries(rowOf))(
    "%s does not find another tenant's row",
    async (path, { table, input, as = 'id', prepare }) => {
      await fillTenant(bed, other)
      if (prepare) await bed.root.query(`${prepare} where tenant_id = ${other}`)
      const last = `select id from ${table} where tenant_id = $1 order by id desc limit 1`
      const { id } = await bed.one<{ id: number }>(last, [other])
      const row = () => bed.one(`select * from ${table} where tenant_id = $1 and id = $2`, [other, id])
      const before = await row()
      const admin = (await bed.callerOf(own, 'admin')) as unknown as Record<
        string,
        Record<string, (i: unknown) => Promise<unknown>>
      >
      const [feature, name] = path.split('.')
      await expect(admin[feature!]![name!]!({ [as]: id, ...input })).rejects.toMatchObject({ code: 'NOT_FOUND' })
      expect(await row()).toEqual(before)
    },
  )
})
