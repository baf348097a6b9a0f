import type { Database } from '@velocicompanion/db'
import { sql } from 'kysely'
import { folded } from '../../evidence/terms.ts'
import { asReader } from '../../ingestion/imports/files.ts'
import { indicatorsHit } from '../../rows/plan/marked.ts'
import type { TenantScope } from '../../scope.ts'
import { benignAmong, hasBenignPatterns, patternsIn, type Wanted } from '../matching/queries.ts'

/**
 * The state of the benign lists of each tenant as a number: it is another one whenever a list changes, begins or ends, or a
 * value on it does. What was swept or hushed for another number is done anew.
 */
export const benignEpochs = sql`
select t.id as tenant_id, coalesce(sum(l.benign_changes + coalesce((l.valid_until <= now())::int, 0)
  + coalesce((l.valid_from <= now())::int, 0) + case when l.benign then d.n else 0 end), 0)::bigint as epoch
from tenants t
left join indicator_lists l on l.benign_changes > 0 and (l.tenant_id = t.id or t.id = any (l.ever_shared_with))
left join lateral (select count(*) filter (where i.valid_from <= now()) + count(*) filter (where i.valid_until <= now()) as n
  from indicators i where i.tenant_id = l.tenant_id and i.list_id = l.id and i.deleted_at is null
    and (i.valid_from is not null or i.valid_until is not null)) d on true
group by t.id`

interface Epoch {
  tenantId: number
  epoch: number
}

/** Tenants whose benign lists changed, began or ended since it was noted what they take out. */
export const benignDue = (database: Database): Promise<Epoch[]> =>
  asReader(database, async (trx) => {
    const { rows } = await sql<Epoch>`
select e.tenant_id, e.epoch from (${benignEpochs}) e left join benign_epochs b on b.tenant_id = e.tenant_id
where e.epoch <> coalesce(b.epoch, 0)`.execute(trx)
    return rows
  })

/** One writer of a tenant's hushed indicators at a time, each of whom sees what the one before left. */
export const lockHushed = ({ db, tenantId }: TenantScope) =>
  sql`select pg_advisory_xact_lock(1751479144, ${tenantId})`.execute(db)

/** A value of the tenant's benign lists which is the same as that of an indicator, by their hashes. */
const sameValues = async ({ db, tenantId }: TenantScope) => {
  const { rows } = await sql<Indicator & { other: string }>`
select i.tenant_id as owner_tenant_id, i.id, i.value, b.value as other from indicator_lists bl
join indicators b on b.tenant_id = bl.tenant_id and b.list_id = bl.id and b.deleted_at is null and b.term is not null
join indicators i on i.term = b.term and i.deleted_at is null
join indicator_lists l on l.tenant_id = i.tenant_id and l.id = i.list_id and not l.benign and l.deleted_at is null
  and (l.tenant_id = ${tenantId} or ${tenantId}::int = any (l.shared_with))
where bl.benign and bl.active and bl.deleted_at is null and (bl.tenant_id = ${tenantId} or ${tenantId}::int = any (bl.shared_with))
  and coalesce(bl.valid_from <= now(), true) and coalesce(bl.valid_until > now(), true)
  and coalesce(b.valid_from <= now(), true) and coalesce(b.valid_until > now(), true)`.execute(db)
  return rows.filter(({ value, other }) => folded(value) === folded(other))
}

interface Indicator {
  ownerTenantId: number
  id: number
  value: string
}

/** What was hushed before. */
const hushedNow = async ({ db, tenantId }: TenantScope) => {
  const { rows } = await sql<Indicator>`
select i.tenant_id as owner_tenant_id, i.id, i.value from hushed_indicators q
join indicators i on i.tenant_id = q.owner_tenant_id and i.id = q.indicator_id and i.deleted_at is null
where q.tenant_id = ${tenantId}`.execute(db)
  return rows
}

/** Notes anew which indicators are no hit in the tenant. */
export async function hush(scope: TenantScope) {
  await lockHushed(scope)
  const patterns: Indicator[] = await patternsIn(scope)
  const asked = (await hasBenignPatterns(scope))
    ? [...patterns, ...(await indicatorsHit(scope)), ...(await hushedNow(scope))]
    : patterns
  const benign = await benignAmong(
    scope,
    asked.map(({ value }) => value),
  )
  const out = [...asked.filter(({ value }) => benign.has(folded(value))), ...(await sameValues(scope))]
  await scope.db.deleteFrom('hushedIndicators').where('tenantId', '=', scope.tenantId).execute()
  await hushThese(scope, out)
}

export async function hushThese({ db, tenantId }: TenantScope, indicators: Pick<Wanted, 'ownerTenantId' | 'id'>[]) {
  if (indicators.length === 0) return
  await sql`
insert into hushed_indicators (tenant_id, owner_tenant_id, indicator_id)
select ${tenantId}::int, o, i from unnest(${indicators.map((one) => one.ownerTenantId)}::int[], ${indicators.map(({ id }) => id)}::bigint[]) w(o, i)
on conflict do nothing`.execute(db)
}

/** As `hush`, for a state that was read before: a later one is due again. */
export async function hushDue(scope: TenantScope, epoch: number) {
  await hush(scope)
  await scope.db
    .insertInto('benignEpochs')
    .values({ tenantId: scope.tenantId, epoch })
    .onConflict((oc) => oc.column('tenantId').doUpdateSet({ epoch }))
    .execute()
}

/** What a benign list took out may be a hit once it changes, and the other way round. */
export async function benignChanged(scope: TenantScope, listId: number) {
  await scope.db
    .updateTable('indicatorLists')
    .set((eb) => ({ benignChanges: eb('benignChanges', '+', 1) }))
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', listId)
    .execute()
  await hush(scope)
}
