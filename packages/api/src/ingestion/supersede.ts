import type { Database } from '@velocicompanion/db'
import { sql } from 'kysely'
import type { TenantScope } from '../scope.ts'
import { mostCompared, runsOfSameRows } from './same-rows.ts'

/**
 * Leaves rows without numbers, and rows of an import that are not as the server stores them (CSV, the files of a whole
 * hunt), out of answers and counts where the numbered copy of the same source of the same flow, or day,
 * is here as a whole. Each kind of sender is held against it by itself, whoever came first: one that sent no more rows than the
 * copy has sent these. One that sent more sent a repeated event again, or the flow has grown since: then the rows themselves are
 * compared, and what the copy does not have stays. Never the other way round.
 */
export async function supersede(scope: TenantScope, { roles }: Pick<Database, 'roles'>, hostIds: number[]) {
  const { rows: copies } = await sql<Copy>`
select u.collection_id, u.source_id, n.collection_id as copy_id, n.rows_stored as copied, uc.kind = 'unnumbered' as sent, n.rows_expected is not null as ended
from collections uc
join collection_sources u on u.tenant_id = uc.tenant_id and u.collection_id = uc.id and u.rows_superseded < u.rows_stored
join collections nc on nc.tenant_id = uc.tenant_id and nc.host_id = uc.host_id and nc.flow_id = uc.flow_id and nc.kind in ('flow', 'events', 'import')
join collection_sources n on n.tenant_id = nc.tenant_id and n.collection_id = nc.id and n.source_id = u.source_id
where uc.tenant_id = ${scope.tenantId} and uc.host_id = any (${hostIds}::bigint[]) and (uc.kind = 'unnumbered' or uc.kind = 'import' and nc.kind = 'flow')
  and n.rows_stored > 0 and (n.rows_expected is null or n.received @> int8range(0, n.rows_expected))
order by u.collection_id, u.source_id for update of u`.execute(scope.db)
  for (const copy of copies) await leaveOut(scope, roles, copy)
}

interface Copy {
  collectionId: number
  sourceId: number
  copyId: number
  copied: number
  /** By an uploader, not by an import. */
  sent: boolean
  /** What the copy should have is known: a day of events has no end. */
  ended: boolean
}

async function leaveOut(scope: TenantScope, roles: Database['roles'], copy: Copy) {
  const { tenantId } = scope
  const { collectionId, sourceId, copyId, copied } = copy
  const deliveries = await scope.db
    .selectFrom('deliveries')
    .select(['id', 'kind', 'rowsStored'])
    .where('tenantId', '=', tenantId)
    .where('collectionId', '=', collectionId)
    .where('sourceId', '=', sourceId)
    .where('rowsStored', '>', 0)
    .execute()
  const of = { whole: [] as number[], runs: [] as number[] }
  for (const some of Map.groupBy(deliveries, ({ kind }) => kind).values()) {
    const ids = some.map(({ id }) => id)
    if (some.reduce((sum, { rowsStored }) => sum + rowsStored, 0) <= copied) of.whole.push(...ids)
    else if (copy.ended && copy.sent && copied <= mostCompared) {
      const same = await runsOfSameRows(scope, { collectionId, sourceId }, ids, { collectionId: copyId, sourceId })
      of.runs.push(...same.map(({ firstRow }) => firstRow))
    }
  }
  if (of.whole.length + of.runs.length === 0) return
  // Runs and blocks are the evidence role's own.
  await sql.raw(`set local role ${roles.evidence}`).execute(scope.db)
  const { rows } = await sql<{ n: number }>`
with gone as (
  update runs set superseded = true
  where tenant_id = ${tenantId} and collection_id = ${collectionId} and source_id = ${sourceId} and not superseded
    and (delivery_id = any (${of.whole}::bigint[]) or first_row = any (${of.runs}::bigint[]))
  returning block_id, n
), of_blocks as (
  select block_id, sum(n)::int as n from gone group by block_id
), marked as (
  update blocks b set superseded = b.superseded + o.n from of_blocks o where b.tenant_id = ${tenantId} and b.block_id = o.block_id
)
select coalesce(sum(n), 0)::bigint as n from of_blocks`.execute(scope.db)
  await sql.raw(`set local role ${roles.app}`).execute(scope.db)
  await scope.db
    .updateTable('collectionSources')
    .set((eb) => ({ rowsSuperseded: eb('rowsSuperseded', '+', rows[0]!.n) }))
    .where('tenantId', '=', tenantId)
    .where('collectionId', '=', collectionId)
    .where('sourceId', '=', sourceId)
    .execute()
}

/** The same for clients of one server, as a body of events names them. */
export async function supersedeOfClients(
  scope: TenantScope,
  database: Pick<Database, 'roles'>,
  serverId: number,
  clientIds: string[],
) {
  const hosts = await scope.db
    .selectFrom('hosts')
    .select('id')
    .where('tenantId', '=', scope.tenantId)
    .where('serverId', '=', serverId)
    .where('clientId', 'in', clientIds)
    .execute()
  await supersede(
    scope,
    database,
    hosts.map((host) => host.id),
  )
}
