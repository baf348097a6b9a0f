import { sql } from 'kysely'
import type { Database } from '@velocicompanion/db'
import { inTenant, type TenantScope } from '../scope.ts'
import { type StoredBlock, type StoredRun, worthJoining } from './rules.ts'

/** Blocks and their runs, as one moment has them: in the order of the ids, runs in the order of rows. */
export const readBlocks = (database: Database, tenantId: number, ids: number[]) =>
  inTenant(
    database.db,
    tenantId,
    async ({ db }) => {
      const { rows: blocks } = await sql<StoredBlock>`
select b.block_id, b.source_id, b.n, b.t_min, b.t_max, b.raw, b.frames, b.received_at, c.chunk as times
from unnest(${ids}::bigint[]) with ordinality w(block_id, place)
join blocks b on b.tenant_id = ${tenantId} and b.block_id = w.block_id
left join block_columns c on c.tenant_id = ${tenantId} and c.source_id = b.source_id and c.field_id = 0 and c.block_id = b.block_id
order by w.place`.execute(db)
      const { rows: runs } = await sql<StoredRun>`
select block_id, block_row, n, collection_id, first_row, host_id, superseded, sha256 from runs
where tenant_id = ${tenantId} and block_id = any (${ids}::bigint[]) order by block_id, block_row`.execute(db)
      return { blocks, runs: Map.groupBy(runs, (run) => run.blockId) }
    },
    { snapshot: true },
  )

/** Notes a block whose lines are not those that were stored. */
export const noteDamage = (database: Database, tenantId: number, block: StoredBlock, reason: string) =>
  inTenant(database.db, tenantId, ({ db }) =>
    db
      .insertInto('damagedBlocks')
      .values({ tenantId, blockId: block.blockId, sourceId: block.sourceId, rows: block.n, reason })
      .onConflict((oc) => oc.columns(['tenantId', 'blockId']).doUpdateSet({ reason, foundAt: sql`now()` }))
      .execute(),
  )

const inEvery = <T>({ db, roles }: Database, work: (trx: TenantScope['db']) => Promise<T>) =>
  db.transaction().execute(async (trx) => {
    await sql.raw(`set transaction read only; set local role ${roles.reader}`).execute(trx)
    return work(trx)
  })

export const tenantIds = async (database: Database) =>
  (await inEvery(database, (trx) => trx.selectFrom('tenants').select('id').orderBy('id').execute())).map((t) => t.id)

/** Blocks are numbered across months by the lower part of their ids. */
const numbered = (until: number) => sql`b.block_id & ((1::bigint << 40) - 1) <= ${until}::bigint`

/** How many blocks, of all tenants, are numbered up to `until`. */
export const blocksUpTo = (database: Database, until: number) =>
  inEvery(database, async (trx) => {
    const { rows } = await sql<{ n: number }>`select count(*) as n from blocks b where ${numbered(until)}`.execute(trx)
    return rows[0]!.n
  })

/** Blocks of a tenant behind `after`, by their ids, that are numbered up to `until`. */
export const nextUpTo = (database: Database, tenantId: number, after: number, until: number) =>
  inTenant(database.db, tenantId, async ({ db }) => {
    const { rows } = await sql<{ blockId: number }>`
select b.block_id from blocks b where b.tenant_id = ${tenantId} and b.block_id > ${after}::bigint and ${numbered(until)}
order by b.block_id limit 500`.execute(db)
    return rows.map((row) => row.blockId)
  })

export interface BlockOfTenant {
  tenantId: number
  blockId: number
}

/** Sound blocks that lack a part. */
export const blocksWithoutParts = (database: Database) =>
  inEvery(database, async (trx) => {
    const { rows } = await sql<BlockOfTenant>`
select b.tenant_id, b.block_id from blocks b where (b.text is null or (b.grams is null and b.gram_bits is null) or b.capped_fields is null)
  and not exists (select from damaged_blocks d where d.tenant_id = b.tenant_id and d.block_id = b.block_id)
order by b.tenant_id, b.block_id limit 500`.execute(trx)
    return rows
  })

/** Blocks of all tenants in an order that does not change, behind one of them. */
export const blocksBehind = (database: Database, { tenantId, blockId }: BlockOfTenant, most: number) =>
  inEvery(database, async (trx) => {
    const { rows } = await sql<BlockOfTenant>`
select b.tenant_id, b.block_id from blocks b where (b.tenant_id, b.block_id) > (${tenantId}::int, ${blockId}::bigint)
order by b.tenant_id, b.block_id limit ${most}`.execute(trx)
    return rows
  })

export interface Damaged {
  tenantId: number
  blockId: number
  source: string
  rows: number
  reason: string
  foundAt: Date
}

/** Blocks that were found damaged and are still stored, the newest first. */
export const damagedBlocks = (database: Database) =>
  inEvery(database, async (trx) => {
    const { rows } = await sql<Damaged>`
select d.tenant_id, d.block_id, s.name as source, d.rows, d.reason, d.found_at from damaged_blocks d
join sources s on s.tenant_id = d.tenant_id and s.id = d.source_id
join blocks b on b.tenant_id = d.tenant_id and b.block_id = d.block_id
order by d.found_at desc, d.tenant_id, d.block_id limit 1000`.execute(trx)
    return rows
  })

export interface ReindexRun {
  id: number
  untilNumber: number
}

/** The run that is open, or a new one over all blocks that are there now. */
export async function openRun({ db }: Database): Promise<ReindexRun> {
  await sql`insert into reindex_runs (until_number) select nextval('block_numbers')
where not exists (select from reindex_runs where ended_at is null) on conflict do nothing`.execute(db)
  return db
    .selectFrom('reindexRuns')
    .select(['id', 'untilNumber'])
    .where('endedAt', 'is', null)
    .executeTakeFirstOrThrow()
}

export const countDone = ({ db }: Database, { id }: ReindexRun, rows: number) =>
  db
    .updateTable('reindexRuns')
    .set((eb) => ({ blocks: eb('blocks', '+', 1), rows: eb('rows', '+', rows) }))
    .where('id', '=', id)
    .execute()

export const endRun = ({ db }: Database, { id }: ReindexRun) =>
  db
    .updateTable('reindexRuns')
    .set((eb) => ({ endedAt: eb.fn.coalesce('endedAt', sql<Date>`now()`) }))
    .where('id', '=', id)
    .returning(['blocks', 'rows'])
    .executeTakeFirstOrThrow()

/** Blocks of one source that were received on one day, and so go on one day. */
export interface DayOfSource {
  tenantId: number
  sourceId: number
  /** In UTC. */
  day: string
  /** Nothing more is received on it. */
  over: boolean
}

/** Blocks that are so young may have neighbours on their way. */
const settled = sql`b.received_at < now() - interval '5 minutes'`
const dayOf = sql`(b.received_at at time zone 'UTC')::date`
/** Each field of a source is looked for in each block that goes. */
const mostFields = 5000

/** Days of sources with many small blocks, and those that are over with any. */
export const daysToJoin = (database: Database) =>
  inEvery(database, async (trx) => {
    const { rows } = await sql<DayOfSource>`
select g.tenant_id, g.source_id, g.day::text as day, g.day < (now() at time zone 'UTC')::date as over from (
  select b.tenant_id, b.source_id, ${dayOf} as day, count(*) as n from blocks b
  where b.gram_bits is not null and ${settled}
    and not exists (select from damaged_blocks d where d.tenant_id = b.tenant_id and d.block_id = b.block_id) group by 1, 2, 3) g
where (g.n >= ${worthJoining} or g.day < (now() at time zone 'UTC')::date)
  and (select count(*) from fields f where f.tenant_id = g.tenant_id and f.source_id = g.source_id) <= ${mostFields}
order by 1, 2, 3`.execute(trx)
    return rows
  })

const mostAtOnce = 5000

/** Sound small blocks of a day in the order of their events: what is joined then covers little time, and a page reads few. */
export const smallBlocks = (database: Database, { tenantId, sourceId, day }: DayOfSource) =>
  inTenant(database.db, tenantId, async ({ db }) => {
    const { rows } = await sql<{ blockId: number; n: number; rawBytes: number }>`
select b.block_id, b.n, b.raw_bytes from blocks b
where b.tenant_id = ${tenantId} and b.source_id = ${sourceId} and b.gram_bits is not null
  and b.received_at >= ${day}::timestamp at time zone 'UTC' and b.received_at < (${day}::timestamp + interval '1 day') at time zone 'UTC' and ${settled}
  and not exists (select from damaged_blocks d where d.tenant_id = b.tenant_id and d.block_id = b.block_id)
order by b.t_min, b.block_id limit ${mostAtOnce}`.execute(db)
    return rows
  })
