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
