import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { appRouter, openIngest, receive, type createCaller } from './index.ts'
import { fillTenant, rowOf, testBed, type TestBed } from './testing.ts'

type Caller = ReturnType<typeof createCaller>
/** A tenant's things as a caller might name them. */
interface Named {
  hostId: number
  caseId: number
  listId: number
  indicatorId: number
  rejectedId: number
  row: string
  commentId: number
}
type Write = (caller: Caller, named: Named, own: Named) => Promise<unknown>

/** Of the caller's own account, or of tenants themselves: the rights decide. */
const apart = /^(auth|preferences|tenants)\.|^notifications\.readAll$/
/** They make something new of words alone, and name nothing that is stored. */
const namesNothing = [
  'benign.create',
  'cases.create',
  'exports.create',
  'indicators.create',
  'ingestion.addKey',
  'ingestion.makeKey',
  'retention.set',
  'searches.create',
  'tokens.create',
  'triage.markFound',
  'triage.tagFound',
  'users.create',
]
/** What names more than the one row of the table `rowOf`, or several rows at once. */
const writes: Record<string, Write> = {
  'annotations.create of a row': (c, { row }, own) =>
    c.annotations.create({ hostId: own.hostId, at: '2026-11-24T10:00:00Z', text: 'x', row }),
  'annotations.create of a case': (c, { caseId }, own) =>
    c.annotations.create({ hostId: own.hostId, at: '2026-11-24T10:00:00Z', text: 'x', caseId }),
  'annotations.update of a case': async (c, { caseId }, own) => {
    const [at] = (await c.annotations.list({ hostId: own.hostId })).rows
    return c.annotations.update({ id: at!.id, version: at!.version, text: 'x', caseId })
  },
  'cases.addRows': (c, { row }, own) => c.cases.addRows({ id: own.caseId, rows: [row] }),
  'cases.removeRows': async (c, { row }, own) => c.cases.removeRows({ id: own.caseId, rows: [row] }),
  'indicators.acknowledge': (c, { indicatorId }) => c.indicators.acknowledge({ indicators: [indicatorId] }),
  'indicators.acknowledge on a host': (c, { indicatorId, hostId }) =>
    c.indicators.acknowledge({ indicators: [indicatorId], hostId }),
  'indicators.toCase': (c, { indicatorId }) => c.indicators.toCase({ indicators: [indicatorId] }),
  "indicators.toCase of another's case": (c, { caseId }, own) =>
    c.indicators.toCase({ indicators: [own.indicatorId], caseId }),
  'indicators.remove': (c, { indicatorId }, own) => c.indicators.remove({ id: own.listId, indicators: [indicatorId] }),
  'ingestion.retry': (c, { rejectedId }) => c.ingestion.retry({ ids: [rejectedId] }),
  'triage.mark': (c, { row }) => c.triage.mark({ rows: [row], mark: 'malicious' }),
  'triage.mark among own rows': (c, { row }, own) => c.triage.mark({ rows: [own.row, row], mark: 'suspicious' }),
  'triage.tag': (c, { row }) => c.triage.tag({ rows: [row], tag: 'x' }),
  'triage.comment': (c, { row }) => c.triage.comment({ row, text: 'x' }),
  'triage.commentRows': (c, { row }) => c.triage.commentRows({ rows: [row], text: 'x' }),
  'triage.removeComments': (c, { commentId }) => c.triage.removeComments({ ids: [commentId] }),
}

const procedures = Object.entries(appRouter._def.procedures as unknown as Record<string, { _def: { type: string } }>)
const mutations = procedures.filter(([, p]) => p._def.type === 'mutation').map(([path]) => path)
const walked = new Set(Object.keys(writes).map((name) => name.split(' ')[0]!))

test('every procedure that writes is walked with foreign ids, or names nothing', () => {
  const known = (path: string) =>
    rowOf[path] !== undefined || walked.has(path) || namesNothing.includes(path) || apart.test(path)
  expect(mutations.filter((path) => !known(path))).toEqual([])
  expect([...walked, ...namesNothing].filter((path) => !mutations.includes(path))).toEqual([])
})

describe.each([
  { walls: 'all walls', policies: true },
  { walls: 'the WHERE clauses alone', policies: false },
])('$walls', ({ policies }) => {
  let bed: TestBed
  let [mine, theirs] = [{} as Named, {} as Named]
  let [own, other] = [0, 0]
  beforeAll(async () => {
    bed = await testBed()
    ;[own, other] = [await bed.tenant(), await bed.tenant()]
    ;[mine, theirs] = [await fill(own), await fill(other)]
    if (policies) return
    const { rows } = await bed.root.query('select oid::regclass as name from pg_class where relrowsecurity')
    for (const { name } of rows) await bed.root.query(`alter table ${name} disable row level security`)
  })
  afterAll(() => bed.close())

  /** A stored row with a hit, a line that was set aside, a case with the row on it. */
  async function fill(tenantId: number): Promise<Named> {
    await fillTenant(bed, tenantId)
    const admin = await bed.callerOf(tenantId, 'admin')
    const { id: tokenId } = await admin.tokens.create({ name: 't', scope: 'ingest', server: 's', orgId: 'root' })
    const idOf = async (from: string) =>
      (await bed.one<{ id: number }>(`select max(id) as id from ${from} where tenant_id = $1`, [tenantId])).id
    const credential = { tenantId, tokenId, serverId: await idOf('velociraptor_servers') }
    const flow = { org_id: 'root', client_id: 'C.1', flow_id: 'F.1', artifact: 'A/B', start_row: 0, rows: 2 }
    const body = `${JSON.stringify({ kind: 'batch', version: 1, ...flow })}\n{"v":"evil"}\nnot JSON\n`
    const ingest = await openIngest(bed.database, bed.services)
    await receive(ingest, { credential, body: Readable.from([Buffer.from(body)]), limit: 1e6, origin: {} })
    await ingest.close()
    const [row] = (await admin.rows.search({ query: 'evil' })).rows
    const hostId = await idOf('hosts')
    await bed.root.query(`update annotations set host_id = ${hostId} where tenant_id = ${tenantId}`)
    const listId = await idOf('indicator_lists')
    await admin.indicators.add({ id: listId, indicators: [{ kind: 'other', value: 'evil' }] })
    const indicatorId = await idOf('indicators')
    const [collectionId, sourceId] = row!.id.split('.')
    await bed.root.query(
      `insert into indicator_hits (tenant_id, owner_tenant_id, indicator_id, host_id, collection_id, source_id, row_number, event_micros)
       values (${tenantId}, ${tenantId}, ${indicatorId}, ${hostId}, ${collectionId}, ${sourceId}, 0, 0)`,
    )
    const caseId = await idOf('cases')
    await admin.cases.addRows({ id: caseId, rows: [row!.id] })
    const [rejectedId, commentId] = [await idOf('rejected_rows'), await idOf('row_comments')]
    return { hostId, caseId, listId, indicatorId, row: row!.id, rejectedId, commentId }
  }

  /** All that a tenant has, a hash for each table; refusals are audited, so the log is told apart. */
  async function all(tenantId: number) {
    const { rows } = await bed.root.query<{ name: string }>(
      `select c.oid::regclass::text as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
       where c.relkind in ('r', 'p') and not c.relispartition and c.relnamespace = 'public'::regnamespace`,
    )
    const hashes: Record<string, string> = {}
    for (const { name } of rows)
      hashes[name] = (
        await bed.one<{ hash: string }>(
          `select md5(string_agg(t::text, chr(10) order by t::text)) as hash from ${name} t where tenant_id = $1`,
          [tenantId],
        )
      ).hash
    const { audit_events: _, ...rest } = hashes
    return { ...rest, log: tenantId === other ? hashes.audit_events : undefined }
  }

  test.each(Object.entries(writes))("%s leaves another tenant's things and its own alone", async (_name, write) => {
    const admin = await bed.callerOf(own, 'admin')
    const before = [await all(own), await all(other)]
    await write(admin, theirs, mine).catch((error: { code?: string }) => expect(error.code).toBe('NOT_FOUND'))
    expect([await all(own), await all(other)]).toEqual(before)
  })

  test.each(Object.entries(writes))('%s works on what is its own', async (_name, write) => {
    const admin = await bed.callerOf(own, 'admin')
    await write(admin, mine, mine)
  })
})
