import { sql } from 'kysely'
import { bitsFor, type WantedGrams } from '../evidence/grams.ts'
import type { ReadScope } from '../scope.ts'
import { bigintIn, bigintsIn, copied, intIn, intsIn, tenantIn, type Tuple, tuplesOf } from './plan/copied.ts'

/** A block that may hold rows of an answer. */
export interface Candidate {
  tenantId: number
  blockId: number
  sourceId: number
  n: number
  /** Event times in microseconds since 1970. */
  tMin: number
  tMax: number
  rawBytes: number
  /** Of `n`: rows that are left out, as their numbered copy is here. */
  superseded: number
  /** Fields without a column; null when it is not known. While it is not 0, a field is looked for in the lines. */
  cappedFields: number | null
}

/** Consecutive rows of a block: `n` from `blockRow` on are the source's rows from `firstRow` on. */
export interface Run {
  tenantId: number
  blockId: number
  blockRow: number
  n: number
  collectionId: number
  sourceId: number
  firstRow: number
  hostId: number
  superseded: boolean
}

export interface BlockFilter {
  sources: number[] | undefined
  /** Whether blocks count whose rows are all superseded. */
  superseded: boolean
  /** Event times, both inclusive. */
  since: number
  until: number
}

export type BlockKey = Pick<Candidate, 'tenantId' | 'blockId'>

/** One tenant's condition, or none for a reader of all. */
export const inScope = (scope: ReadScope, column: string) =>
  scope.tenantId === 'all' ? sql`true` : sql`${sql.ref(column)} = ${scope.tenantId}`

/** Keys as a table. */
const wanted = (keys: BlockKey[]) =>
  `unnest(${intsIn(keys.map((k) => k.tenantId))}, ${bigintsIn(keys.map((k) => k.blockId))}) as w(tenant_id, block_id)`

/** Each row of a table by itself: to the planner, a join is also a reading of the whole tenant. */
const each = (table: string, as: string, keys: string[], of: string) =>
  `cross join lateral (select * from ${table} x where ${keys.map((key) => `x.${key} = ${of}.${key}`).join(' and ')} offset 0) ${as}`

const blockKeys = ['tenant_id', 'block_id']

export async function termKey(scope: ReadScope): Promise<Uint8Array> {
  return (await scope.db.selectFrom('installation').select('termKey').executeTakeFirstOrThrow()).termKey
}

const candidateColumns =
  'b.tenant_id, b.block_id, b.source_id, b.n, b.t_min, b.t_max, b.raw_bytes, b.superseded, b.capped_fields'

const conditionsOf = (scope: ReadScope, { sources, superseded, since, until }: BlockFilter) =>
  [
    tenantIn(scope, 'b.tenant_id'),
    `b.t_max >= ${bigintIn(since)} and b.t_min <= ${bigintIn(until)}`,
    ...(superseded ? [] : ['b.superseded < b.n']),
    ...(sources ? [`b.source_id = any (${intsIn(sources)})`] : []),
  ].join(' and ')

const candidateOf = (tuple: Tuple): Candidate => ({
  tenantId: tuple.int(0),
  blockId: tuple.bigint(1),
  sourceId: tuple.int(2),
  n: tuple.int(3),
  tMin: tuple.bigint(4),
  tMax: tuple.bigint(5),
  rawBytes: tuple.int(6),
  superseded: tuple.int(7),
  cappedFields: tuple.isNull(8) ? null : tuple.int(8),
})

async function candidates(scope: ReadScope, from: string, filter: BlockFilter): Promise<Candidate[]> {
  const select = `select ${candidateColumns} from ${from} where ${conditionsOf(scope, filter)}`
  const [copy] = await copied(scope, [select])
  return tuplesOf(copy!, 9, candidateOf)
}

const joined = each('blocks', 'b', blockKeys, 'f')

/** Blocks whose terms hold all of these hashes; through functions, as GIN indexes are off under row-level security. */
export async function blocksWithTerms(scope: ReadScope, terms: number[], filter: BlockFilter): Promise<Candidate[]> {
  const times = `${bigintIn(filter.since)}, ${bigintIn(filter.until)}`
  const sources = filter.sources ? intsIn(filter.sources) : 'null'
  const found =
    scope.tenantId === 'all'
      ? `find_blocks_everywhere(${intsIn(terms)}, ${times})`
      : `find_blocks(${intIn(scope.tenantId)}, ${intsIn(terms)}, ${sources}, ${times})`
  return candidates(scope, `${found} f ${joined}`, filter)
}

/** All blocks of the sources and times; with keys, only those. */
export const blocksOf = (scope: ReadScope, filter: BlockFilter, keys?: BlockKey[]): Promise<Candidate[]> =>
  candidates(scope, keys ? `${wanted(keys)} ${each('blocks', 'b', blockKeys, 'w')}` : 'blocks b', filter)

export const runColumns = sql`r.tenant_id, r.block_id, r.block_row, r.n, r.collection_id, r.source_id, r.first_row, r.host_id, r.superseded`

/** Blocks with rows of hosts and collections, each once; undefined means any. */
export async function blocksWithRuns(
  scope: ReadScope,
  { hosts, collections }: { hosts: number[] | undefined; collections: number[] | undefined },
): Promise<BlockKey[]> {
  const { rows } = await sql<BlockKey>`
    select distinct r.tenant_id, r.block_id from runs r
    where ${inScope(scope, 'r.tenant_id')}
      and (${hosts ?? null}::bigint[] is null or r.host_id = any (${hosts ?? []}::bigint[]))
      and (${collections ?? null}::bigint[] is null or r.collection_id = any (${collections ?? []}::bigint[]))
    order by r.block_id
  `.execute(scope.db)
  return rows
}

/** The event times of blocks: field 0. */
export async function eventTimesOf(
  scope: ReadScope,
  blocks: Pick<Candidate, 'tenantId' | 'sourceId' | 'blockId'>[],
): Promise<Map<number, Buffer>> {
  if (blocks.length === 0) return new Map()
  const keys = blocks.map((block) => ({ ...block, fieldId: 0 }))
  const [copy] = await copied(scope, [partsOf.columns(scope, keys)])
  return new Map(chunksIn(copy!).map(({ blockId, chunk }) => [blockId, chunk]))
}

export interface ColumnKey extends BlockKey {
  sourceId: number
  fieldId: number
}

/** What is read of some blocks; a selection for each part, so that all of them are one round trip. */
export const partsOf = {
  /** (block, row in it, rows, collection, number of the first, host, superseded), by block and row. */
  runs: (scope: ReadScope, keys: BlockKey[], more = '') =>
    `select r.block_id, r.block_row, r.n, r.collection_id, r.first_row, r.host_id, r.superseded${more}
     from ${wanted(keys)} ${each('runs', 'r', blockKeys, 'w')}
     where ${tenantIn(scope, 'r.tenant_id')} order by r.block_id, r.block_row`,
  /** (block, text) */
  texts: (scope: ReadScope, keys: BlockKey[]) =>
    `select b.block_id, b.text from ${wanted(keys)} ${each('blocks', 'b', blockKeys, 'w')}
     where ${tenantIn(scope, 'b.tenant_id')}`,
  /** (block, field, chunk); those that a block does not have are left out. */
  columns: (scope: ReadScope, keys: ColumnKey[]) =>
    `select c.block_id, c.field_id, c.chunk
     from unnest(${intsIn(keys.map((k) => k.tenantId))}, ${intsIn(keys.map((k) => k.sourceId))}, ${intsIn(keys.map((k) => k.fieldId))}, ${bigintsIn(keys.map((k) => k.blockId))})
       as w(tenant_id, source_id, field_id, block_id)
     ${each('block_columns', 'c', ['tenant_id', 'source_id', 'field_id', 'block_id'], 'w')}
     where ${tenantIn(scope, 'c.tenant_id')}`,
  /** The same of the time columns, told by the kind in a chunk's second byte. */
  timeColumns: (scope: ReadScope, blocks: Pick<Candidate, 'sourceId' | 'blockId'>[]) =>
    `select c.block_id, c.field_id, c.chunk from block_columns c
     where ${tenantIn(scope, 'c.tenant_id')} and c.source_id = any (${intsIn([...new Set(blocks.map((b) => b.sourceId))])})
       and c.field_id > 0 and c.block_id = any (${bigintsIn(blocks.map((b) => b.blockId))}) and get_byte(c.chunk, 1) = 2`,
  /** (block, frames of its lines, where each begins and the last ends) */
  raw: (scope: ReadScope, keys: BlockKey[]) =>
    `select b.block_id, b.raw, b.frames from ${wanted(keys)} ${each('blocks', 'b', blockKeys, 'w')}
     where ${tenantIn(scope, 'b.tenant_id')}`,
}

export async function runsOf(scope: ReadScope, keys: BlockKey[]): Promise<Run[]> {
  if (keys.length === 0) return []
  const ofBlock = new Map(keys.map((key) => [key.blockId, key]))
  const [copy] = await copied(scope, [partsOf.runs(scope, keys, ', r.source_id')])
  return tuplesOf(copy!, 8, (tuple) => ({
    tenantId: ofBlock.get(tuple.bigint(0))!.tenantId,
    blockId: tuple.bigint(0),
    blockRow: tuple.int(1),
    n: tuple.int(2),
    collectionId: tuple.bigint(3),
    firstRow: tuple.bigint(4),
    hostId: tuple.bigint(5),
    superseded: tuple.isTrue(6),
    sourceId: tuple.int(7),
  }))
}

/** Chunks of columns by `<block>.<field>`; those that a block does not have are left out. */
export async function columnsOf(scope: ReadScope, keys: ColumnKey[]): Promise<Map<string, Buffer>> {
  if (keys.length === 0) return new Map()
  const [copy] = await copied(scope, [partsOf.columns(scope, keys)])
  return new Map(chunksIn(copy!).map(({ blockId, fieldId, chunk }) => [`${blockId}.${fieldId}`, chunk]))
}

/** The time columns of blocks, told by the kind in a chunk's second byte. */
export async function timeColumnsOf(scope: ReadScope, blocks: Pick<Candidate, 'sourceId' | 'blockId'>[]) {
  if (blocks.length === 0) return []
  const [copy] = await copied(scope, [partsOf.timeColumns(scope, blocks)])
  return chunksIn(copy!)
}

const chunksIn = (copy: Buffer) =>
  tuplesOf(copy, 3, (tuple) => ({ blockId: tuple.bigint(0), fieldId: tuple.int(1), chunk: tuple.bytes(2) }))

export interface AnyOf extends Candidate {
  /** Which of the terms the block holds. */
  hits: number[]
}

/** Blocks whose terms hold at least one of these hashes. */
export async function blocksWithAny(scope: ReadScope, terms: number[], filter: BlockFilter): Promise<AnyOf[]> {
  const asked = `${intsIn(terms)}, ${bigintIn(filter.since)}, ${bigintIn(filter.until)}`
  const found =
    scope.tenantId === 'all'
      ? `find_blocks_any_everywhere(${asked})`
      : `find_blocks_any(${intIn(scope.tenantId)}, ${asked})`
  const select = `select ${candidateColumns}, f.hits from ${found} f ${joined} where ${conditionsOf(scope, filter)}`
  const [copy] = await copied(scope, [select])
  return tuplesOf(copy!, 10, (tuple) => ({ ...candidateOf(tuple), hits: tuple.ints(9) }))
}

/** Blocks that may contain a text, by its grams or a filter of them; those of which neither is known are among them. */
export async function blocksContaining(
  scope: ReadScope,
  grams: WantedGrams,
  filter: BlockFilter,
): Promise<Candidate[]> {
  const wantedGrams =
    'all' in grams ? `${intsIn(grams.all)}, null, ${intsIn(bitsFor(grams.all))}` : `null, ${intsIn(grams.any)}, null`
  const asked = `${wantedGrams}, ${bigintIn(filter.since)}, ${bigintIn(filter.until)}`
  const found =
    scope.tenantId === 'all'
      ? `find_blocks_containing_everywhere(${asked})`
      : `find_blocks_containing(${intIn(scope.tenantId)}, ${asked})`
  return candidates(scope, `${found} f ${joined}`, filter)
}

export async function storedBlocks(scope: ReadScope): Promise<number> {
  const { n } = await scope.db
    .selectFrom('blocks')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where(sql<boolean>`${inScope(scope, 'tenant_id')}`)
    .executeTakeFirstOrThrow()
  return n
}
