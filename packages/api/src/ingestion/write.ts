import { createHash } from 'node:crypto'
import type { PoolClient } from 'pg'
import type { Block, Prepared } from '../evidence/prepare.ts'
import { Tuples, runCopies } from './copy.ts'
import { splitLines } from './lines.ts'
import type { Ingest, Target } from './store.ts'

interface Writing {
  prepared: Prepared
  fieldIds: Map<string, number>
  blockIds: number[]
  sha256: Buffer
  firstRow: number
  aside: number
  lines: number
  bytes: Buffer
  /** What is written as `app` before: the transaction's opening, if this is all of it, and what counts the rows. */
  before: string
}

/** The last or only round trip: counts as `app`, then runs, blocks and columns as `evidence`, then the commit. */
export async function writeBlocks(client: PoolClient, { database }: Ingest, t: Target, w: Writing) {
  const { runs, blocks, columns } = tuplesOf(client)
  const alone = w.aside === 0 && w.prepared.blocks.length === 1
  const lines = alone ? [] : splitLines(w.bytes)
  w.prepared.blocks.forEach((block, i) => {
    const blockId = w.blockIds[i]!
    blockTuple(blocks, t, blockId, block)
    for (const { path, chunk } of block.columns) {
      const field = path.length === 0 ? 0 : w.fieldIds.get(JSON.stringify(path))!
      columns.row(5).int4(t.tenantId).int4(t.sourceId).int4(field).int8(blockId).bytea(chunk)
    }
    for (const run of block.runs) {
      const sha = alone ? w.sha256 : shaOf(lines.slice(run.line, run.line + run.n))
      runs
        .row(10)
        .int4(t.tenantId)
        .int8(t.collectionId)
        .int4(t.sourceId)
        .int8(w.firstRow + run.line)
        .int4(run.n)
      runs.int8(blockId).int4(run.row).int8(t.hostId).int8(t.deliveryId).bytea(sha)
    }
  })
  await runCopies(
    client,
    `${w.before};
set local role ${database.roles.evidence};
copy runs (tenant_id, collection_id, source_id, first_row, n, block_id, block_row, host_id, delivery_id, sha256) from stdin (format binary);
copy blocks (tenant_id, block_id, source_id, host_ids, n, t_min, t_max, raw_bytes, raw, frames, text, terms, grams, gram_bits, capped_fields) from stdin (format binary);
copy block_columns (tenant_id, source_id, field_id, block_id, chunk) from stdin (format binary);
commit`,
    [runs, blocks, columns],
  )
}

/** Counts rows of a source that is locked. */
export const countRows = (t: Target, { firstRow, lines, aside }: Pick<Writing, 'firstRow' | 'lines' | 'aside'>) =>
  `update collection_sources set received = received + int8multirange(int8range(${firstRow}, ${firstRow + lines})),
rows_stored = rows_stored + ${lines - aside}, rows_rejected = rows_rejected + ${aside}, updated_at = now()
where tenant_id = ${t.tenantId} and collection_id = ${t.collectionId} and source_id = ${t.sourceId}`

interface TuplesOfTables {
  runs: Tuples
  blocks: Tuples
  columns: Tuples
}

/** Each connection has its own, used again and again: once its COPY has ended, all of it has left. */
const kept = new WeakMap<PoolClient, TuplesOfTables>()

function tuplesOf(client: PoolClient): TuplesOfTables {
  const known = kept.get(client)
  if (known) return { runs: known.runs.clear(), blocks: known.blocks.clear(), columns: known.columns.clear() }
  const made = { runs: new Tuples(), blocks: new Tuples(), columns: new Tuples() }
  kept.set(client, made)
  return made
}

function blockTuple(blocks: Tuples, t: Target, blockId: number, block: Block) {
  blocks.row(15).int4(t.tenantId).int8(blockId).int4(t.sourceId).int8s([t.hostId]).int4(block.n)
  blocks
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
}

const shaOf = (lines: Buffer[]) => {
  const hash = createHash('sha256')
  for (const line of lines) hash.update(line).update('\n')
  return hash.digest()
}
