import { sql } from 'kysely'
import { collectionCounts } from '../collections/queries.ts'
import { notFound } from '../errors.ts'
import { beyond, holds, page, totalOf, type Place } from '../keyset.ts'
import type { ReadScope, TenantScope } from '../scope.ts'

export interface HostFilter {
  query?: string | undefined
  os?: string | undefined
  label?: string | undefined
  sort: 'lastSeen' | 'hostname'
  order: 'asc' | 'desc'
  limit: number
  skip?: number | undefined
  cursor?: Place | undefined
}

const shown = [
  'hosts.id',
  'hosts.tenantId',
  'hosts.clientId',
  'hosts.hostname',
  'hosts.fqdn',
  'hosts.os',
  'hosts.ipAddress',
  'hosts.labels',
  'hosts.createdAt',
  'hosts.lastSeen',
] as const

const named = [
  sql.ref('hosts.hostname'),
  sql.ref('hosts.fqdn'),
  sql.ref('hosts.ip_address'),
  sql.ref('hosts.client_id'),
]

const matching = (scope: ReadScope, { query, os, label }: Pick<HostFilter, 'query' | 'os' | 'label'>) =>
  scope.db
    .selectFrom('hosts')
    .$if(scope.tenantId !== 'all', (q) => q.where('hosts.tenantId', '=', scope.tenantId as number))
    .$if(Boolean(query), (q) =>
      q.where((eb) =>
        eb.or([
          holds(named, query!),
          sql<boolean>`exists (select from unnest(hosts.labels) l where ${holds([sql`l`], query!)})`,
        ]),
      ),
    )
    .$if(Boolean(os), (q) => q.where(holds([sql.ref('hosts.os')], os!)))
    .$if(Boolean(label), (q) => q.where(sql<boolean>`hosts.labels @> array[${label!}]::text[]`))

/** Each host with its collections and its rows received of expected. `total` counts what matches, over all pages. */
export async function listHosts(scope: ReadScope, filter: HostFilter) {
  const { sort, order, limit, cursor } = filter
  const column = sort === 'lastSeen' ? sql.ref('hosts.last_seen') : sql`lower(hosts.hostname)`
  const type = sort === 'lastSeen' ? 'time' : 'text'
  const rows = await matching(scope, filter)
    .select([...shown, sql<string>`lower(hosts.hostname)`.as('nameKey')])
    .$if(cursor !== undefined, (q) => q.where(beyond(column, sql.ref('hosts.id'), cursor!, type, order)))
    .orderBy(column, order)
    .orderBy('hosts.id', order)
    .limit(limit + 1)
    .offset(filter.skip ?? 0)
    .execute()
  const found = page(rows, limit, (row) => (sort === 'lastSeen' ? row.lastSeen : row.nameKey))
  const counts = await collectionCounts(
    scope,
    found.rows.map((row) => row.id),
  )
  const total = await totalOf(found, filter, () => countHosts(scope, filter))
  return {
    rows: found.rows.map((row) => ({ ...row, ...(counts.get(row.id) ?? none) })),
    nextCursor: found.nextCursor,
    total,
  }
}

async function countHosts(scope: ReadScope, filter: HostFilter) {
  const { total } = await matching(scope, filter)
    .select(({ fn }) => fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow()
  return total
}

const none = { collections: 0, incomplete: 0, rowsReceived: 0, rowsExpected: null as number | null }

/** One host with what arrived from it, per source. */
export async function getHost(scope: TenantScope, id: number) {
  const host = await scope.db
    .selectFrom('hosts')
    .leftJoin('velociraptorServers as v', (join) =>
      join.onRef('v.tenantId', '=', 'hosts.tenantId').onRef('v.id', '=', 'hosts.serverId'),
    )
    .select([...shown, 'hosts.hostMetadata', 'v.name as server', 'v.orgId', 'v.guiUrl'])
    .where('hosts.tenantId', '=', scope.tenantId)
    .where('hosts.id', '=', id)
    .executeTakeFirst()
  if (!host) throw notFound('host')
  const counts = await collectionCounts(scope, [id])
  return {
    ...host,
    ...(counts.get(id) ?? none),
    ...(await firstAndLast(scope, id)),
    sources: await sourcesOf(scope, id),
  }
}

const firstAndLast = (scope: TenantScope, hostId: number) =>
  scope.db
    .selectFrom('collections')
    .select(({ fn }) => [fn.min('createdAt').as('firstCollectionAt'), fn.max('updatedAt').as('lastCollectionAt')])
    .where('tenantId', '=', scope.tenantId)
    .where('hostId', '=', hostId)
    .executeTakeFirstOrThrow()

const sourcesOf = (scope: TenantScope, hostId: number) =>
  scope.db
    .selectFrom('collections')
    .innerJoin('collectionSources as cs', (join) =>
      join.onRef('cs.tenantId', '=', 'collections.tenantId').onRef('cs.collectionId', '=', 'collections.id'),
    )
    .innerJoin('sources', (join) =>
      join.onRef('sources.tenantId', '=', 'cs.tenantId').onRef('sources.id', '=', 'cs.sourceId'),
    )
    .select(['sources.id', 'sources.name', 'sources.kind'])
    .select(({ fn }) => [
      fn.count<number>('collections.id').as('collections'),
      sql<number>`sum(cs.rows_stored)::bigint`.as('rowsStored'),
      fn.max('cs.updatedAt').as('newest'),
    ])
    .where('collections.tenantId', '=', scope.tenantId)
    .where('collections.hostId', '=', hostId)
    .groupBy(['sources.id', 'sources.name', 'sources.kind'])
    .orderBy('sources.name')
    .execute()
