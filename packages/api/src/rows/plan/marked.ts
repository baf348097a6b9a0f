import { sql } from 'kysely'
import type { ReadScope } from '../../scope.ts'
import { type NamedRows, sourceKey } from '../engine/evaluate.ts'
import { type Mark, marks } from '../language/ast.ts'
import { inScope } from '../queries.ts'

/** Rows with one of the marks. Those that are not marked are told by those that are. */
export async function rowsMarked(scope: ReadScope, wanted: readonly Mark[]): Promise<NamedRows> {
  const except = wanted.includes('unseen')
  const read = marks.filter((mark) => mark !== 'unseen' && wanted.includes(mark) !== except)
  const ranges = await rangesOf(scope, sql`row_marks where mark = any (${read}::row_mark[])`)
  return { of: 'rows', except, ranges }
}

/** Rows with a tag that fits. */
export async function rowsTagged(scope: ReadScope, fits: (tag: string) => boolean): Promise<NamedRows> {
  const tags = (await tagsOf(scope)).filter(fits)
  return { of: 'rows', except: false, ranges: await rangesOf(scope, sql`row_tags where tag = any (${tags}::text[])`) }
}

/** All tags that rows have. */
export async function tagsOf(scope: ReadScope): Promise<string[]> {
  const rows = await scope.db
    .selectFrom('rowTags')
    .select('tag')
    .distinct()
    .where(sql<boolean>`${inScope(scope, 'tenant_id')}`)
    .orderBy('tag')
    .execute()
  return rows.map(({ tag }) => tag)
}

/** Rows in which an indicator was found whose value, or the name of whose list, fits. */
export async function rowsHit(scope: ReadScope, fits: (text: string) => boolean): Promise<NamedRows> {
  const ids = (await indicatorsHit(scope)).filter(({ value, list }) => fits(value) || fits(list)).map(({ id }) => id)
  const from = sql`indicator_hits h where h.indicator_id = any (${ids}::bigint[]) and not exists (select from hushed_indicators q
    where q.tenant_id = h.tenant_id and q.owner_tenant_id = h.owner_tenant_id and q.indicator_id = h.indicator_id)`
  return { of: 'rows', except: false, ranges: await rangesOf(scope, from) }
}

export interface IndicatorHit {
  ownerTenantId: number
  id: number
  value: string
  list: string
}

/** Indicators on malicious lists that have hits: one look-up for each, however many rows they stand in. */
export async function indicatorsHit(scope: ReadScope): Promise<IndicatorHit[]> {
  // Ids are one sequence for all tenants; each order has its index.
  const next = (after: ReturnType<typeof sql>) =>
    scope.tenantId === 'all'
      ? sql`select h.owner_tenant_id as owner, h.indicator_id as id from indicator_hits h where (h.owner_tenant_id, h.indicator_id) > ${after}
          order by h.owner_tenant_id, h.indicator_id limit 1`
      : sql`select h.owner_tenant_id as owner, h.indicator_id as id from indicator_hits h where h.tenant_id = ${scope.tenantId}
          and (h.tenant_id, h.indicator_id) > ${after} order by h.tenant_id, h.indicator_id limit 1`
  const [first, further] =
    scope.tenantId === 'all' ? [sql`(0, 0)`, sql`(f.owner, f.id)`] : [sql`(0, 0)`, sql`(${scope.tenantId}::int, f.id)`]
  const { rows } = await sql<IndicatorHit>`
with recursive found as ((${next(first)}) union all select n.* from found f cross join lateral (${next(further)}) n)
select i.tenant_id as owner_tenant_id, i.id, i.value, l.name as list from found f
join indicators i on i.tenant_id = f.owner and i.id = f.id and i.deleted_at is null
join indicator_lists l on l.tenant_id = i.tenant_id and l.id = i.list_id and l.deleted_at is null and not l.benign
where coalesce(i.valid_from <= now(), true) and coalesce(l.valid_from <= now(), true)
  and ${scope.tenantId === 'all' ? sql`true` : sql`(l.tenant_id = ${scope.tenantId} or ${scope.tenantId}::int = any (l.shared_with))`}
order by i.id`.execute(scope.db)
  return rows
}

interface RangesOfSource {
  collectionId: number
  sourceId: number
  /** Row numbers as a multirange, whose ranges end before their upper bound. */
  ranges: string
}

/** A multirange is short where neighbours are marked alike, as they are by a query or a rule. */
async function rangesOf(scope: ReadScope, from: ReturnType<typeof sql>): Promise<NamedRows['ranges']> {
  const { rows } = await sql<RangesOfSource>`
select collection_id, source_id, range_agg(int8range(row_number, row_number + 1))::text as ranges
from ${from} and ${inScope(scope, 'tenant_id')} group by 1, 2`.execute(scope.db)
  return new Map(
    rows.map(({ collectionId, sourceId, ranges }) => [
      sourceKey(collectionId, sourceId),
      Float64Array.from(ranges.match(/\d+/g) ?? [], Number),
    ]),
  )
}
