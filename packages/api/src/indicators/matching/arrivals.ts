import type { Database } from '@velocicompanion/db'
import { sql } from 'kysely'
import { asReader } from '../../ingestion/imports/files.ts'

/** Tenants that match against anything. */
export const tenantsMatching = (database: Database): Promise<number[]> =>
  asReader(database, async (trx) => {
    const { rows } = await sql<{ id: number }>`
select distinct t.id from indicator_lists l join tenants t on t.id = l.tenant_id or t.id = any (l.shared_with)
where l.deleted_at is null and l.active and not l.benign and l.last_indicator > 0 and coalesce(l.valid_until > now(), true)`.execute(
      trx,
    )
    return rows.map(({ id }) => id)
  })
