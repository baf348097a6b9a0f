import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { PoolClient } from 'pg'
import type { Prepared } from '../evidence/prepare.ts'
import { again } from './again.ts'
import { rowsOfEach, whole, withClient } from './client.ts'
import { checkOrg, inScope, otherOrg, rowsDiffer, type Receipt, type Receiving } from './delivery.ts'
import type { Group } from './lines.ts'
import { came, seemNew, sourceNameOf, type Ends, type Place } from './places.ts'
import type { RowsEnvelope } from './protocol.ts'
import { collectionOf, hostOf, sourceOf } from './records.ts'
import type { TenantScope } from '../scope.ts'
import { opening, setAside, type Ingest } from './store.ts'
import { ownTurn } from './turns.ts'
import { writeBlocks } from './write.ts'

/** One delivery that is held whole: its place, its rows and their hashes. */
interface Whole {
  receiving: Receiving
  tenantId: number
  serverId: number
  e: RowsEnvelope
  place: Place
  group: Group
  sha256: Buffer
  bodySha256: Buffer
  bodyBytes: number
}

/**
 * Takes a delivery of one group in one round trip and one durable transaction; one that may have come before is looked up first.
 * Returns nothing when some of its row numbers came before in another way, when lines of it are no rows, or when what it belongs
 * to is gone: it then goes piece by piece.
 */
export async function receiveWhole(
  ingest: Ingest,
  receiving: Receiving,
  serverId: number,
  e: RowsEnvelope,
  head: Group,
  group: Group,
): Promise<Receipt | undefined> {
  ingest.checkRoom()
  const { tenantId } = receiving.credential
  const server = { tenantId, serverId }
  const place = ingest.places.of(server, e) ?? (await makePlace(ingest, receiving, serverId, e))
  if (ingest.places.contact(server, e)) await checkOrg(ingest, receiving.credential, serverId, e)
  const w: Whole = {
    receiving,
    tenantId,
    serverId,
    e,
    group,
    place,
    sha256: createHash('sha256').update(group.bytes).digest(),
    bodySha256: createHash('sha256').update(head.bytes).update(group.bytes).digest(),
    bodyBytes: head.bytes.length + group.bytes.length,
  }
  const aside = seemNew(place, e.start_row) ? null : await noteRepeat(ingest, w)
  const known = aside !== null
  const rejected = aside ?? (await store(ingest, w))
  if (rejected === undefined) return undefined
  came(place, e.start_row + group.lines)
  const fresh = known ? 0 : group.lines
  ingest.count({
    kind: 'rows',
    stored: fresh,
    known: group.lines - fresh,
    rejected: 0,
    bytes: group.bytes.length,
  })
  if (group.lines !== e.rows) throw rowsDiffer(e.rows, group.lines)
  return { kind: e.kind, rows: group.lines, rejected }
}

async function makePlace(ingest: Ingest, receiving: Receiving, serverId: number, e: RowsEnvelope): Promise<Place> {
  await checkOrg(ingest, receiving.credential, serverId, e)
  const place = await inScope(ingest, receiving, async (scope) => {
    const hostId = await hostOf(scope, serverId, e.client_id)
    const collectionId = await collectionOf(scope, hostId, e)
    const { name, kind } = sourceNameOf(e)
    const sourceId = await sourceOf(scope, collectionId, name, kind)
    return { hostId, collectionId, sourceId, ends: await endsOf(scope, collectionId) }
  })
  ingest.places.keep({ tenantId: receiving.credential.tenantId, serverId }, e, place)
  return place
}

async function endsOf({ db, tenantId }: TenantScope, collectionId: number): Promise<Ends> {
  const { rows } = await sql<{ id: number; end: number | null }>`
    select source_id as id, upper(received) as end from collection_sources
    where tenant_id = ${tenantId} and collection_id = ${collectionId}`.execute(db)
  return new Map(rows.map(({ id, end }) => [id, end ?? 0]))
}

/**
 * Notes a delivery whose rows are stored as they are. Returns how many of its row numbers are set aside; null when they are not.
 * A row that is seen is durable, so nobody waits for the disk: a crash may cost the note of the repeat and no row.
 */
const noteRepeat = ({ database }: Ingest, w: Whole) =>
  withClient(database, async (client) => {
    const results = await rowsOfEach(client, [
      ...opening(w),
      'set local synchronous_commit = off',
      `select note_repeat(${w.tenantId}, '\\x${w.sha256.toString('hex')}', ${client.escapeLiteral(w.e.org_id)}, ${facts(client, w)}) as n`,
      'commit',
    ])
    const n = results.at(-2)![0]!.n
    return n === null ? null : Number(n)
  }).catch((error: { code?: string }) => {
    throw error.code === 'VC001' ? otherOrg() : error
  })

/** What is said of a delivery, in the order in which open_rows() and note_repeat() take it, as literals. */
function facts(client: PoolClient, w: Whole) {
  const { credential, origin } = w.receiving
  const text = (value: string | undefined) => (value === undefined ? 'null' : client.escapeLiteral(value))
  const { hostId, collectionId, sourceId } = w.place
  // Rows that this process brings itself come with no token.
  const token = credential.tokenId === null ? 'null' : whole(credential.tokenId)
  const ids = [hostId, collectionId, sourceId, w.e.start_row, w.group.lines, w.bodyBytes].map(whole)
  return `${token}, ${whole(w.serverId)}, '${w.e.kind}', ${ids.join()}, '\\x${w.bodySha256.toString('hex')}', ${text(origin.address)}, ${text(origin.requestId)}`
}

/** Returns how many lines are set aside: none; or nothing when it can't be stored as a whole. */
async function store(ingest: Ingest, w: Whole): Promise<0 | undefined> {
  const prepared = await ingest.pool.borrow(w.group.bytes, Date.now() * 1000)
  try {
    return await storePrepared(ingest, w, prepared)
  } finally {
    prepared.release()
  }
}

async function storePrepared(ingest: Ingest, w: Whole, prepared: Prepared): Promise<0 | undefined> {
  if (setAside(prepared, w.group.lines).length > 0) return undefined
  const fieldIds = await ingest.fields.of({ tenantId: w.tenantId, sourceId: w.place.sourceId }, prepared.blocks)
  const { deliveryId, blockId } = await ingest.numbers.take()
  const target = { tenantId: w.tenantId, ...w.place, deliveryId }
  await ownTurn()
  const { group, sha256, e } = w
  try {
    await again(() =>
      withClient(ingest.database, (client) =>
        writeBlocks(client, ingest, target, {
          prepared,
          fieldIds,
          sha256,
          lines: group.lines,
          bytes: group.bytes,
          blockIds: [blockId],
          firstRow: e.start_row,
          aside: 0,
          before: [
            ...opening(w),
            `select open_rows(${w.tenantId}, ${deliveryId}, ${client.escapeLiteral(e.org_id)}, ${facts(client, w)})`,
          ].join(';\n'),
        }),
      ),
    )
    return 0
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'VC001') throw otherOrg()
    if (code === foreignKeyViolation) ingest.places.forget()
    else if (code !== 'VC002') throw error
    return undefined
  }
}

const foreignKeyViolation = '23503'
