import { sql } from 'kysely'
import { notFound } from '../errors.ts'
import { beyond, page, totalOf, type Place } from '../keyset.ts'
import type { ReadScope, TenantScope } from '../scope.ts'

export interface CollectionFilter {
  hostId?: number | undefined
  clientId?: string | undefined
  flowId?: string | undefined
  huntId?: string | undefined
  incomplete?: boolean | undefined
  limit: number
  skip?: number | undefined
  cursor?: Place | undefined
}

/** Row numbers that came: stored, set aside, and those that retention removed, which nobody misses. */
const arrived = sql`(cs.received + cs.removed)`

/** How many row numbers arrived. Mostly they are one range, or none. */
const countOf = sql`(case when isempty(${arrived}) then 0
  when ${arrived} = range_merge(${arrived})::int8multirange then upper(${arrived}) - lower(${arrived})
  else (select coalesce(sum(upper(r) - lower(r)), 0)::bigint from unnest(${arrived}) r) end)`

/** Of these: rows that retention removed. */
const removedOf = sql`(case when isempty(cs.removed) then 0
  else (select coalesce(sum(upper(r) - lower(r)), 0)::bigint from unnest(cs.removed - cs.received) r) end)`

/** The flow's total, or what its sender sent of it where a site filters artifacts out. */
export const announced = sql`(case when c.rows_sent_of = c.rows_expected then c.rows_sent else c.rows_expected end)`

/**
 * Per collection: rows received and expected. The sender's total counts rows only, so logs and uploads stay out of the
 * sums; a source of any kind that lacks rows makes the collection incomplete.
 */
export const sums = sql<Sums>`
  select coalesce(sum(n.received) filter (where n.kind = 'rows'), 0)::bigint as rows_received,
    coalesce(${announced}, sum(n.rows_expected) filter (where n.kind = 'rows')::bigint) as rows_expected,
    coalesce(sum(n.rows_stored), 0)::bigint as rows_stored,
    coalesce(sum(n.rows_rejected), 0)::bigint as rows_rejected,
    coalesce(sum(n.rows_superseded), 0)::bigint as rows_superseded,
    coalesce(sum(n.removed), 0)::bigint as rows_removed,
    count(n.kind)::int as sources,
    coalesce(bool_or(n.received < n.rows_expected), false)
      or coalesce(sum(n.received) filter (where n.kind = 'rows'), 0) < coalesce(${announced}, 0) as incomplete
  from (select ${countOf} as received, ${removedOf} as removed, cs.rows_expected, cs.rows_stored, cs.rows_rejected, cs.rows_superseded, s.kind
    from collection_sources cs join sources s on s.tenant_id = cs.tenant_id and s.id = cs.source_id
    where cs.tenant_id = c.tenant_id and cs.collection_id = c.id) n`

interface Sums {
  rowsReceived: number
  rowsExpected: number | null
  rowsStored: number
  rowsRejected: number
  /** Stored and listed, but counted nowhere else: the numbered copy of the same rows is here. */
  rowsSuperseded: number
  /** Of those received: removed by the tenant's retention. */
  rowsRemoved: number
  sources: number
  incomplete: boolean
}

const shown = [
  'c.id',
  'c.tenantId',
  'c.hostId',
  'c.kind',
  'c.flowId',
  'c.huntId',
  'c.huntDescription',
  'c.state',
  'c.artifacts',
  'c.creator',
  'c.startedAt',
  'c.endedAt',
  'c.createdAt',
  'c.updatedAt',
  'hosts.hostname',
  'hosts.clientId',
] as const

const counted = [
  'm.rowsReceived',
  'm.rowsExpected',
  'm.rowsStored',
  'm.rowsRejected',
  'm.rowsSuperseded',
  'm.rowsRemoved',
  'm.sources',
  'm.incomplete',
] as const

const withCounts = (scope: ReadScope) =>
  scope.db
    .selectFrom('collections as c')
    .innerJoin('hosts', (join) => join.onRef('hosts.tenantId', '=', 'c.tenantId').onRef('hosts.id', '=', 'c.hostId'))
    .innerJoinLateral(sql<Sums>`(${sums})`.as('m'), (join) => join.onTrue())
    .$if(scope.tenantId !== 'all', (q) => q.where('c.tenantId', '=', scope.tenantId as number))

/** Newest change first. Which ones is settled before any is summed: the sums of each cost more than all else. */
export async function listCollections(scope: ReadScope, filter: CollectionFilter) {
  const { limit, cursor, skip = 0 } = filter
  const chosen = await matching(scope, filter)
    .$if(cursor !== undefined, (q) =>
      q.where(beyond(sql.ref('c.updated_at'), sql.ref('c.id'), cursor!, 'time', 'desc')),
    )
    .select(['c.tenantId', 'c.id'])
    // Completeness is looked up for all of them anyway: one pass both finds and counts.
    .$if(filter.incomplete !== undefined, (q) => q.select(sql<number>`count(*) over ()`.as('total')))
    .orderBy('c.updatedAt', 'desc')
    .orderBy('c.id', 'desc')
    .limit(limit + 1)
    .offset(skip)
    .execute()
  const found = page(await summed(scope, chosen), limit, (row) => row.updatedAt)
  const counted = cursor === undefined ? chosen[0]?.total : undefined
  return { ...found, total: counted ?? (await totalOf(found, filter, () => countCollections(scope, filter))) }
}

const summed = async (scope: ReadScope, chosen: { tenantId: number; id: number }[]) =>
  chosen.length === 0
    ? []
    : withCounts(scope)
        .where(
          sql<boolean>`(c.tenant_id, c.id) in (select * from unnest(${chosen.map((c) => c.tenantId)}::int[], ${chosen.map((c) => c.id)}::bigint[]))`,
        )
        .select(shown)
        .select(counted)
        .orderBy('c.updatedAt', 'desc')
        .orderBy('c.id', 'desc')
        .execute()

/** Looks at sources in one pass over all where completeness is asked for, and at none where it is not. */
const matching = (scope: ReadScope, { hostId, clientId, flowId, huntId, incomplete }: CollectionFilter) =>
  scope.db
    .selectFrom('collections as c')
    .$if(scope.tenantId !== 'all', (q) => q.where('c.tenantId', '=', scope.tenantId as number))
    .$if(hostId !== undefined, (q) => q.where('c.hostId', '=', hostId!))
    .$if(clientId !== undefined, (q) =>
      q.where(
        sql<boolean>`exists (select from hosts h where h.tenant_id = c.tenant_id and h.id = c.host_id and h.client_id = ${clientId!})`,
      ),
    )
    .$if(flowId !== undefined, (q) => q.where('c.flowId', '=', flowId!))
    .$if(huntId !== undefined, (q) => q.where('c.huntId', '=', huntId!))
    .$if(incomplete !== undefined, (q) =>
      q
        .leftJoin(sql<Lacking>`(${lacking(scope)})`.as('m'), (join) =>
          join.onRef('m.tenantId', '=', 'c.tenantId').onRef('m.collectionId', '=', 'c.id'),
        )
        .where(
          sql<boolean>`(coalesce(m.lacks, false) or coalesce(m.received, 0) < coalesce(${announced}, 0)) = ${incomplete!}`,
        ),
    )

async function countCollections(scope: ReadScope, filter: CollectionFilter) {
  const { total } = await matching(scope, filter)
    .select(({ fn }) => fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow()
  return total
}

interface Lacking {
  tenantId: number
  collectionId: number
  lacks: boolean | null
  received: number | null
}

/** What `sums` says of completeness, of every collection at once. `offset 0` keeps each count from being reckoned twice. */
export const lacking = (scope: ReadScope) => sql`
  select tenant_id, collection_id, bool_or(n < rows_expected) as lacks, sum(n) filter (where kind = 'rows') as received
  from (select cs.tenant_id, cs.collection_id, cs.rows_expected, s.kind, ${countOf} as n
    from collection_sources cs join sources s on s.tenant_id = cs.tenant_id and s.id = cs.source_id
    ${scope.tenantId === 'all' ? sql`` : sql`where cs.tenant_id = ${scope.tenantId}`} offset 0) each
  group by tenant_id, collection_id`

/** Collections and rows received of expected, per host. `rowsExpected` is null when no sender said how many. */
export async function collectionCounts(scope: ReadScope, hostIds: number[]) {
  if (hostIds.length === 0) return new Map<number, HostCounts>()
  const rows = await withCounts(scope)
    .where('c.hostId', 'in', hostIds)
    .select((eb) => [
      'c.hostId',
      eb.fn.countAll<number>().as('collections'),
      sql<number>`count(*) filter (where m.incomplete)`.as('incomplete'),
      sql<number>`sum(m.rows_received - m.rows_superseded)::bigint`.as('rowsReceived'),
      sql<
        number | null
      >`sum(greatest(m.rows_expected, m.rows_received)) filter (where m.rows_expected is not null)::bigint`.as(
        'rowsExpected',
      ),
    ])
    .groupBy('c.hostId')
    .execute()
  return new Map<number, HostCounts>(rows.map(({ hostId, ...counts }) => [hostId, counts]))
}

interface HostCounts {
  collections: number
  incomplete: number
  rowsReceived: number
  rowsExpected: number | null
}

/** One collection with each source: what is stored, received, expected, missing (row numbers, both ends included) and set aside. */
export async function getCollection(scope: TenantScope, id: number) {
  const collection = await withCounts(scope)
    .leftJoin('velociraptorServers as v', (join) =>
      join.onRef('v.tenantId', '=', 'hosts.tenantId').onRef('v.id', '=', 'hosts.serverId'),
    )
    .select(shown)
    .select(counted)
    .select(['v.orgId', 'v.guiUrl'])
    .where('c.id', '=', id)
    .executeTakeFirst()
  if (!collection) throw notFound('collection')
  const { sources: sourceCount, ...rest } = collection
  return { ...rest, sourceCount, sources: await sourcesOf(scope, id), setAside: await setAsideOf(scope, id) }
}

const missing = sql<{ from: number; to: number }[]>`(
  select coalesce(json_agg(json_build_object('from', lower(r), 'to', upper(r) - 1) order by lower(r)), '[]')
  from (select r from unnest(int8multirange(int8range(0, coalesce(cs.rows_expected, upper(${arrived}), 0))) - ${arrived}) r
    order by lower(r) limit 100) r)`

const sourcesOf = (scope: TenantScope, id: number) =>
  scope.db
    .selectFrom('collectionSources as cs')
    .innerJoin('sources', (join) =>
      join.onRef('sources.tenantId', '=', 'cs.tenantId').onRef('sources.id', '=', 'cs.sourceId'),
    )
    .select(['sources.id', 'sources.name', 'sources.kind', 'cs.rowsStored', 'cs.rowsRejected'])
    .select(['cs.rowsSuperseded', 'cs.rowsExpected'])
    .select([
      sql<number>`${countOf}`.as('rowsReceived'),
      sql<number>`${removedOf}`.as('rowsRemoved'),
      missing.as('missing'),
      'cs.updatedAt',
    ])
    .where('cs.tenantId', '=', scope.tenantId)
    .where('cs.collectionId', '=', id)
    .orderBy('sources.name')
    .execute()

const setAsideOf = (scope: TenantScope, id: number) =>
  scope.db
    .selectFrom('rejectedRows')
    .select(['id', 'sourceId', 'deliveryId', 'lineNumber', 'rowNumber', 'reason', 'byteLength', 'createdAt'])
    .where('tenantId', '=', scope.tenantId)
    .where('collectionId', '=', id)
    .where('resolvedAt', 'is', null)
    .orderBy('sourceId')
    .orderBy('rowNumber')
    .limit(100)
    .execute()
