import { sql } from 'kysely'
import type { ReadScope } from '../../scope.ts'
import { sums } from '../queries.ts'

const hunts = (scope: ReadScope) => sql<Hunt>`
with per as (
  select c.tenant_id, c.id, h.server_id, c.hunt_id, c.host_id, c.hunt_description, c.updated_at, m.*
  from collections c
  join hosts h on h.tenant_id = c.tenant_id and h.id = c.host_id
  cross join lateral (${sums}) m
  where c.hunt_id is not null ${scope.tenantId === 'all' ? sql`` : sql`and c.tenant_id = ${scope.tenantId}`}
), names as (
  select p.tenant_id, p.server_id, p.hunt_id, count(distinct cs.source_id)::int as sources
  from per p
  join collection_sources cs on cs.tenant_id = p.tenant_id and cs.collection_id = p.id
  join sources s on s.tenant_id = cs.tenant_id and s.id = cs.source_id and s.kind = 'rows'
  group by 1, 2, 3
)
select p.tenant_id, p.server_id, p.hunt_id, max(p.hunt_description) as description, v.name as server, v.org_id, v.gui_url,
  count(distinct p.host_id)::int as hosts, count(*)::int as collections, coalesce(max(n.sources), 0) as sources,
  (count(*) filter (where p.incomplete))::int as incomplete,
  sum(p.rows_received - p.rows_superseded)::bigint as rows_received,
  (sum(greatest(p.rows_expected, 0)) filter (where p.rows_expected is not null))::bigint as rows_expected,
  sum(p.rows_rejected)::bigint as rows_rejected, max(p.updated_at) as updated_at
from per p
left join names n on n.tenant_id = p.tenant_id and n.server_id is not distinct from p.server_id and n.hunt_id = p.hunt_id
left join velociraptor_servers v on v.tenant_id = p.tenant_id and v.id = p.server_id
group by p.tenant_id, p.server_id, p.hunt_id, v.name, v.org_id, v.gui_url`

interface Hunt {
  tenantId: number
  serverId: number | null
  huntId: string
  description: string | null
  server: string | null
  orgId: string | null
  guiUrl: string | null
  hosts: number
  collections: number
  sources: number
  /** Collections that lack rows. */
  incomplete: number
  rowsReceived: number
  /** Of those collections whose sender said how many; null where none did. */
  rowsExpected: number | null
  rowsRejected: number
  updatedAt: Date
}

/** Hunts with what came of what was announced, incomplete ones first. A hunt of several orgs is one in each. */
export async function listHunts(
  scope: ReadScope,
  { limit, skip = 0, incomplete }: { limit: number; skip?: number | undefined; incomplete: boolean },
) {
  const only = incomplete ? sql`where incomplete > 0` : sql``
  const { rows } = await sql<Hunt & { total: number }>`
    select h.*, count(*) over ()::int as total from (${hunts(scope)}) h ${only}
    order by (incomplete > 0) desc, updated_at desc, hunt_id, server_id limit ${limit} offset ${skip}`.execute(scope.db)
  const total = rows[0]?.total ?? 0
  const end = skip + rows.length
  return { rows: rows.map(({ total: _, ...hunt }) => hunt), total, nextCursor: end < total ? end : null }
}
