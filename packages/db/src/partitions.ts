import { sql, type Kysely } from 'kysely'
import type { Roles } from './roles.ts'

const monthsAhead = 2

/**
 * Makes the evidence partitions of this month and the next two. A month whose rows came first went to the default
 * partition, which then refuses a partition of that month: so this runs with the migrations, before rows are taken in.
 */
export const makePartitions = <T>(db: Kysely<T>, roles: Roles) =>
  db.transaction().execute(async (trx) => {
    // Two servers that start at once would both find the partition missing.
    await sql`select pg_advisory_xact_lock(7305806)`.execute(trx)
    await sql.raw(`set local role ${roles.evidence}; select make_block_partitions(${monthsAhead})`).execute(trx)
  })

/**
 * Drops the oldest month before this one in which nothing is kept; returns whether there was one. It needs a moment in which
 * nobody reads evidence: when that does not come soon it throws, and the next try may have it.
 */
export const dropEmptyPartition = <T>(db: Kysely<T>, roles: Roles) =>
  db.transaction().execute(async (trx) => {
    // Shorter than the time after which the server looks for deadlocks: whoever searches is never the one to fail.
    await sql.raw(`set local role ${roles.evidence}; set local lock_timeout = 500`).execute(trx)
    const { rows } = await sql<{ month: number | null }>`select drop_empty_block_partition() as month`.execute(trx)
    return rows[0]!.month !== null
  })
