import type { Database } from '@velocicompanion/db'
import { sql } from 'kysely'
import type { TenantScope } from '../../scope.ts'
import { forgetRows } from '../../triage/marks/queries.ts'
import { removableBlocks, removableDelivery, removableFile, removableLink } from '../queries.ts'

/** What one short transaction removed. */
export type Removed = Partial<Record<'rows' | 'blocks' | 'deliveries' | 'rejected' | 'files' | 'fileBytes', number>>

/** Removes a little of what is past retention; nothing when there is no more of its kind. */
export type Step = (scope: TenantScope, roles: Database['roles'], before: Date) => Promise<Removed | undefined>

const blocksAtOnce = 50
const deliveriesAtOnce = 200
const filesAtOnce = 200
const chunksAtOnce = 64

/** Evidence is deleted as its owner, whom no policy binds: each statement says the tenant. */
async function asEvidence<T>(scope: TenantScope, { app, evidence }: Database['roles'], work: () => Promise<T>) {
  await sql.raw(`set local role ${evidence}`).execute(scope.db)
  const result = await work()
  await sql.raw(`set local role ${app}`).execute(scope.db)
  return result
}

interface OfSource {
  collectionId: number
  sourceId: number
  /** Row numbers, as a multirange. */
  ranges: string
  stored: number
  rejected: number
  superseded: number
}

/** Moves row numbers from `received` to `removed`: they are not missing, and may come again. */
const countRemoved = (scope: TenantScope, sources: OfSource[]) =>
  sql`
update collection_sources cs set received = cs.received - g.ranges::int8multirange, removed = cs.removed + g.ranges::int8multirange,
  rows_stored = cs.rows_stored - g.stored, rows_rejected = greatest(0, cs.rows_rejected - g.rejected),
  rows_superseded = cs.rows_superseded - g.superseded
from jsonb_to_recordset(${JSON.stringify(sources)}::jsonb)
  as g("collectionId" bigint, "sourceId" int, ranges text, stored bigint, rejected bigint, superseded bigint)
where cs.tenant_id = ${scope.tenantId} and cs.collection_id = g."collectionId" and cs.source_id = g."sourceId"`.execute(
    scope.db,
  )

/** The locks that senders and cases take too, in one order. */
const lockSources = (scope: TenantScope, keys: ReturnType<typeof sql>) =>
  sql`
select from collection_sources where tenant_id = ${scope.tenantId} and (collection_id, source_id) in (${keys})
order by collection_id, source_id for update`.execute(scope.db)

export const removeBlocks: Step = async (scope, roles, before) => {
  const { tenantId, db } = scope
  const removable = removableBlocks(scope, before)
  const { rows: found } = await sql<{ blockId: number }>`
${removable} order by b.block_id limit ${blocksAtOnce}`.execute(db)
  if (found.length === 0) return undefined
  const ids = found.map((b) => b.blockId)
  await lockSources(
    scope,
    sql`select r.collection_id, r.source_id from runs r where r.tenant_id = ${tenantId} and r.block_id = any (${ids}::bigint[])`,
  )
  // A case may have taken hold of a row before the locks were ours.
  const { rows: blocks } = await sql<{ blockId: number; sourceId: number; n: number }>`
${removable} and b.block_id = any (${ids}::bigint[])`.execute(db)
  const fields = await fieldsOf(scope, [...new Set(blocks.map((b) => b.sourceId))])
  const gone = await asEvidence(scope, roles, () => deleteBlocks(scope, blocks, fields))
  await countRemoved(
    scope,
    gone.map((g) => ({ ...g, rejected: 0 })),
  )
  await forgetRows(scope, gone)
  await forgetRecords(scope, [...new Set(gone.map((g) => g.collectionId))])
  return { rows: blocks.reduce((sum, b) => sum + b.n, 0), blocks: blocks.length }
}

async function fieldsOf(scope: TenantScope, sources: number[]) {
  const rows = await scope.db
    .selectFrom('fields')
    .select(['sourceId', 'id'])
    .where('tenantId', '=', scope.tenantId)
    .where(sql<boolean>`source_id = any (${sources}::int[])`)
    .execute()
  return Map.groupBy(rows, (row) => row.sourceId)
}

type Fields = Awaited<ReturnType<typeof fieldsOf>>

async function deleteBlocks(
  { db, tenantId }: TenantScope,
  blocks: { blockId: number; sourceId: number }[],
  fields: Fields,
) {
  // The key leads by source and field: with all three named, each chunk is one look-up.
  for (const [source, ofSource] of Map.groupBy(blocks, (b) => b.sourceId)) {
    const fieldIds = [0, ...(fields.get(source) ?? []).map((f) => f.id)]
    await sql`delete from block_columns where tenant_id = ${tenantId} and source_id = ${source}
and field_id = any (${fieldIds}::int[]) and block_id = any (${ofSource.map((b) => b.blockId)}::bigint[])`.execute(db)
  }
  const ids = blocks.map((b) => b.blockId)
  await sql`delete from blocks where tenant_id = ${tenantId} and block_id = any (${ids}::bigint[])`.execute(db)
  const { rows } = await sql<Omit<OfSource, 'rejected'>>`
with gone as (delete from runs where tenant_id = ${tenantId} and block_id = any (${ids}::bigint[])
  returning collection_id, source_id, first_row, n, superseded)
select collection_id, source_id, range_agg(int8range(first_row, first_row + n))::text as ranges, sum(n)::bigint as stored,
  coalesce(sum(n) filter (where superseded), 0)::bigint as superseded
from gone group by 1, 2`.execute(db)
  return rows
}

/** A collection stays when its rows are gone, so that nobody misses them; what the flow was asked for does not. */
const forgetRecords = (scope: TenantScope, collections: number[]) =>
  sql`
update collections c set flow_record = null where c.tenant_id = ${scope.tenantId} and c.id = any (${collections}::bigint[])
  and not exists (select from runs r where r.tenant_id = c.tenant_id and r.collection_id = c.id)`.execute(scope.db)

/** Deliveries of which no row is stored any longer, and what was set aside of them. */
export const removeDeliveries: Step = async (scope, roles, before) => {
  const { tenantId, db } = scope
  const removable = removableDelivery(scope, before)
  const { rows: found } = await sql<{ id: number }>`
select d.id from deliveries d where ${removable} order by d.received_at, d.id limit ${deliveriesAtOnce}`.execute(db)
  if (found.length === 0) return undefined
  const ids = found.map((d) => d.id)
  const aside = sql`rr.tenant_id = ${tenantId} and rr.delivery_id = any (${ids}::bigint[])`
  await lockSources(scope, sql`select rr.collection_id, rr.source_id from rejected_rows rr where ${aside}`)
  const { rows: gone } = await asEvidence(scope, roles, async () => {
    await sql`delete from rejected_parts p using rejected_rows rr
where p.tenant_id = ${tenantId} and p.rejected_id = rr.id and ${aside}`.execute(db)
    return sql<OfSource & { n: number }>`
with gone as (delete from rejected_rows rr where ${aside} returning rr.collection_id, rr.source_id, rr.row_number,
  rr.resolved_at is null and rr.reason not like 'conflict:%' as numbered)
select collection_id, source_id, count(*) as n, 0 as stored, 0 as superseded,
  count(*) filter (where numbered) as rejected,
  coalesce(range_agg(int8range(row_number, row_number + 1)) filter (where numbered), '{}')::text as ranges
from gone group by 1, 2`.execute(db)
  })
  // The number of a conflict, and of a line that was stored after all, belongs to the row that is stored.
  await countRemoved(
    scope,
    gone.filter((g) => g.collectionId !== null),
  )
  const { rows: deliveries } = await sql`
delete from deliveries d where ${removable} and d.id = any (${ids}::bigint[]) returning d.id`.execute(db)
  return { deliveries: deliveries.length, rejected: gone.reduce((sum, g) => sum + g.n, 0) }
}

/** What collections say of their files; the bytes go next. */
export const removeLinks: Step = async (scope, _roles, before) => {
  const { rows } = await sql`
delete from collection_files d using (
  select cf.id from collection_files cf where ${removableLink(scope, before)} order by cf.id limit ${filesAtOnce}) g
where d.tenant_id = ${scope.tenantId} and d.id = g.id returning d.id`.execute(scope.db)
  return rows.length === 0 ? undefined : {}
}

/** One file that nothing refers to, some chunks at a time. It first becomes what an upload that broke off leaves, which nobody finds by its hash. */
export const removeFiles: Step = async (scope, _roles, before) => {
  const { tenantId, db } = scope
  const removable = removableFile(scope, before)
  const { rows: found } = await sql<{ id: number }>`
select f.id from files f where ${removable} order by f.id limit 1 for update`.execute(db)
  if (!found[0]) return undefined
  const { id } = found[0]
  // Someone may have kept the same bytes again before the lock was ours.
  const { rows: locked } = await sql<{ bytes: number }>`
update files f set sha256 = null, created_at = 'epoch' where f.id = ${id} and ${removable} returning f.bytes`.execute(
    db,
  )
  if (!locked[0]) return {}
  const { rows: chunks } = await sql`
delete from file_chunks c using (select n from file_chunks where tenant_id = ${tenantId} and file_id = ${id} order by n desc limit ${chunksAtOnce}) g
where c.tenant_id = ${tenantId} and c.file_id = ${id} and c.n = g.n returning c.n`.execute(db)
  if (chunks.length === chunksAtOnce) return {}
  await sql`delete from files where tenant_id = ${tenantId} and id = ${id}`.execute(db)
  return { files: 1, fileBytes: locked[0].bytes }
}
