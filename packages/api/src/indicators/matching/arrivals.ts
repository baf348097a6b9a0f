import type { Database } from '@velocicompanion/db'
import { sql } from 'kysely'
import { asReader } from '../../ingestion/imports/files.ts'
import type { TenantScope } from '../../scope.ts'

/** How far arriving blocks were matched. */
export interface Watermark {
  done: number
  next: number
  /** Whether no block numbered up to `next` can arrive any more. */
  settled: boolean
  /** The newest number, and the first transaction that may still take one. */
  number: number
  xid: string
}

/** Taken before the blocks are listed, so that what it says of transactions holds for the list. */
export async function watermark({ db }: Database): Promise<Watermark> {
  const { rows } = await sql<Watermark>`
select done_number as done, next_number as next, pg_snapshot_xmin(pg_current_snapshot()) >= next_xid::xid8 as settled,
  coalesce(pg_sequence_last_value('block_numbers'), 0) as number, pg_snapshot_xmax(pg_current_snapshot())::text as xid
from matched_blocks`.execute(db)
  return rows[0]!
}

/** Moves on to a number that was seen so long ago that who took it has begun to write, and is known by its transaction. */
export const moveOn = ({ db }: Database, { done, next, xid }: Watermark, number: number) =>
  sql`update matched_blocks set done_number = ${next}, next_number = greatest(next_number, ${number}::bigint), next_xid = ${xid}
where done_number = ${done}::bigint and next_number = ${next}::bigint`.execute(db)

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

/** A tenant's blocks that are numbered beyond `done`, whichever month they belong to. */
export async function blocksBeyond({ db, tenantId }: TenantScope, done: number, known: number[], limit: number) {
  const { rows } = await sql<{ blockId: number }>`
select b.block_id from generate_series(
    (select min(block_id) >> 40 from blocks where tenant_id = ${tenantId}), (select max(block_id) >> 40 from blocks where tenant_id = ${tenantId})) m
cross join lateral (select block_id from blocks where tenant_id = ${tenantId}
  and block_id > (m << 40) + ${done}::bigint and block_id < ((m + 1) << 40)) b
where b.block_id <> all (${known}::bigint[])
order by b.block_id & ((1::bigint << 40) - 1) limit ${limit}`.execute(db)
  return rows.map(({ blockId }) => blockId)
}
