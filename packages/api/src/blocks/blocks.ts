import type { Database } from '@velocicompanion/db'
import type { PoolClient } from 'pg'
import { openColumn } from '../evidence/columns.ts'
import { type PreparePool, preparePool } from '../evidence/pool.ts'
import type { Block, Prepared } from '../evidence/prepare.ts'
import { again } from '../ingestion/again.ts'
import { withClient } from '../ingestion/client.ts'
import { Tuples, runCopies } from '../ingestion/copy.ts'
import { type FieldIds, fieldIds } from '../ingestion/fields.ts'
import { opening } from '../ingestion/store.ts'
import { noteDamage, readBlocks } from './queries.ts'
import { bytesOfBlock, damageOf, knownTimes, lostTime, type StoredBlock, type StoredRun } from './rules.ts'

export interface Rebuilding {
  database: Database
  pool: PreparePool
  fields: FieldIds
  close(): Promise<void>
}

/** With threads of its own: what arrives does not wait for what is made anew. */
export async function openRebuilding(database: Database): Promise<Rebuilding> {
  const { termKey } = await database.db.selectFrom('installation').select('termKey').executeTakeFirstOrThrow()
  const pool = preparePool({ termKey })
  return { database, pool, fields: fieldIds(database), close: () => pool.close() }
}

export type Outcome =
  | { kind: 'made'; rows: number }
  /** Someone else made them anew or removed them meanwhile, or they do not fit into one. */
  | { kind: 'gone' }
  | { kind: 'damaged'; reason: string }

/**
 * Makes one block of blocks of one source, from their exact lines, as ingestion does. The new one has an id of its own: what
 * readers have seen or keep of the old ones stays true for them. `final`: none will be joined to it. Lines are read and prepared without a lock; the exchange is
 * one short transaction, and happens only if the blocks are still what they were.
 */
export async function rebuild(
  rebuilding: Rebuilding,
  tenantId: number,
  ids: number[],
  final = false,
): Promise<Outcome> {
  const { blocks, runs } = await readBlocks(rebuilding.database, tenantId, ids)
  if (blocks.length < ids.length) return { kind: 'gone' }
  const parts: Part[] = []
  for (const block of blocks) {
    const part = partOf(block, runs.get(block.blockId) ?? [])
    if (typeof part !== 'string') parts.push(part)
    else return damaged(rebuilding, tenantId, block, part)
  }
  const bytes = joined(parts)
  const block = onlyBlock(await prepare(rebuilding, parts, bytes, final), bytes)
  if (!block && blocks.length > 1) return { kind: 'gone' }
  if (!block) return damaged(rebuilding, tenantId, blocks[0]!, 'its lines are not one block of rows')
  const source = { tenantId, sourceId: blocks[0]!.sourceId }
  const ids_ = await rebuilding.fields.of(source, [block])
  const made = await again(() =>
    withClient(rebuilding.database, (client) =>
      exchange(client, rebuilding.database, { ...source, parts, block, fieldIds: ids_ }),
    ),
  )
  return made ? { kind: 'made', rows: block.n } : { kind: 'gone' }
}

async function damaged({ database }: Rebuilding, tenantId: number, block: StoredBlock, reason: string) {
  await noteDamage(database, tenantId, block, reason)
  return { kind: 'damaged' as const, reason }
}

interface Part {
  block: StoredBlock
  bytes: Buffer
  runs: StoredRun[]
}

/** A block's lines, or why they are not those that were stored. */
function partOf(block: StoredBlock, runs: StoredRun[]): Part | string {
  let bytes: Buffer
  try {
    bytes = bytesOfBlock(block)
  } catch {
    return 'its lines can not be unpacked'
  }
  return damageOf(bytes, block.n, runs) ?? { block, bytes, runs }
}

/** Notes a block whose lines are not those that were stored; whether it is there and sound. */
export async function checkBlock(database: Database, tenantId: number, id: number): Promise<boolean> {
  const { blocks, runs } = await readBlocks(database, tenantId, [id])
  const [block] = blocks
  if (!block) return false
  const part = partOf(block, runs.get(id) ?? [])
  if (typeof part === 'string') await noteDamage(database, tenantId, block, part)
  return typeof part !== 'string'
}

const newline = Buffer.from('\n')

/** A line end is added where one is needed to part two lines. */
const joined = (parts: Part[]) =>
  Buffer.concat(
    parts.flatMap(({ bytes }, i) => (i < parts.length - 1 && bytes.at(-1) !== 10 ? [bytes, newline] : [bytes])),
  )

/** Rows that tell no time keep the one that they have. */
async function prepare({ pool }: Rebuilding, parts: Part[], bytes: Buffer, final: boolean): Promise<Prepared> {
  const times: number[] = []
  for (const { block, bytes: own } of parts) times.push(...(knownTimes(block) ?? (await foundTimes(pool, block, own))))
  return pool.prepare(bytes, Float64Array.from(times), final)
}

/** Which rows tell no time is what changes with the time of receipt. */
async function foundTimes(pool: PreparePool, block: StoredBlock, bytes: Buffer): Promise<Float64Array> {
  const [a, b] = [await timesAt(pool, bytes, 1), await timesAt(pool, bytes, 2)]
  const told = [...a].filter((time, row) => time === b[row])
  const lost = lostTime(block, told)
  return a.map((time, row) => (time === b[row] ? time : lost))
}

async function timesAt(pool: PreparePool, bytes: Buffer, receivedAt: number) {
  const { blocks } = await pool.prepare(bytes, receivedAt)
  return Float64Array.from(blocks.flatMap(({ columns }) => [...openColumn(columns[0]!.chunk).numbers]))
}

/** The block that was made of the lines, if it is one and holds each of their bytes. */
function onlyBlock({ blocks, rejected, blank }: Prepared, bytes: Buffer): Block | undefined {
  const [block, ...more] = blocks
  if (!block || more.length > 0 || rejected.length > 0 || blank > 0) return undefined
  return bytesOfBlock(block).equals(bytes) ? block : undefined
}

interface Exchange {
  tenantId: number
  sourceId: number
  parts: Part[]
  block: Block
  fieldIds: Map<string, number>
}

/** A run's place, before and in the new block. */
const placesOf = (parts: Part[]) => {
  let at = 0
  return parts.flatMap(({ block, runs }) => {
    const first = at
    at += block.n
    return runs.map((run) => ({ run, blockRow: first + run.blockRow }))
  })
}

type Places = ReturnType<typeof placesOf>

async function exchange(client: PoolClient, { roles }: Database, x: Exchange): Promise<boolean> {
  const { tenantId, sourceId, parts, block } = x
  const ids = parts.map((part) => part.block.blockId)
  const places = placesOf(parts)
  await client.query(opening({ tenantId }).join(';\n'))
  const superseded = await lockRuns(client, x, places, ids)
  if (superseded === undefined) {
    await client.query('rollback')
    return false
  }
  const receivedAt = new Date(Math.max(...parts.map((part) => part.block.receivedAt.getTime())))
  const next = await client.query<{ id: number }>('select next_block_id($1) as id', [receivedAt])
  const { rows: fields } = await client.query<{ id: number }>(
    'select id from fields where tenant_id = $1 and source_id = $2',
    [tenantId, sourceId],
  )
  await client.query('delete from damaged_blocks where tenant_id = $1 and block_id = any ($2)', [tenantId, ids])
  await client.query(`set local role ${roles.evidence}`)
  const blockId = next.rows[0]!.id
  await moveRuns(client, x, places, blockId)
  // The key leads by source and field: with all three named, each chunk is one look-up.
  await client.query(
    'delete from block_columns where tenant_id = $1 and source_id = $2 and field_id = any ($3) and block_id = any ($4)',
    [tenantId, sourceId, [0, ...fields.map((field) => field.id)], ids],
  )
  await client.query('delete from blocks where tenant_id = $1 and block_id = any ($2)', [tenantId, ids])
  const hosts = [...new Set(places.map(({ run }) => run.hostId))]
  await runCopies(client, copies, [
    blockTuple(x, { blockId, hosts, superseded, receivedAt }),
    columnTuples(x, blockId, block),
  ])
  return true
}

/**
 * Takes the locks that senders, retention and what leaves rows out take too, in one order. How many rows are left out, or
 * undefined when the runs are no longer those that were read.
 */
async function lockRuns(client: PoolClient, { tenantId, sourceId }: Exchange, places: Places, ids: number[]) {
  const collections = [...new Set(places.map(({ run }) => run.collectionId))]
  await client.query(
    `select from collection_sources where tenant_id = $1 and source_id = $2 and collection_id = any ($3)
order by collection_id, source_id for update`,
    [tenantId, sourceId, collections],
  )
  const { rows: stored } = await client.query<{ block_id: number }>(
    'select block_id from blocks where tenant_id = $1 and block_id = any ($2)',
    [tenantId, ids],
  )
  const { rows: runs } = await client.query<{ name: string; n: number; superseded: boolean }>(
    `select concat_ws('/', block_id, block_row, n, collection_id, first_row) as name, n, superseded from runs
where tenant_id = $1 and block_id = any ($2)`,
    [tenantId, ids],
  )
  const names = new Set(runs.map((run) => run.name))
  const known = places.map(({ run }) => [run.blockId, run.blockRow, run.n, run.collectionId, run.firstRow].join('/'))
  if (stored.length < ids.length || names.size !== known.length || !known.every((name) => names.has(name)))
    return undefined
  return runs.reduce((sum, run) => sum + (run.superseded ? run.n : 0), 0)
}

async function moveRuns(client: PoolClient, { tenantId, sourceId }: Exchange, places: Places, blockId: number) {
  const { rowCount } = await client.query(
    `update runs r set block_id = $3, block_row = w.block_row
from unnest($4::bigint[], $5::bigint[], $6::int[]) as w(collection_id, first_row, block_row)
where r.tenant_id = $1 and r.source_id = $2 and r.collection_id = w.collection_id and r.first_row = w.first_row`,
    [
      tenantId,
      sourceId,
      blockId,
      places.map(({ run }) => run.collectionId),
      places.map(({ run }) => run.firstRow),
      places.map((place) => place.blockRow),
    ],
  )
  if (rowCount !== places.length) throw new Error('a run is not where it was')
}

const copies = `copy blocks (tenant_id, block_id, source_id, host_ids, n, t_min, t_max, raw_bytes, raw, frames, text, terms, grams, gram_bits, capped_fields, superseded, received_at)
  from stdin (format binary);
copy block_columns (tenant_id, source_id, field_id, block_id, chunk) from stdin (format binary);
commit`

/** PostgreSQL counts microseconds from 2000 on. */
const epochMs = Date.UTC(2000)

interface Head {
  blockId: number
  hosts: number[]
  superseded: number
  receivedAt: Date
}

const blockTuple = ({ tenantId, sourceId, block }: Exchange, { blockId, hosts, superseded, receivedAt }: Head) =>
  new Tuples()
    .row(17)
    .int4(tenantId)
    .int8(blockId)
    .int4(sourceId)
    .int8s(hosts)
    .int4(block.n)
    .int8(block.tMin)
    .int8(block.tMax)
    .int4(block.rawBytes)
    .bytea(block.raw)
    .int4s(block.frames)
    .bytea(block.text)
    .int4s(block.terms)
    .int4s('sorted' in block.grams ? block.grams.sorted : undefined)
    .bytea('filter' in block.grams ? block.grams.filter : undefined)
    .int4(block.cappedFields)
    .int4(superseded)
    .int8((receivedAt.getTime() - epochMs) * 1000)

function columnTuples({ tenantId, sourceId, fieldIds: ids }: Exchange, blockId: number, block: Block) {
  const tuples = new Tuples()
  for (const { path, chunk } of block.columns) {
    const field = path.length === 0 ? 0 : ids.get(JSON.stringify(path))!
    tuples.row(5).int4(tenantId).int4(sourceId).int4(field).int8(blockId).bytea(chunk)
  }
  return tuples
}
