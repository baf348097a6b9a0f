import type { Database } from '@velocicompanion/db'
import { sql } from 'kysely'
import { inTenant, type TenantScope } from '../../scope.ts'

/** How far arriving blocks were followed. */
interface Watermark {
  done: number
  next: number
  /** Whether no block numbered up to `next` can arrive any more. */
  settled: boolean
  /** The newest number, and the first transaction that may still take one. */
  number: number
  xid: string
}

interface Following {
  database: Database
  now(): Date
  /** The table of its watermark. */
  table: 'matched_blocks' | 'ruled_blocks'
  tenants(): Promise<number[]>
  /** Does what is to be done with some blocks, and commits it. */
  work(tenantId: number, blockIds: number[], signal: AbortSignal): Promise<void>
}

const blocksAtOnce = 100
/** Ingestion takes the numbers of blocks ahead, and uses none after 60 s (ingestion/numbers.ts). */
const keptAheadMs = 90_000

/**
 * Does something with each block that arrives. One counts as done when that is committed; what a process lost on the way is done
 * again, so it must not matter how often.
 */
export function followBlocks({ database, now, table, tenants, work }: Following) {
  /** Blocks beyond the watermark that this process has done. */
  let done = new Set<number>()
  const seen: { at: number; number: number }[] = []
  return async (signal: AbortSignal) => {
    const mark = await watermark(database, table)
    for (const tenantId of await tenants()) {
      for (;;) {
        if (signal.aborted) return
        const ids = await inTenant(database.db, tenantId, (scope) => blocksBeyond(scope, mark.done, [...done]))
        if (ids.length === 0) break
        await work(tenantId, ids, signal)
        for (const id of ids) done.add(id)
      }
    }
    if (!signal.aborted && mark.settled && mark.number > mark.done) {
      const old = seen.findLast(({ at }) => at <= now().getTime() - keptAheadMs)
      await moveOn(database, table, mark, old?.number ?? 0)
      done = new Set([...done].filter((id) => id % 2 ** 40 > mark.next))
    }
    seen.push({ at: now().getTime(), number: mark.number })
    while (seen[1] && seen[1].at <= now().getTime() - keptAheadMs) seen.shift()
  }
}

/** Taken before the blocks are listed, so that what it says of transactions holds for the list. */
async function watermark({ db }: Database, table: Following['table']): Promise<Watermark> {
  const { rows } = await sql<Watermark>`
select done_number as done, next_number as next, pg_snapshot_xmin(pg_current_snapshot()) >= next_xid::xid8 as settled,
  coalesce(pg_sequence_last_value('block_numbers'), 0) as number, pg_snapshot_xmax(pg_current_snapshot())::text as xid
from ${sql.table(table)}`.execute(db)
  return rows[0]!
}

/** Moves on to a number that was seen so long ago that who took it has begun to write, and is known by its transaction. */
const moveOn = ({ db }: Database, table: Following['table'], { done, next, xid }: Watermark, number: number) =>
  sql`update ${sql.table(table)} set done_number = ${next}, next_number = greatest(next_number, ${number}::bigint), next_xid = ${xid}
where done_number = ${done}::bigint and next_number = ${next}::bigint`.execute(db)

/** A tenant's blocks that are numbered beyond `done`, whichever month they belong to. */
async function blocksBeyond({ db, tenantId }: TenantScope, done: number, known: number[]) {
  const { rows } = await sql<{ blockId: number }>`
select b.block_id from generate_series(
    (select min(block_id) >> 40 from blocks where tenant_id = ${tenantId}), (select max(block_id) >> 40 from blocks where tenant_id = ${tenantId})) m
cross join lateral (select block_id from blocks where tenant_id = ${tenantId}
  and block_id > (m << 40) + ${done}::bigint and block_id < ((m + 1) << 40)) b
where b.block_id <> all (${known}::bigint[])
order by b.block_id & ((1::bigint << 40) - 1) limit ${blocksAtOnce}`.execute(db)
  return rows.map(({ blockId }) => blockId)
}
