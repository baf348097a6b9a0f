import { sql } from 'kysely'
import type { ReadScope } from '../../scope.ts'
import { announced, lacking } from '../queries.ts'

interface TenantHealth {
  tenantId: number
  hosts: number
  /** Of these: seen within a day. */
  reporting: number
  /** When rows came last. */
  newest: Date | null
  incomplete: number
  /** Lines that are no rows and were not stored since. */
  setAside: number
}

/** How each tenant that has hosts does: one pass for each column, whatever the number of tenants. */
export async function healthByTenant(scope: ReadScope, now: Date): Promise<TenantHealth[]> {
  const within = (column: string) =>
    scope.tenantId === 'all' ? sql`true` : sql`${sql.ref(column)} = ${scope.tenantId}`
  const dayAgo = new Date(now.getTime() - 86_400_000)
  const { rows } = await sql<TenantHealth>`
    with known as (
      select h.tenant_id, count(*)::int as hosts, (count(*) filter (where h.last_seen >= ${dayAgo}))::int as reporting
      from hosts h where ${within('h.tenant_id')} group by 1
    ), missing as (
      select c.tenant_id, count(*)::int as n from collections c
      left join (${lacking(scope)}) m on m.tenant_id = c.tenant_id and m.collection_id = c.id
      where ${within('c.tenant_id')} and (coalesce(m.lacks, false) or coalesce(m.received, 0) < coalesce(${announced}, 0))
      group by 1
    ), aside as (
      select r.tenant_id, count(*)::int as n from rejected_rows r
      where ${within('r.tenant_id')} and r.resolved_at is null group by 1
    )
    select known.*, d.received_at as newest, coalesce(missing.n, 0) as incomplete, coalesce(aside.n, 0) as set_aside
    from known
    left join missing on missing.tenant_id = known.tenant_id
    left join aside on aside.tenant_id = known.tenant_id
    left join lateral (
      select received_at from deliveries d
      where d.tenant_id = known.tenant_id and d.rows_stored > 0 order by d.received_at desc limit 1
    ) d on true
    order by known.tenant_id`.execute(scope.db)
  return rows
}
