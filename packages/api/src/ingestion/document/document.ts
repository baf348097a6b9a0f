import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { promisify } from 'node:util'
import { zstdCompress } from 'node:zlib'
import { sql } from 'kysely'
import { z } from 'zod'
import { record } from '../../audit.ts'
import { AppError } from '../../errors.ts'
import { fold } from '../../evidence/folded.ts'
import { inTenant, type Actor, type Origin, type TenantScope } from '../../scope.ts'
import { mustHave, oneTenant, type Context } from '../../trpc.ts'
import { again } from '../again.ts'
import { groupsOfLines } from '../lines.ts'
import { collectionOfDelivery, hostOfDocument, sourceOf } from '../records.ts'
import { storeGroup, type Ingest, type Target } from '../store.ts'
import { elementsOf, isArray, isObject, membersOf, NotJson, readJson, type Span } from './scan.ts'

/** Whose delivery it is, by the credential alone. */
export interface Sender {
  tenantId: number
  tokenId: number | null
  serverId: number | null
  /** Set when a person sends, or a token that acts as one. */
  actor?: Actor | undefined
}

export interface Sending {
  sender: Sender
  body: Buffer
  /** `Idempotency-Key`. */
  key: string | undefined
  origin: Origin
}

/** The record of a delivery; the same for a repeat as for the first time, but for `repeated`. */
export interface DocumentReceipt {
  id: number
  hostId: number
  collectionId: number
  source: string
  rows: number
  /** Rows set aside with their reason; they are kept. */
  rejected: number
  repeated: boolean
}

const compress = promisify(zstdCompress)
/** A document is held whole, so it is smaller than what may come as lines. */
export const mostDocumentBytes = 32 * 1024 * 1024
/** How much is checked before other requests get their turn. */
const turnBytes = 1_000_000
const repeatMinutes = 10

const storable = (text: string) => text.isWellFormed() && !text.includes('\0')
const name = z.string().trim().min(1).max(1000).refine(storable, 'holds characters that no name has')
const header = z.object({
  hostname: name,
  client_id: name.max(200).nullish(),
  artifact: name.nullish(),
  ip_address: name.max(200).nullish(),
  os: name.max(200).nullish(),
})
export type DocumentHeader = z.infer<typeof header>

/** Takes one JSON document `{hostname, data, …}`. Returns when all of its rows are durable. */
export async function receiveDocument(ingest: Ingest, sending: Sending): Promise<DocumentReceipt> {
  const { header, rows } = readDocument(sending.body)
  await checkRows(sending.body, rows)
  const sha256 = createHash('sha256').update(sending.body).digest()
  const opened = await inScope(ingest, sending, async (scope) => {
    const found = await earlier(scope, sending, sha256)
    return (
      found ?? openRecord(scope, sending, { header, rows: rows.length, sha256, body: await compress(sending.body) })
    )
  })
  const { id, hostId, collectionId, sourceId, source } = opened
  const receipt = { id, hostId, collectionId, source, rows: opened.rows, repeated: opened.repeated }
  if (opened.completedAt) return { ...receipt, rejected: opened.rowsRejected }
  const target: Target = { tenantId: sending.sender.tenantId, hostId, collectionId, sourceId, deliveryId: id }
  for (const group of groupsOfLines(linesOf(sending.body, rows))) {
    await again(() => storeGroup(ingest, target, { ...group, firstLine: group.firstLine - 1 }, group.firstLine))
  }
  const rejected = await inScope(ingest, sending, (scope) => closeRecord(scope, target))
  return { ...receipt, rejected }
}

/** A person, or a token that acts as one, sends for their own tenant, or the one that a super-admin named. */
export async function senderOf(ctx: Context & { actor: Actor }): Promise<Sender> {
  await mustHave(ctx, 'ingestion:send', 'ingestion.ingest')
  const tenantId = await oneTenant(ctx, 'ingestion.ingest')
  return { tenantId, tokenId: ctx.actor.tokenId ?? null, serverId: null, actor: ctx.actor }
}

const inScope = <T>({ database }: Ingest, { sender, origin }: Sending, work: (scope: TenantScope) => Promise<T>) =>
  again(() => inTenant(database.db, sender.tenantId, work, { actor: sender.actor, origin }))

/** The header's own words, and where each row stands. Throws BAD_REQUEST. */
function readDocument(body: Buffer): { header: DocumentHeader; rows: Span[] } {
  try {
    const members = membersOf(body)
    const twice = members.find(({ key }, i) => members.findIndex((m) => m.key === key) !== i)
    if (twice) throw new AppError('BAD_REQUEST', `"${twice.key.slice(0, 100)}" stands twice in the document`)
    const data = members.find(({ key }) => key === 'data')
    const others = members.filter(({ key }) => key !== 'data')
    const read = header.safeParse(Object.fromEntries(others.map((member) => [member.key, readJson(body, member)])))
    if (!read.success) {
      const { path, message } = read.error.issues[0]!
      throw new AppError('BAD_REQUEST', `${path.join('.')}: ${message}`)
    }
    if (!data || !(isArray(body, data) || isObject(body, data)))
      throw new AppError('BAD_REQUEST', 'data: must be an object or an array of objects')
    return { header: read.data, rows: isArray(body, data) ? elementsOf(body, data) : [data] }
  } catch (error) {
    if (error instanceof NotJson) throw new AppError('BAD_REQUEST', `The body is ${error.message}`)
    throw error
  }
}

/** Each row must be a JSON object, before any is stored; other requests get their turn in between. */
async function checkRows(body: Buffer, rows: Span[]) {
  let since = 0
  for (const [i, row] of rows.entries()) {
    if (!isObject(body, row)) throw new AppError('BAD_REQUEST', `data: row ${i} is not an object`)
    try {
      readJson(body, row)
    } catch (error) {
      throw new AppError('BAD_REQUEST', `data: row ${i} is ${(error as Error).message}`)
    }
    since += row.end - row.start
    if (since < turnBytes) continue
    since = 0
    await nextTurn()
  }
}

function* linesOf(body: Buffer, rows: Span[]) {
  for (const { start, end } of rows) yield fold(body.subarray(start, end))
}

interface Opened {
  id: number
  hostId: number
  collectionId: number
  sourceId: number
  source: string
  rows: number
  rowsRejected: number
  completedAt: Date | null
  repeated: boolean
}

/**
 * The record that this delivery repeats: by its key whenever it came, else by its bytes within ten minutes, unless both name
 * a key of their own. One that broke off before its end is gone on with.
 */
async function earlier(scope: TenantScope, { sender, key }: Sending, sha256: Buffer): Promise<Opened | undefined> {
  // Two copies that arrive at once: the second waits for the first one's record.
  await sql`select pg_advisory_xact_lock(${scope.tenantId}, hashtext(${sha256.toString('hex')}))`.execute(scope.db)
  const bytes = (q: ReturnType<typeof records>) =>
    q
      .where('d.sha256', '=', sha256)
      .where('d.receivedAt', '>', sql<Date>`now() - make_interval(mins => ${repeatMinutes})`)
      .where(sql<boolean>`d.server_id is not distinct from ${sender.serverId}`)
      .$if(key !== undefined, (b) => b.where('d.idempotencyKey', 'is', null))
  const byKey =
    key === undefined ? undefined : await records(scope).where('d.idempotencyKey', '=', key).executeTakeFirst()
  if (byKey && !byKey.sha256.equals(sha256))
    throw new AppError(
      'CONFLICT',
      'This Idempotency-Key came before with another body; send this one under its own key',
    )
  const found = byKey ?? (await bytes(records(scope)).orderBy('d.id', 'desc').executeTakeFirst())
  return found && { ...found, repeated: true }
}

const records = (scope: TenantScope) =>
  scope.db
    .selectFrom('deliveries as d')
    .innerJoin('sources as s', (join) => join.onRef('s.tenantId', '=', 'd.tenantId').onRef('s.id', '=', 'd.sourceId'))
    .select(['d.id', 'd.rows', 'd.rowsRejected', 'd.completedAt', 'd.sha256', 's.name as source'])
    .select((eb) => [
      eb.ref('d.hostId').$notNull().as('hostId'),
      eb.ref('d.collectionId').$notNull().as('collectionId'),
      eb.ref('d.sourceId').$notNull().as('sourceId'),
    ])
    .where('d.tenantId', '=', scope.tenantId)
    .where('d.kind', '=', 'ingest')

interface NewRecord {
  header: DocumentHeader
  rows: number
  sha256: Buffer
  body: Buffer
}

async function openRecord(scope: TenantScope, sending: Sending, made: NewRecord): Promise<Opened> {
  const { sender, origin, key } = sending
  const hostId = await hostOfDocument(scope, sender.serverId, made.header)
  const collectionId = await collectionOfDelivery(scope, hostId, made.header.artifact ?? 'ingest')
  const source = made.header.artifact ?? 'ingest'
  const sourceId = await sourceOf(scope, collectionId, source, 'rows', made.rows)
  const { id } = await scope.db
    .insertInto('deliveries')
    .values({
      tenantId: scope.tenantId,
      tokenId: sender.tokenId,
      serverId: sender.serverId,
      kind: 'ingest',
      hostId,
      collectionId,
      sourceId,
      firstRow: 0,
      rows: made.rows,
      bytes: sending.body.length,
      sha256: made.sha256,
      body: made.body,
      idempotencyKey: key ?? null,
      address: origin.address ?? null,
      requestId: origin.requestId ?? null,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  if (sender.actor) await record(scope, 'ingestion.ingest', { delivery: id, host: hostId })
  const rest = { rows: made.rows, rowsRejected: 0, completedAt: null, repeated: false }
  return { id, hostId, collectionId, sourceId, source, ...rest }
}

async function closeRecord(scope: TenantScope, { deliveryId, collectionId }: Target) {
  await scope.db
    .updateTable('collections')
    .set({ endedAt: sql`now()`, updatedAt: sql`now()` })
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', collectionId)
    .execute()
  const closed = await scope.db
    .updateTable('deliveries')
    .set({ completedAt: sql`now()` })
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', deliveryId)
    .returning('rowsRejected')
    .executeTakeFirstOrThrow()
  return closed.rowsRejected
}
