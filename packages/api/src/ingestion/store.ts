import { createHash } from 'node:crypto'
import type { PoolClient } from 'pg'
import type { Database } from '@velocicompanion/db'
import type { PreparePool } from '../evidence/pool.ts'
import type { Prepared } from '../evidence/prepare.ts'
import { inTenant } from '../scope.ts'
import type { Services } from '../services.ts'
import { rowsOfEach, whole, withClient } from './client.ts'
import type { FieldIds } from './fields.ts'
import { joinLines, splitLines, type Group, type LongLine } from './lines.ts'
import type { Numbers } from './numbers.ts'
import type { Places } from './places.ts'
import { compareStored } from './repeats.ts'
import { partBytes } from './spool.ts'
import { ownTurn } from './turns.ts'
import { countRows, writeBlocks } from './write.ts'

export interface Ingest {
  database: Database
  pool: PreparePool
  fields: FieldIds
  count: Services['count']
  /** Throws while the disk has no room for more. */
  checkRoom: () => void
  places: Places
  numbers: Numbers
}

/** Whose rows a group holds. Ids only: they come from the credential and from rows found under it. */
export interface Target {
  tenantId: number
  hostId: number
  collectionId: number
  sourceId: number
  deliveryId: number
}

export interface Stored {
  stored: number
  known: number
  rejected: number
}

interface SetAside {
  line: number
  reason: string
}

/** Stores what is new of the rows `firstRow` … and returns when it is durable. A repeat stores nothing. */
export async function storeGroup(ingest: Ingest, target: Target, group: Group, firstRow: number): Promise<Stored> {
  ingest.checkRoom()
  const stored = await storeWhole(ingest, target, group, firstRow)
  ingest.count({ kind: 'rows', ...stored, bytes: group.bytes.length })
  return stored
}

async function storeWhole(ingest: Ingest, target: Target, group: Group, firstRow: number): Promise<Stored> {
  const sha256 = createHash('sha256').update(group.bytes).digest()
  if (await isKnown(ingest.database, target, firstRow, group.lines, sha256)) {
    return { stored: 0, known: group.lines, rejected: 0 }
  }
  const { bytes } = group
  const receivedAt = Date.now() * 1000
  const prepared = await ingest.pool.prepare(bytes, receivedAt)
  const fieldIds = await ingest.fields.of(target, prepared.blocks)
  await ownTurn()
  const outcome = await withClient(ingest.database, async (client) => {
    const { overlaps, blockIds } = await lockSource(client, target, firstRow, group.lines, prepared.blocks.length)
    if (overlaps) {
      await client.query('rollback')
      return undefined
    }
    const aside = setAside(prepared, group.lines)
    await insertRejected(client, target, splitLines(bytes), aside, group.firstLine, firstRow)
    await writeBlocks(client, ingest, target, {
      prepared,
      fieldIds,
      blockIds,
      sha256,
      firstRow,
      aside: aside.length,
      lines: group.lines,
      bytes,
      before: `${countRows(target, { firstRow, lines: group.lines, aside: aside.length })};
update deliveries set rows_stored = rows_stored + ${group.lines - aside.length}, rows_rejected = rows_rejected + ${aside.length}
where tenant_id = ${target.tenantId} and id = ${target.deliveryId}`,
    })
    return { stored: group.lines - aside.length, known: 0, rejected: aside.length }
  })
  return outcome ?? storeMissing(ingest, target, group, firstRow)
}

/** A repeat with other boundaries: what is stored is compared byte by byte, what is missing is stored, the rest is a conflict. */
async function storeMissing(ingest: Ingest, target: Target, group: Group, firstRow: number): Promise<Stored> {
  const lines = splitLines(group.bytes)
  const { known, conflicts, missing } = await compareStored(ingest.database, target, lines, firstRow)
  const total: Stored = { stored: 0, known, rejected: conflicts.length }
  if (conflicts.length > 0) {
    const aside = conflicts.map((line) => ({ line, reason: conflict }))
    await withClient(ingest.database, async (client) => {
      await client.query(`begin; set local app.tenant_id = '${target.tenantId}'`)
      await insertRejected(client, target, lines, aside, group.firstLine, firstRow)
      await client.query('commit')
    })
  }
  for (const { from, to } of missing) {
    const bytes = joinLines(lines.slice(from, to))
    const part = await storeWhole(
      ingest,
      target,
      { bytes, lines: to - from, firstLine: group.firstLine + from },
      firstRow + from,
    )
    total.stored += part.stored
    total.known += part.known
    total.rejected += part.rejected
  }
  return total
}

const conflict = 'conflict: this row number came before with other bytes'

export const isLong = (piece: Group | LongLine): piece is LongLine => 'spool' in piece

/** Sets a line aside that is too large to be held. A repeat of it stores nothing. */
export async function storeLong(ingest: Ingest, t: Target, long: LongLine, row: number): Promise<Stored> {
  ingest.checkRoom()
  const stored = await setLongAside(ingest, t, long, row)
  ingest.count({ kind: 'rows', ...stored, bytes: long.spool.size })
  return stored
}

function setLongAside({ database }: Ingest, t: Target, long: LongLine, row: number): Promise<Stored> {
  return withClient(database, async (client) => {
    const { overlaps } = await lockSource(client, t, row, 1, 0)
    if (overlaps && (await isKnownLong(client, t, long, row))) {
      await client.query('rollback')
      return { stored: 0, known: 1, rejected: 0 }
    }
    const reason = overlaps ? conflict : 'too large'
    const id = await insertReason(client, t, { line: long.firstLine, row, reason, size: long.spool.size })
    let part = 0
    for await (const bytes of long.spool.parts()) await insertPart(client, t, id, part++, bytes)
    if (!overlaps) await client.query(countAside(t, row))
    await client.query('commit')
    return { stored: 0, known: 0, rejected: 1 }
  })
}

const countAside = (t: Target, row: number) => `update collection_sources
set received = received + int8multirange(int8range(${whole(row)}, ${whole(row + 1)})), rows_rejected = rows_rejected + 1, updated_at = now()
where tenant_id = ${t.tenantId} and collection_id = ${t.collectionId} and source_id = ${t.sourceId};
update deliveries set rows_rejected = rows_rejected + 1 where tenant_id = ${t.tenantId} and id = ${t.deliveryId}`

/** Compares by the hashes of the parts: neither copy is held whole. */
async function isKnownLong(client: PoolClient, t: Target, { spool }: LongLine, row: number) {
  const { rows } = await client.query<{ id: number; sha: Buffer }>(
    `select r.id, sha256(p.bytes) as sha from rejected_rows r
     join rejected_parts p on p.tenant_id = r.tenant_id and p.rejected_id = r.id
     where r.tenant_id = $1 and r.collection_id = $2 and r.source_id = $3 and r.row_number = $4 and r.byte_length = $5
     order by r.id, p.part`,
    [t.tenantId, t.collectionId, t.sourceId, row, spool.size],
  )
  const shas: string[] = []
  for await (const bytes of spool.parts()) shas.push(createHash('sha256').update(bytes).digest('hex'))
  const copies = Map.groupBy(rows, ({ id }) => id).values()
  return copies.some((parts) => parts.map(({ sha }) => sha.toString('hex')).join() === shas.join())
}

const isKnown = ({ db }: Database, t: Target, firstRow: number, n: number, sha256: Buffer) =>
  inTenant(db, t.tenantId, async (scope) =>
    Boolean(
      await scope.db
        .selectFrom('runs')
        .select('firstRow')
        .where('tenantId', '=', t.tenantId)
        .where('collectionId', '=', t.collectionId)
        .where('sourceId', '=', t.sourceId)
        .where('firstRow', '=', firstRow)
        .where('n', '=', n)
        .where('sha256', '=', sha256)
        .executeTakeFirst(),
    ),
  )

/** One round trip: opens the transaction, locks the source of the collection and takes numbers for the blocks. */
async function lockSource(client: PoolClient, t: Target, firstRow: number, n: number, blocks: number) {
  const results = await rowsOfEach(client, [...opening(t), lock(t, firstRow, n), blockNumbers(blocks)])
  const [locked, ids] = results.slice(-2)
  return { overlaps: isTaken(locked!), blockIds: ids!.map((row) => Number(row.id)) }
}

export const opening = ({ tenantId }: Pick<Target, 'tenantId'>) => [
  'begin',
  `set local app.tenant_id = '${whole(tenantId)}'`,
  'set local statement_timeout = 120000',
]

/** Its row lock is the only one that two senders of one source share. */
export const lock = (t: Omit<Target, 'deliveryId'>, firstRow: number, n: number) =>
  `select received && int8range(${whole(firstRow)}, ${whole(firstRow + n)}) as overlaps from collection_sources
where tenant_id = ${whole(t.tenantId)} and collection_id = ${whole(t.collectionId)} and source_id = ${whole(t.sourceId)} for update`

export const blockNumbers = (n: number) => `select next_block_id(now()) as id from generate_series(1, ${whole(n)})`

/** Whether a row number came before, by what `lock` found. */
export function isTaken(locked: Record<string, unknown>[]) {
  if (locked.length !== 1) throw new Error('the source of the collection is not there')
  return locked[0]!.overlaps === true
}

/** Lines that are no rows: what the codec rejected, and empty ones. */
export function setAside({ blocks, rejected }: Prepared, lines: number): SetAside[] {
  const reasons = new Map<number, string>(rejected.map(({ line, reason }) => [line, reason]))
  const rows = new Uint8Array(lines)
  for (const { runs } of blocks) for (const run of runs) rows.fill(1, run.line, run.line + run.n)
  const aside: SetAside[] = []
  for (let line = 0; line < lines; line++)
    if (!rows[line]) aside.push({ line, reason: reasons.get(line) ?? 'empty line' })
  return aside
}

export async function insertRejected(
  client: PoolClient,
  t: Target,
  lines: Buffer[],
  aside: SetAside[],
  firstLine: number,
  firstRow: number,
) {
  for (const { line, reason } of aside) {
    const bytes = lines[line] ?? Buffer.alloc(0)
    const where = { line: firstLine + line, row: firstRow + line, reason, size: bytes.length }
    const id = await insertReason(client, t, where)
    for (let part = 0; part === 0 || part * partBytes < bytes.length; part++) {
      await insertPart(client, t, id, part, bytes.subarray(part * partBytes, (part + 1) * partBytes))
    }
  }
}

/** `line` counts from 0 behind the envelope; people count from 1, the envelope included. */
async function insertReason(
  client: PoolClient,
  t: Target,
  { line, row, reason, size }: { line: number; row: number; reason: string; size: number },
) {
  const { rows } = await client.query<{ id: number }>(
    `insert into rejected_rows (tenant_id, delivery_id, collection_id, source_id, line_number, row_number, reason, byte_length)
     values ($1, $2, $3, $4, $5, $6, $7, $8) returning id`,
    [t.tenantId, t.deliveryId, t.collectionId, t.sourceId, line + 2, row, reason, size],
  )
  return rows[0]!.id
}

const insertPart = (client: PoolClient, t: Target, id: number, part: number, bytes: Buffer) =>
  client.query('insert into rejected_parts (tenant_id, rejected_id, part, bytes) values ($1, $2, $3, $4)', [
    t.tenantId,
    id,
    part,
    bytes,
  ])
