import { sql } from 'kysely'
import { bitsFor, type WantedGrams } from '../evidence/grams.ts'
import type { ReadScope } from '../scope.ts'

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

/** Arrays of keys as a table, so that each block is one look-up by its primary key, in one tenant or in all. */
const wanted = (keys: BlockKey[]) =>
  sql`unnest(${keys.map((k) => k.tenantId)}::int[], ${keys.map((k) => k.blockId)}::bigint[]) as w(tenant_id, block_id)`

/** bigint parameters go as text: beyond 2^53 a number would be written with an exponent. */
const bigint = (value: number) => sql`${BigInt(Math.max(-9e18, Math.min(9e18, value))).toString()}::bigint`

export async function termKey(scope: ReadScope): Promise<Uint8Array> {
  return (await scope.db.selectFrom('installation').select('termKey').executeTakeFirstOrThrow()).termKey
}

/** Hosts by hostname, FQDN or client id, in any case. */
export async function hostIdsOf(scope: ReadScope, name: string): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    select id from hosts
    where ${inScope(scope, 'tenant_id')}
      and (lower(hostname) = lower(${name}) or lower(fqdn) = lower(${name}) or lower(client_id) = lower(${name}))
  `.execute(scope.db)
  return rows.map((row) => row.id)
}

const candidateColumns = sql`b.tenant_id, b.block_id, b.source_id, b.n, b.t_min, b.t_max, b.raw_bytes, b.superseded, b.capped_fields`

const counted = ({ superseded }: BlockFilter) => (superseded ? sql`true` : sql`b.superseded < b.n`)

/** Blocks whose terms hold all of these hashes; through functions, as GIN indexes are off under row-level security. */
export async function blocksWithTerms(scope: ReadScope, terms: number[], filter: BlockFilter): Promise<Candidate[]> {
  const { sources, since, until } = filter
  const found =
    scope.tenantId === 'all'
      ? sql`find_blocks_everywhere(${terms}::int[], ${bigint(since)}, ${bigint(until)})`
      : sql`find_blocks(${scope.tenantId}::int, ${terms}::int[], ${sources ?? null}::int[], ${bigint(since)}, ${bigint(until)})`
  const { rows } = await sql<Candidate>`
    select ${candidateColumns} from ${found} f join blocks b on b.tenant_id = f.tenant_id and b.block_id = f.block_id
    where ${inScope(scope, 'b.tenant_id')} and ${counted(filter)} and (${sources ?? null}::int[] is null or f.source_id = any (${sources ?? []}::int[]))
  `.execute(scope.db)
  return rows
}

/** All blocks of the sources and times; with keys, only those. */
export async function blocksOf(scope: ReadScope, filter: BlockFilter, keys?: BlockKey[]): Promise<Candidate[]> {
  const { sources, since, until } = filter
  const from = keys ? sql`${wanted(keys)} join blocks b using (tenant_id, block_id)` : sql`blocks b`
  const { rows } = await sql<Candidate>`
    select ${candidateColumns} from ${from}
    where ${inScope(scope, 'b.tenant_id')} and ${counted(filter)} and b.t_max >= ${bigint(since)} and b.t_min <= ${bigint(until)}
      and (${sources ?? null}::int[] is null or b.source_id = any (${sources ?? []}::int[]))
  `.execute(scope.db)
  return rows
}

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

export async function runsOf(scope: ReadScope, keys: BlockKey[]): Promise<Run[]> {
  if (keys.length === 0) return []
  const { rows } = await sql<Run>`
    select ${runColumns} from ${wanted(keys)} join runs r using (tenant_id, block_id)
    where ${inScope(scope, 'r.tenant_id')} order by r.block_id, r.block_row
  `.execute(scope.db)
  return rows
}

export async function textsOf(scope: ReadScope, keys: BlockKey[]): Promise<Map<number, Buffer>> {
  if (keys.length === 0) return new Map()
  const { rows } = await sql<{ blockId: number; text: Buffer }>`
    select b.block_id, b.text from ${wanted(keys)} join blocks b using (tenant_id, block_id)
    where ${inScope(scope, 'b.tenant_id')}
  `.execute(scope.db)
  return new Map(rows.map((row) => [row.blockId, row.text]))
}

/** The event times of blocks: field 0. */
export async function eventTimesOf(
  scope: ReadScope,
  blocks: Pick<Candidate, 'tenantId' | 'sourceId' | 'blockId'>[],
): Promise<Map<number, Buffer>> {
  if (blocks.length === 0) return new Map()
  const { rows } = await sql<{ blockId: number; chunk: Buffer }>`
    select c.block_id, c.chunk
    from unnest(${blocks.map((b) => b.tenantId)}::int[], ${blocks.map((b) => b.sourceId)}::int[], ${blocks.map((b) => b.blockId)}::bigint[])
      as w(tenant_id, source_id, block_id)
    join block_columns c using (tenant_id, source_id, block_id)
    where ${inScope(scope, 'c.tenant_id')} and c.field_id = 0
  `.execute(scope.db)
  return new Map(rows.map((row) => [row.blockId, row.chunk]))
}

export interface ColumnKey extends BlockKey {
  sourceId: number
  fieldId: number
}

/** Chunks of columns by `<block>.<field>`; those that a block does not have are left out. */
export async function columnsOf(scope: ReadScope, keys: ColumnKey[]): Promise<Map<string, Buffer>> {
  if (keys.length === 0) return new Map()
  const { rows } = await sql<{ blockId: number; fieldId: number; chunk: Buffer }>`
    select c.block_id, c.field_id, c.chunk
    from unnest(${keys.map((k) => k.tenantId)}::int[], ${keys.map((k) => k.sourceId)}::int[], ${keys.map((k) => k.fieldId)}::int[], ${keys.map((k) => k.blockId)}::bigint[])
      as w(tenant_id, source_id, field_id, block_id)
    join block_columns c using (tenant_id, source_id, field_id, block_id)
    where ${inScope(scope, 'c.tenant_id')}
  `.execute(scope.db)
  return new Map(rows.map((row) => [`${row.blockId}.${row.fieldId}`, row.chunk]))
}

/** The time columns of blocks, told by the kind in a chunk's second byte. */
export async function timeColumnsOf(scope: ReadScope, blocks: Pick<Candidate, 'sourceId' | 'blockId'>[]) {
  if (blocks.length === 0) return []
  const { rows } = await sql<{ blockId: number; fieldId: number; chunk: Buffer }>`
    select c.block_id, c.field_id, c.chunk from block_columns c
    where ${inScope(scope, 'c.tenant_id')} and c.source_id = any (${[...new Set(blocks.map((b) => b.sourceId))]}::int[])
      and c.field_id > 0 and c.block_id = any (${blocks.map((b) => b.blockId)}::bigint[]) and get_byte(c.chunk, 1) = 2
  `.execute(scope.db)
  return rows
}

/** All frames of blocks. */
export async function rawOf(scope: ReadScope, keys: BlockKey[]) {
  if (keys.length === 0) return new Map<number, { bytes: Buffer; frames: number[] }>()
  const { rows } = await sql<{ blockId: number; raw: Buffer; frames: number[] }>`
    select b.block_id, b.raw, b.frames from ${wanted(keys)} join blocks b using (tenant_id, block_id)
    where ${inScope(scope, 'b.tenant_id')}
  `.execute(scope.db)
  return new Map(rows.map((row) => [row.blockId, { bytes: row.raw, frames: row.frames }]))
}

export interface KnownField {
  sourceId: number
  fieldId: number
  path: string[]
}

/**
 * Fields whose path begins like one of the names: the names' own, those below them, and those above, which may hold them in an
 * array. The folding of other than ASCII letters is JavaScript's, so those paths are all given, as are those with half a character.
 */
export async function fieldsLike(
  scope: ReadScope,
  names: string[],
  sources: number[] | undefined,
): Promise<KnownField[]> {
  const starts = names.map((name) => `["${JSON.stringify(name.split('.')[0]).slice(1, -1)}`)
  const { rows } = await sql<{ sourceId: number; id: number; path: string }>`
    select f.source_id, f.id, f.path from fields f
    where ${inScope(scope, 'f.tenant_id')} and (${sources ?? null}::int[] is null or f.source_id = any (${sources ?? []}::int[]))
      and (exists (select from unnest(${starts}::text[]) s where starts_with(lower(f.path collate "C"), s)) or f.path ~ '[^[:ascii:]]' or strpos(f.path, '\\ud') > 0)
  `.execute(scope.db)
  return rows.map(({ sourceId, id, path }) => ({ sourceId, fieldId: id, path: JSON.parse(path) as string[] }))
}

export interface AnyOf extends BlockKey {
  sourceId: number
  /** Which of the terms the block holds. */
  hits: number[]
}

/** Blocks whose terms hold at least one of these hashes. */
export async function blocksWithAny(
  scope: ReadScope,
  terms: number[],
  { since, until }: Pick<BlockFilter, 'since' | 'until'>,
): Promise<AnyOf[]> {
  const found =
    scope.tenantId === 'all'
      ? sql`find_blocks_any_everywhere(${terms}::int[], ${bigint(since)}, ${bigint(until)})`
      : sql`find_blocks_any(${scope.tenantId}::int, ${terms}::int[], ${bigint(since)}, ${bigint(until)})`
  const { rows } = await sql<AnyOf>`select f.tenant_id, f.block_id, f.source_id, f.hits from ${found} f`.execute(
    scope.db,
  )
  return rows
}

/** Blocks that may contain a text, by its grams or a filter of them; those of which neither is known are among them. */
export async function blocksContaining(
  scope: ReadScope,
  grams: WantedGrams,
  { since, until }: Pick<BlockFilter, 'since' | 'until'>,
): Promise<BlockKey[]> {
  const [all, any, bits] = 'all' in grams ? [grams.all, null, bitsFor(grams.all)] : [null, grams.any, null]
  const found =
    scope.tenantId === 'all'
      ? sql`find_blocks_containing_everywhere(${all}::int[], ${any}::int[], ${bits}::int[], ${bigint(since)}, ${bigint(until)})`
      : sql`find_blocks_containing(${scope.tenantId}::int, ${all}::int[], ${any}::int[], ${bits}::int[], ${bigint(since)}, ${bigint(until)})`
  const { rows } = await sql<BlockKey>`select f.tenant_id, f.block_id from ${found} f`.execute(scope.db)
  return rows
}

/** What hosts are called, and what is known of them. */
export async function hostsOf(scope: ReadScope) {
  return scope.db
    .selectFrom('hosts')
    .select(['id', 'tenantId', 'hostname', 'fqdn', 'clientId', 'os', 'labels'])
    .where(sql<boolean>`${inScope(scope, 'tenant_id')}`)
    .execute()
}

export async function sourcesOf(scope: ReadScope) {
  return scope.db
    .selectFrom('sources')
    .select(['id', 'tenantId', 'name'])
    .where(sql<boolean>`${inScope(scope, 'tenant_id')}`)
    .execute()
}

/** Collections that a Velociraptor hunt made. */
export async function huntedCollections(scope: ReadScope) {
  const rows = await scope.db
    .selectFrom('collections')
    .select(['id', 'huntId'])
    .where(sql<boolean>`${inScope(scope, 'tenant_id')}`)
    .where('huntId', 'is not', null)
    .execute()
  return rows.map(({ id, huntId }) => ({ id, huntId: huntId! }))
}

export async function tenantsOf(scope: ReadScope) {
  return scope.db
    .selectFrom('tenants')
    .select(['id', 'name'])
    .where(sql<boolean>`${inScope(scope, 'id')}`)
    .execute()
}

export async function hostCount(scope: ReadScope): Promise<number> {
  const { n } = await scope.db
    .selectFrom('hosts')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where(sql<boolean>`${inScope(scope, 'tenant_id')}`)
    .executeTakeFirstOrThrow()
  return n
}

export async function storedBlocks(scope: ReadScope): Promise<number> {
  const { n } = await scope.db
    .selectFrom('blocks')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where(sql<boolean>`${inScope(scope, 'tenant_id')}`)
    .executeTakeFirstOrThrow()
  return n
}

/** Paths of all fields, each once; of a flood of them, some. */
export async function fieldPaths(scope: ReadScope): Promise<string[][]> {
  const rows = await scope.db
    .selectFrom('fields')
    .select('path')
    .distinct()
    .where(sql<boolean>`${inScope(scope, 'tenant_id')}`)
    .limit(20_000)
    .execute()
  return rows.map(({ path }) => JSON.parse(path) as string[])
}
