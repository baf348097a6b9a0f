import { sql } from 'kysely'
import type { ReadScope } from '../../scope.ts'
import { type NamedRows, sourceKey } from '../engine/evaluate.ts'
import { type Mark, marks } from '../language/ast.ts'
import { inScope } from '../queries.ts'

/** Rows with one of the marks. Those that are not marked are told by those that are. */
export async function rowsMarked(scope: ReadScope, wanted: readonly Mark[]): Promise<NamedRows> {
  const except = wanted.includes('unseen')
  const read = marks.filter((mark) => mark !== 'unseen' && wanted.includes(mark) !== except)
  const version = await versionOf(scope)
  const key = `${version} ${read.join()}`
  let ranges = version === '' ? new Map<string, Float64Array>() : known.get(key)
  if (!ranges) {
    ranges = await rangesOf(scope, sql`row_marks where mark = any (${read}::row_mark[])`)
    keep(key, ranges)
  }
  return rowsIn(ranges, except)
}

/** Rows that a rule marked as benign; any rule where none is named. */
export async function rowsByRule(scope: ReadScope, rule: number | undefined): Promise<NamedRows> {
  const actions = sql`select id from triage_actions where kind = 'rule' and ${inScope(scope, 'tenant_id')}
    and (${rule ?? null}::bigint is null or rule_id = ${rule ?? null}::bigint)`
  return rowsIn(await rangesOf(scope, sql`row_marks where action_id in (${actions})`), false)
}

/** Rows with a tag that fits. */
export async function rowsTagged(scope: ReadScope, fits: (tag: string) => boolean): Promise<NamedRows> {
  const tags = (await tagsOf(scope)).filter(fits)
  return rowsIn(await rangesOf(scope, sql`row_tags where tag = any (${tags}::text[])`), false)
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
  return rowsIn(await rangesOf(scope, from), false)
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

type Ranges = NamedRows['ranges']

const rowsIn = (ranges: Ranges, except: boolean): NamedRows => ({ of: 'rows', except, ranges })

/** Each screen asks for the same marks several times. What was read is good for as long as its version, which is like no other. */
const known = new Map<string, Ranges>()
/** Numbers of rows that are kept, 8 bytes each. */
const mostKept = 4_000_000

const sizeOf = (ranges: Ranges) => ranges.values().reduce((sum, { length }) => sum + length + 32, 0)

function keep(key: string, ranges: Ranges) {
  known.set(key, ranges)
  let size = known.values().reduce((sum, one) => sum + sizeOf(one), 0)
  for (const [old, one] of known) {
    if (size <= mostKept) break
    known.delete(old)
    size -= sizeOf(one)
  }
}

/** As the scope's snapshot sees the marks; empty where none was ever given. */
async function versionOf(scope: ReadScope): Promise<string> {
  const { rows } = await sql<{ version: string | null }>`
select string_agg(version::text, ',' order by tenant_id) as version from mark_versions where ${inScope(scope, 'tenant_id')}`.execute(
    scope.db,
  )
  return rows[0]?.version ?? ''
}

interface RangesOfSource {
  collectionId: number
  sourceId: number
  /** Row numbers as a multirange, whose ranges end before their upper bound. */
  ranges: string
}

/** A multirange is short where neighbours are marked alike, as they are by a query or a rule. */
async function rangesOf(scope: ReadScope, from: ReturnType<typeof sql>): Promise<Ranges> {
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
