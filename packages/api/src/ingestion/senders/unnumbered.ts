import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { IngestCredential } from '../../auth/access.ts'
import { AppError } from '../../errors.ts'
import { fold } from '../../evidence/folded.ts'
import { inTenant, type Origin, type TenantScope } from '../../scope.ts'
import { again } from '../again.ts'
import type { Said } from '../delivery.ts'
import { groupsOfLines } from '../lines.ts'
import { collectionNamed, hostOf, hostOfDocument, huntOfFlow, sourceOf } from '../records.ts'
import { supersede } from '../supersede.ts'
import { storeGroup, type Ingest, type Target } from '../store.ts'
import { newestOf, type Aside, type Place, type Unit, type Units } from './unit.ts'

export interface Unnumbered extends Units {
  credential: IngestCredential
  kind: 'elastic' | 'splunk' | 'logscale'
  /** As they came: a repeat of a request has the same bytes. */
  bytes: Buffer
  /** Which piece of its body it is, from 0: pieces of one body are never repeats of each other. */
  piece?: number
  origin: Origin
  /** Hears what a request is while it is taken in. */
  told?: ((said: Said) => void) | undefined
}

/** A body that is taken in piece by piece. */
export type Streamed = Pick<Unnumbered, 'credential' | 'origin' | 'told'> & {
  body: AsyncIterable<Uint8Array>
  /** Most bytes of it. */
  limit: number
}

/** How long the same bytes are the same request. A sender repeats within hours; the same row may come again another day. */
const repeatHours = 24

/** Rows of one place and where they go. Made once for a request, found again by its repeat. */
interface Part extends Target {
  firstRow: number
  completedAt: Date | null
}

/** Stores the pieces of a body one by one, and adds up what came. */
export async function receiveInPieces(
  ingest: Ingest,
  request: Pick<Unnumbered, 'credential' | 'origin' | 'told' | 'kind'>,
  pieces: AsyncIterable<Units & { bytes: Buffer }>,
): Promise<{ rows: number; rejected: number }> {
  const total = { rows: 0, rejected: 0 }
  let piece = 0
  for await (const part of pieces) {
    const { rows, rejected } = await receiveUnnumbered(ingest, { ...request, ...part, piece: piece++ })
    total.rows += rows
    total.rejected += rejected
  }
  return total
}

/** Stores rows that have no numbers, each behind the last of its source. Returns when all of them are durable. */
export async function receiveUnnumbered(
  ingest: Ingest,
  request: Unnumbered,
): Promise<{ rows: number; rejected: number }> {
  const { credential, units, aside } = request
  const { serverId } = credential
  if (serverId === null)
    throw new AppError('FORBIDDEN', 'This token names no Velociraptor server and org: make one that does')
  if (units.length + aside.length === 0) return { rows: 0, rejected: 0 }
  request.told?.({ newest: newestOf(units) })
  const sha256 = shaOf(request)
  const places = byPlace(units)
  const parts = await inScope(ingest, request, async (scope) => {
    const found = await earlier(scope, request, serverId, sha256)
    return found.length > 0 ? found : openParts(scope, { ...request, sha256, serverId }, places)
  })
  const whole = [...places.values()]
  for (const [i, part] of parts.filter((p) => p.collectionId !== 0).entries()) {
    if (part.completedAt) continue
    const rows = whole[i]!.map(({ row }) => fold(row))
    await storePart(ingest, part, rows)
  }
  const hosts = [...new Set(parts.map((part) => part.hostId))]
  const rejected = await inScope(ingest, request, async (scope) => {
    const n = await complete(scope, parts)
    await supersede(scope, ingest.database, hosts)
    return n
  })
  return { rows: units.length + aside.length, rejected }
}

function shaOf({ bytes, piece = 0 }: Unnumbered) {
  const hash = createHash('sha256').update(bytes)
  if (piece > 0) hash.update(`\n${piece}`)
  return hash.digest()
}

const inScope = <T>(
  { database }: Ingest,
  { credential, origin }: Unnumbered,
  work: (scope: TenantScope) => Promise<T>,
) => again(() => inTenant(database.db, credential.tenantId, work, { origin }))

/** Sorted, so that two requests that name the same hosts take their locks in one order. */
function byPlace(units: Unit[]): Map<string, Unit[]> {
  const places = new Map<string, Unit[]>()
  for (const unit of units) {
    const key = JSON.stringify(Object.values(unit.place))
    const list = places.get(key)
    if (list) list.push(unit)
    else places.set(key, [unit])
  }
  return new Map([...places].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

async function earlier(scope: TenantScope, { kind }: Unnumbered, serverId: number, sha256: Buffer): Promise<Part[]> {
  // Two copies that arrive at once: the second waits for the first one's record.
  await sql`select pg_advisory_xact_lock(${scope.tenantId}, hashtext(${sha256.toString('hex')}))`.execute(scope.db)
  const rows = await scope.db
    .selectFrom('deliveries')
    .select(['id', 'hostId', 'collectionId', 'sourceId', 'firstRow', 'completedAt'])
    .where('tenantId', '=', scope.tenantId)
    .where('sha256', '=', sha256)
    .where('kind', '=', kind)
    .where('serverId', '=', serverId)
    .where('receivedAt', '>', sql<Date>`now() - make_interval(hours => ${repeatHours})`)
    .orderBy('id')
    .execute()
  return rows.map(({ id, hostId, collectionId, sourceId, firstRow, completedAt }) => ({
    tenantId: scope.tenantId,
    deliveryId: id,
    hostId: hostId ?? 0,
    collectionId: collectionId ?? 0,
    sourceId: sourceId ?? 0,
    firstRow: firstRow ?? 0,
    completedAt,
  }))
}

type Opening = Unnumbered & { sha256: Buffer; serverId: number }

async function openParts(scope: TenantScope, request: Opening, places: Map<string, Unit[]>): Promise<Part[]> {
  const parts: Part[] = []
  for (const units of places.values()) {
    const { place } = units[0]!
    const hostId = await hostOfPlace(scope, request.serverId, place)
    const collectionId = await collectionOfPlace(scope, hostId, place)
    const sourceId = await sourceOf(scope, collectionId, place.artifact, 'rows')
    const firstRow = await takeRows(scope, collectionId, sourceId, units.length)
    const target = { hostId, collectionId, sourceId, firstRow }
    const sizes = { rows: units.length, bytes: sizeOf(units) }
    const deliveryId = await insertDelivery(scope, request, { ...target, ...sizes })
    parts.push({ tenantId: scope.tenantId, deliveryId, ...target, completedAt: null })
  }
  if (request.aside.length > 0) parts.push(await keepAside(scope, request))
  return parts
}

const sizeOf = (units: Unit[]) => units.reduce((sum, { row }) => sum + row.length, 0)

const hostOfPlace = (scope: TenantScope, serverId: number, { clientId, hostname }: Place) =>
  clientId === undefined
    ? hostOfDocument(scope, serverId, { hostname: hostname ?? 'unknown' })
    : hostOf(scope, serverId, clientId, hostname)

/** Rows of no flow are a host's events: one collection a day. */
const collectionOfPlace = (scope: TenantScope, hostId: number, { flowId, day, artifact }: Place) =>
  collectionNamed(scope, {
    hostId,
    kind: 'unnumbered',
    flowId: flowId ?? `${day ?? today()} ${artifact}`.slice(0, 1000),
    huntId: flowId === undefined ? null : huntOfFlow(flowId),
  })

const today = () => new Date().toISOString().slice(0, 10)

/** The numbers of the next rows of a source; its row lock makes them gapless and nobody else's. */
async function takeRows(scope: TenantScope, collectionId: number, sourceId: number, n: number) {
  const { next } = await scope.db
    .updateTable('collectionSources')
    .set((eb) => ({ nextRow: eb('nextRow', '+', n) }))
    .where('tenantId', '=', scope.tenantId)
    .where('collectionId', '=', collectionId)
    .where('sourceId', '=', sourceId)
    .returning('nextRow as next')
    .executeTakeFirstOrThrow()
  return next - n
}

interface Delivered {
  hostId?: number
  collectionId?: number
  sourceId?: number
  firstRow?: number
  rows: number
  bytes: number
  completedAt?: ReturnType<typeof sql<Date>>
  rowsRejected?: number
}

async function insertDelivery(
  scope: TenantScope,
  { credential, origin, kind, sha256, serverId }: Opening,
  delivered: Delivered,
) {
  const { id } = await scope.db
    .insertInto('deliveries')
    .values({
      tenantId: scope.tenantId,
      tokenId: credential.tokenId,
      serverId,
      kind,
      sha256,
      address: origin.address ?? null,
      requestId: origin.requestId ?? null,
      ...delivered,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

/** What is no row is kept beside no host: nothing in it says where it belongs. */
async function keepAside(scope: TenantScope, request: Opening): Promise<Part> {
  const { aside } = request
  const bytes = aside.reduce((sum, one) => sum + one.bytes.length, 0)
  const delivered = { rows: aside.length, rowsRejected: aside.length, bytes, completedAt: sql<Date>`now()` }
  const deliveryId = await insertDelivery(scope, request, delivered)
  for (const one of aside) await insertAside(scope, deliveryId, one)
  return { ...nowhere, tenantId: scope.tenantId, deliveryId }
}

const nowhere = { hostId: 0, collectionId: 0, sourceId: 0, firstRow: 0, completedAt: new Date(0) }

async function insertAside(scope: TenantScope, deliveryId: number, { line, bytes, reason }: Aside) {
  const { id } = await scope.db
    .insertInto('rejectedRows')
    .values({ tenantId: scope.tenantId, deliveryId, lineNumber: line, reason, byteLength: bytes.length })
    .returning('id')
    .executeTakeFirstOrThrow()
  for (let part = 0; part === 0 || part * partBytes < bytes.length; part++)
    await scope.db
      .insertInto('rejectedParts')
      .values({
        tenantId: scope.tenantId,
        rejectedId: id,
        part,
        bytes: bytes.subarray(part * partBytes, (part + 1) * partBytes),
      })
      .execute()
}

const partBytes = 1_000_000

async function storePart(ingest: Ingest, part: Part, rows: Buffer[]) {
  for (const group of groupsOfLines(rows)) {
    const first = part.firstRow + group.firstLine
    await again(() => storeGroup(ingest, part, { ...group, firstLine: group.firstLine - 1 }, first))
  }
}

/** Returns how many rows of the request were set aside. */
async function complete(scope: TenantScope, parts: Part[]): Promise<number> {
  const ids = parts.map((part) => part.deliveryId)
  await scope.db
    .updateTable('deliveries')
    .set({ completedAt: sql`now()` })
    .where('tenantId', '=', scope.tenantId)
    .where('id', 'in', ids)
    .where('completedAt', 'is', null)
    .execute()
  const { n } = await scope.db
    .selectFrom('deliveries')
    .select(sql<number>`coalesce(sum(rows_rejected), 0)::bigint`.as('n'))
    .where('tenantId', '=', scope.tenantId)
    .where('id', 'in', ids)
    .executeTakeFirstOrThrow()
  return n
}
