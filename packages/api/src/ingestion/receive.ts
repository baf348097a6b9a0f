import { createHash, type Hash } from 'node:crypto'
import { promisify } from 'node:util'
import { zstdCompress } from 'node:zlib'
import { sql } from 'kysely'
import { AppError } from '../errors.ts'
import type { TenantScope } from '../scope.ts'
import { checkOrg, deliveryOf, inScope, otherOrg, rowsDiffer, type Receipt, type Receiving } from './delivery.ts'
import { BodyTooLarge, groupsOf, splitLines, type Group, type LongLine } from './lines.ts'
import { receiveEvents } from './events.ts'
import { storePieces } from './in-flight.ts'
import { readEnvelope, type Envelope, type RowsEnvelope } from './protocol.ts'
import { applyEnd, applyRecord, collectionOf, hostOf, sourceOf, timeOf } from './records.ts'
import { came, sourceNameOf } from './places.ts'
import { receiveList } from './reconcile.ts'
import { isLong, storeGroup, storeLong, type Ingest, type Stored, type Target } from './store.ts'
import { supersede, supersedeOfClients } from './supersede.ts'
import { receiveWhole } from './whole.ts'

const compress = promisify(zstdCompress)
/** Records are held whole. A list of 5,000 flows has 2 MB. */
const mostRecordBytes = 32 * 1024 * 1024

/** Memory that bodies are read into one after the other, enough for most: a group and its envelope. Who finds none takes new memory. */
const scratchBytes = 1_200_000
const mostScratches = 4
const scratches: Buffer[] = []
let lent = 0

/** Takes one request of the Feed protocol. Returns when everything in it is durable. */
export async function receive(ingest: Ingest, receiving: Receiving): Promise<Receipt> {
  if (lent === mostScratches) return receiveInto(undefined, ingest, receiving)
  const scratch = scratches.pop() ?? Buffer.allocUnsafeSlow(scratchBytes)
  lent++
  try {
    const receipt = await receiveInto(scratch, ingest, receiving)
    // After a failure some of its groups may still be under way: it is then not used again.
    scratches.push(scratch)
    return receipt
  } finally {
    lent--
  }
}

async function receiveInto(scratch: Buffer | undefined, ingest: Ingest, receiving: Receiving): Promise<Receipt> {
  const { credential } = receiving
  if (credential.serverId === null) {
    throw new AppError('FORBIDDEN', 'This token names no Velociraptor server and org: make one that does')
  }
  const groups = groupsOf(receiving.body, receiving.limit, scratch)
  const first = await groups.next()
  if (first.done) throw new AppError('BAD_REQUEST', 'The body is empty: its first line must be an envelope')
  if (isLong(first.value))
    throw new AppError('BAD_REQUEST', 'The first line must be an envelope, and this one is too long')
  const envelope = readEnvelope(first.value.bytes)
  receiving.told?.({ events: envelope.kind === 'events' })
  if (receiving.org !== undefined && receiving.org !== envelope.org_id) throw otherOrg()
  if (envelope.kind === 'batch' || envelope.kind === 'uploads' || envelope.kind === 'logs') {
    return receiveRows(ingest, receiving, credential.serverId, envelope, first.value, groups)
  }
  if (envelope.kind === 'events') {
    const { serverId } = credential
    const clients = new Set<string>()
    const receipt = await receiveEvents({ envelope, line: first.value }, groups, (e, line, rows) => {
      clients.add(e.client_id)
      if (!isLong(rows)) receiving.told?.(newestEvent(rows))
      return receiveRows(ingest, receiving, serverId, e, line, only(rows))
    })
    await inScope(ingest, receiving, (scope) => supersedeOfClients(scope, ingest.database, serverId, [...clients]))
    return receipt
  }
  await checkOrg(ingest, credential, credential.serverId, envelope)
  const body = await wholeBody(first.value, groups)
  return envelope.kind === 'reconcile'
    ? receiveList(ingest, receiving, credential.serverId, envelope, body)
    : receiveRecords(ingest, receiving, credential.serverId, envelope, body)
}

const arrivals = /"_ts":\s*(\d{9,19})\b/g

/** By the last line: rows of a day file stand in the order in which Velociraptor got them. */
function newestEvent({ bytes }: Group) {
  const start = bytes.lastIndexOf(10, bytes.length - 2) + 1
  const found = bytes
    .subarray(Math.max(start, bytes.length - 65_536))
    .toString('latin1')
    .matchAll(arrivals)
  return { newest: Math.max(0, ...found.map(([, ts]) => timeOf(Number(ts))?.getTime() ?? 0)) }
}

/** Lines that are no rows, which are held together. */
async function wholeBody(first: Group, groups: AsyncIterable<Group | LongLine>): Promise<Buffer> {
  const parts = [first.bytes]
  let size = first.bytes.length
  for await (const group of groups) {
    if (isLong(group)) throw new AppError('BAD_REQUEST', 'A record is too long')
    size += group.bytes.length
    if (size > mostRecordBytes) throw new BodyTooLarge()
    parts.push(group.bytes)
  }
  return Buffer.concat(parts)
}

/** Client, hunt and flow lines, the end of a flow: kept whole, and applied, in one transaction. */
async function receiveRecords(
  ingest: Ingest,
  receiving: Receiving,
  serverId: number,
  envelope: Envelope,
  body: Buffer,
): Promise<Receipt> {
  const records = splitLines(body).map((line) => ({ line, envelope: readEnvelope(line) }))
  const kept = await compress(body)
  await inScope(ingest, receiving, async (scope) => {
    let ids: { hostId: number; collectionId: number } | undefined
    for (const { line, envelope: e } of records) {
      if (e.kind === 'reconcile' || e.org_id !== envelope.org_id)
        throw new AppError('BAD_REQUEST', 'Lines of one body must be of one org')
      const hostId = await hostOf(scope, serverId, e.client_id)
      ids = { hostId, collectionId: await collectionOf(scope, hostId, e) }
      await applyRecord(scope, ids, e, line.toString('utf8').toWellFormed())
      if (e.kind === 'flow') receiving.told?.({ newest: timeOf(e.record.active_time)?.getTime() ?? 0 })
      if (e.kind === 'flow_end') await applyEnd(scope, ids.collectionId, e)
    }
    if (ids && envelope.kind === 'flow_end') await supersede(scope, ingest.database, [ids.hostId])
    await scope.db
      .insertInto('deliveries')
      .values({
        ...deliveryOf(receiving, serverId, envelope, ids),
        sha256: sha(body),
        bytes: body.length,
        body: kept,
        completedAt: sql<Date>`now()`,
      })
      .execute()
  })
  return { kind: envelope.kind, rows: 0, rejected: 0 }
}

const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()

/** A body of one group, as most are, goes in as a whole; any other piece by piece. */
async function receiveRows(
  ingest: Ingest,
  receiving: Receiving,
  serverId: number,
  envelope: RowsEnvelope,
  first: Group,
  groups: AsyncGenerator<Group | LongLine, void, void>,
): Promise<Receipt> {
  const pieces: (Group | LongLine)[] = []
  // What follows a long line may be asked for only when its file is no longer needed.
  while (pieces.length < 2 && !pieces.some(isLong)) {
    const next = await groups.next()
    if (next.done) break
    pieces.push(next.value)
  }
  const [only] = pieces
  if (only && pieces.length === 1 && !isLong(only)) {
    const receipt = await receiveWhole(ingest, receiving, serverId, envelope, first, only)
    if (receipt) return receipt
  }
  await checkOrg(ingest, receiving.credential, serverId, envelope)
  const receipt = await receiveParts(ingest, receiving, serverId, envelope, first, pieces, groups)
  const place = ingest.places.of({ tenantId: receiving.credential.tenantId, serverId }, envelope)
  if (place) came(place, envelope.start_row + receipt.rows)
  return receipt
}

async function* only<T>(one: T) {
  yield one
}

async function* joined<T>(first: T[], rest: AsyncIterable<T>) {
  yield* first
  yield* rest
}

async function receiveParts(
  ingest: Ingest,
  receiving: Receiving,
  serverId: number,
  envelope: RowsEnvelope,
  first: Group,
  pieces: (Group | LongLine)[],
  groups: AsyncIterable<Group | LongLine>,
): Promise<Receipt> {
  const target = await inScope(ingest, receiving, (scope) => openDelivery(scope, receiving, serverId, envelope))
  const hash = createHash('sha256').update(first.bytes)
  const total = { stored: 0, known: 0, rejected: 0, rows: 0, bytes: first.bytes.length }
  async function* counted() {
    for await (const piece of joined(pieces, groups)) {
      total.rows += piece.lines
      total.bytes += await count(piece, hash)
      yield piece
    }
  }
  await storePieces(counted(), total, (piece) => {
    const row = envelope.start_row + piece.firstLine
    return isLong(piece) ? storeLong(ingest, target, piece, row) : storeGroup(ingest, target, piece, row)
  })
  const rejected = await inScope(ingest, receiving, (scope) =>
    closeDelivery(scope, target, envelope, { ...total, sha256: hash.digest() }),
  )
  if (total.rows !== envelope.rows) throw rowsDiffer(envelope.rows, total.rows)
  return { kind: envelope.kind, rows: total.rows, rejected }
}

/** Takes a piece into the hash of the body; returns its bytes. */
async function count(piece: Group | LongLine, hash: Hash) {
  if (!isLong(piece)) {
    hash.update(piece.bytes)
    return piece.bytes.length
  }
  for await (const part of piece.spool.parts()) hash.update(part)
  if (piece.spool.closed) hash.update('\n')
  return piece.spool.size + (piece.spool.closed ? 1 : 0)
}

async function openDelivery(
  scope: TenantScope,
  receiving: Receiving,
  serverId: number,
  e: RowsEnvelope,
): Promise<Target> {
  const hostId = await hostOf(scope, serverId, e.client_id)
  const collectionId = await collectionOf(scope, hostId, e)
  const { name, kind } = sourceNameOf(e)
  const sourceId = await sourceOf(scope, collectionId, name, kind)
  const { id } = await scope.db
    .insertInto('deliveries')
    .values({
      ...deliveryOf(receiving, serverId, e, { hostId, collectionId, sourceId }),
      firstRow: e.start_row,
      sha256: Buffer.alloc(0),
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return { tenantId: scope.tenantId, hostId, collectionId, sourceId, deliveryId: id }
}

/** Writes the totals. Returns how many of these row numbers are set aside, also by an earlier delivery. */
async function closeDelivery(
  scope: TenantScope,
  t: Target,
  e: RowsEnvelope,
  total: Stored & { rows: number; bytes: number; sha256: Buffer },
) {
  await scope.db
    .updateTable('deliveries')
    .set({
      rows: total.rows,
      rowsKnown: total.known,
      rowsStored: total.stored,
      rowsRejected: total.rejected,
      bytes: total.bytes,
      sha256: total.sha256,
      completedAt: sql`now()`,
    })
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', t.deliveryId)
    .execute()
  const { n } = await scope.db
    .selectFrom('rejectedRows')
    .select(({ fn }) => fn.count<number>('rowNumber').distinct().as('n'))
    .where('tenantId', '=', scope.tenantId)
    .where('collectionId', '=', t.collectionId)
    .where('sourceId', '=', t.sourceId)
    .where('rowNumber', '>=', e.start_row)
    .where('rowNumber', '<', e.start_row + total.rows)
    .where('resolvedAt', 'is', null)
    .executeTakeFirstOrThrow()
  return n
}
