import { sql } from 'kysely'
import { record } from '../audit.ts'
import { restoreDays } from '../cases/queries.ts'
import { AppError } from '../errors.ts'
import type { TenantScope } from '../scope.ts'

const dayMs = 86_400_000

/** What was received before this is past retention. */
export const cutoffOf = (days: number, now: Date) => new Date(now.getTime() - days * dayMs)

/** Blocks of which a case holds a row; a deleted case holds for as long as it can be restored. */
const held = (scope: TenantScope) => sql`
select distinct r.block_id from case_rows cr
join cases c on c.tenant_id = cr.tenant_id and c.id = cr.case_id
  and (c.deleted_at is null or c.deleted_at > now() - make_interval(days => ${restoreDays}))
join runs r on r.tenant_id = cr.tenant_id and r.collection_id = cr.collection_id and r.source_id = cr.source_id
  and r.first_row <= cr.row_number and r.first_row + r.n > cr.row_number
where cr.tenant_id = ${scope.tenantId}`

/** Blocks past retention. Their ids begin with the month of receipt, so later months are not looked at. */
const past = (scope: TenantScope, before: Date) => sql`b.tenant_id = ${scope.tenantId} and b.received_at < ${before}
  and b.block_id < (block_month(${before}::timestamptz)::bigint + 1) << 40`

/** What may be removed: block_id, source_id, n, received_at. */
export const removableBlocks = (scope: TenantScope, before: Date) => sql`
select b.block_id, b.source_id, b.n, b.received_at from blocks b
where ${past(scope, before)} and not exists (select from (${held(scope)}) h where h.block_id = b.block_id)`

/** Deliveries `d` past retention; `stored` tells which of their runs `r` count as still stored. */
export const removableDelivery = (scope: TenantScope, before: Date, stored = sql`true`) => sql`
d.tenant_id = ${scope.tenantId} and d.received_at < ${before}
  and not exists (select from runs r where r.tenant_id = d.tenant_id and r.delivery_id = d.id and ${stored})`

/** Files of collections `cf` past retention: a file goes after the last row of its collection. */
export const removableLink = (scope: TenantScope, before: Date, stored = sql`true`) => sql`
cf.tenant_id = ${scope.tenantId} and cf.created_at < ${before}
  and not exists (select from runs r where r.tenant_id = cf.tenant_id and r.collection_id = cf.collection_id and ${stored})`

/** Files `f` past retention that no import needs; `kept` tells which collections' files `cf` count. One under way may be young. */
export const removableFile = (scope: TenantScope, before: Date, kept = sql`true`) => sql`
f.tenant_id = ${scope.tenantId} and f.created_at < ${before} and (f.sha256 is not null or f.created_at < now() - interval '2 days')
  and not exists (select from imports i where i.tenant_id = f.tenant_id and i.file_id = f.id)
  and not exists (select from exports e where e.tenant_id = f.tenant_id and e.file_id = f.id)
  and not exists (select from collection_files cf where cf.tenant_id = f.tenant_id and cf.file_id = f.id and ${kept})`

export interface WouldRemove {
  sources: { source: string; kind: string; rows: number; blocks: number; oldest: Date; newest: Date }[]
  rows: number
  blocks: number
  deliveries: number
  /** Lines that were set aside with these deliveries. */
  rejected: number
  files: number
  fileBytes: number
  /** Rows past retention that stay, as a case holds them or a row beside them in their block. */
  rowsHeld: number
}

/** What a run would remove at `now`. */
export async function wouldRemove(scope: TenantScope, days: number, now: Date): Promise<WouldRemove> {
  const cutoff = cutoffOf(days, now)
  const { rows: sources } = await sql<WouldRemove['sources'][number]>`
select s.name as source, s.kind, sum(g.n)::bigint as rows, count(*) as blocks, min(g.received_at) as oldest, max(g.received_at) as newest
from (${removableBlocks(scope, cutoff)}) g join sources s on s.tenant_id = ${scope.tenantId} and s.id = g.source_id
group by s.id, s.name, s.kind order by 3 desc, 1, 2`.execute(scope.db)
  const stays = sql`not exists (select from gone g where g.block_id = r.block_id)`
  const { rows: counts } = await sql<Omit<WouldRemove, 'sources' | 'rows' | 'blocks'>>`
with gone as materialized (${removableBlocks(scope, cutoff)}),
  delivered as materialized (select d.id from deliveries d where ${removableDelivery(scope, cutoff, stays)}),
  links as materialized (select cf.id from collection_files cf where ${removableLink(scope, cutoff, stays)}),
  lost as materialized (select f.bytes from files f
    where ${removableFile(scope, cutoff, sql`not exists (select from links l where l.id = cf.id)`)})
select (select count(*) from delivered) as deliveries,
  (select count(*) from rejected_rows rr where rr.tenant_id = ${scope.tenantId} and rr.delivery_id in (select id from delivered)) as rejected,
  (select count(*) from lost) as files,
  (select coalesce(sum(bytes), 0)::bigint from lost) as file_bytes,
  (select coalesce(sum(b.n), 0)::bigint from blocks b where ${past(scope, cutoff)}) - (select coalesce(sum(n), 0)::bigint from gone) as rows_held`.execute(
    scope.db,
  )
  const sum = (key: 'rows' | 'blocks') => sources.reduce((total, source) => total + source[key], 0)
  return { sources, rows: sum('rows'), blocks: sum('blocks'), ...counts[0]! }
}

const lastRuns = 10

/** The setting, and what the last runs removed, the newest first; `endedAt` is null while one is under way. */
export async function getRetention(scope: TenantScope) {
  const setting = await scope.db
    .selectFrom('tenants')
    .select(['retentionDays as days', 'retentionChangedAt as changedAt', 'retentionChangedBy as changedBy'])
    .where('id', '=', scope.tenantId)
    .executeTakeFirstOrThrow()
  const runs = await scope.db
    .selectFrom('retentionRuns')
    .select(['id', 'days', 'cutoff', 'rows', 'blocks', 'deliveries', 'rejected', 'files', 'fileBytes'])
    .select(['startedAt', 'endedAt'])
    .where('tenantId', '=', scope.tenantId)
    .orderBy('id', 'desc')
    .limit(lastRuns)
    .execute()
  return { ...setting, runs }
}

/** Changes it from what the caller saw; CONFLICT `stale` when someone else changed it meanwhile. */
export async function setRetention(
  scope: TenantScope,
  { days, was }: { days: number | null; was: number | null },
  now: Date,
) {
  const changed = await scope.db
    .updateTable('tenants')
    .set({
      retentionDays: days,
      retentionChangedAt: sql`now()`,
      retentionChangedBy: scope.actor!.username,
    })
    .where('id', '=', scope.tenantId)
    .where(sql<boolean>`retention_days is not distinct from ${was}::int`)
    .returning('id')
    .executeTakeFirst()
  if (!changed) throw new AppError('CONFLICT', 'Someone else changed the retention meanwhile', 'stale')
  const gone = days === null ? undefined : await wouldRemove(scope, days, now)
  await record(scope, 'retention.change', {
    from: was,
    to: days,
    rows: gone?.rows ?? 0,
    sources: gone?.sources.length ?? 0,
    files: gone?.files ?? 0,
  })
  return getRetention(scope)
}
