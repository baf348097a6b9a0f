import { createHash } from 'node:crypto'
import type { PoolClient } from 'pg'
import type { Prepared } from '../evidence/prepare.ts'
import { again } from './again.ts'
import { rowsOfEach, whole, withClient } from './client.ts'
import { checkOrg, inScope, orgNameOf, otherOrg, rowsDiffer, type Receipt, type Receiving } from './delivery.ts'
import { splitLines, type Group } from './lines.ts'
import { sourceNameOf, type Place } from './places.ts'
import type { RowsEnvelope } from './protocol.ts'
import { collectionOf, hostOf, sourceOf } from './records.ts'
import { blockNumbers, insertRejected, isTaken, lock, opening, setAside, type Ingest } from './store.ts'
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
 * Takes a delivery of one group in three round trips and one durable transaction. Returns nothing when some of its row
 * numbers came before in another way, or when what it belongs to is gone: it then goes piece by piece.
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
  const w: Whole = {
    receiving,
    tenantId,
    serverId,
    e,
    group,
    place: ingest.places.of({ tenantId, serverId }, e) ?? (await makePlace(ingest, receiving, serverId, e)),
    sha256: createHash('sha256').update(group.bytes).digest(),
    bodySha256: createHash('sha256').update(head.bytes).update(group.bytes).digest(),
    bodyBytes: head.bytes.length + group.bytes.length,
  }
  const { known, stale } = await look(ingest, w)
  if (stale) await checkOrg(ingest, receiving.credential, serverId, e)
  const rejected = known ? await noteRepeat(ingest, w) : await store(ingest, w)
  if (rejected === undefined) return undefined
  const fresh = known ? 0 : group.lines
  const aside = known ? 0 : rejected
  const bytes = group.bytes.length
  ingest.count({ kind: 'rows', stored: fresh - aside, known: group.lines - fresh, rejected: aside, bytes })
  if (group.lines !== e.rows) throw rowsDiffer(e.rows, group.lines)
  return { kind: e.kind, rows: group.lines, rejected }
}

async function makePlace(ingest: Ingest, receiving: Receiving, serverId: number, e: RowsEnvelope): Promise<Place> {
  await checkOrg(ingest, receiving.credential, serverId, e)
  const place = await inScope(ingest, receiving, async (scope) => {
    const hostId = await hostOf(scope, serverId, e.client_id)
    const collectionId = await collectionOf(scope, hostId, e)
    const { name, kind } = sourceNameOf(e)
    return { hostId, collectionId, sourceId: await sourceOf(scope, collectionId, name, kind) }
  })
  ingest.places.keep({ tenantId: receiving.credential.tenantId, serverId }, e, place)
  return place
}

/** Whether the org is the token's, whether its last contact is long ago, and whether these rows are stored as they are. */
const look = ({ database }: Ingest, { tenantId, serverId, e, place, group, sha256 }: Whole) =>
  withClient(database, async (client) => {
    const results = await rowsOfEach(client, [
      'begin read only',
      `set local app.tenant_id = '${whole(tenantId)}'`,
      `select last_contact_at is null or last_contact_at < now() - interval '10 seconds' or org_name <> ${client.escapeLiteral(orgNameOf(e))} as stale
from velociraptor_servers where tenant_id = ${tenantId} and id = ${whole(serverId)} and org_id = ${client.escapeLiteral(e.org_id)}`,
      `select from runs where tenant_id = ${tenantId} and collection_id = ${whole(place.collectionId)} and source_id = ${whole(place.sourceId)}
and first_row = ${whole(e.start_row)} and n = ${whole(group.lines)} and sha256 = '\\x${sha256.toString('hex')}'`,
      'commit',
    ])
    const [server, runs] = results.slice(2)
    if (server!.length === 0) throw otherOrg()
    return { stale: server![0]!.stale === true, known: runs!.length > 0 }
  })

interface Counts {
  stored: number
  known: number
  rejected: number
}

function insertDelivery(client: PoolClient, w: Whole, { stored, known, rejected }: Counts) {
  const { credential, origin } = w.receiving
  const text = (value: string | undefined) => (value === undefined ? 'null' : client.escapeLiteral(value))
  const { hostId, collectionId, sourceId } = w.place
  // Rows that this process brings itself come with no token.
  const token = (id: number | null) => (id === null ? 'null' : whole(id))
  const ids = [whole(w.tenantId), token(credential.tokenId), whole(w.serverId)]
  const counts = [hostId, collectionId, sourceId, w.e.start_row, w.group.lines, stored, known, rejected, w.bodyBytes]
  return `insert into deliveries (tenant_id, token_id, server_id, kind, host_id, collection_id, source_id, first_row, rows, rows_stored,
rows_known, rows_rejected, bytes, sha256, address, request_id, completed_at) values (${ids.join()}, '${w.e.kind}', ${counts.map(whole).join()},
'\\x${w.bodySha256.toString('hex')}', ${text(origin.address)}, ${text(origin.requestId)}, now()) returning id`
}

/** A delivery that is stored already. Returns how many of its row numbers are set aside. */
const noteRepeat = ({ database }: Ingest, w: Whole) =>
  withClient(database, async (client) => {
    const { collectionId, sourceId } = w.place
    const results = await rowsOfEach(client, [
      ...opening(w),
      insertDelivery(client, w, { stored: 0, known: w.group.lines, rejected: 0 }),
      `select count(distinct row_number) as n from rejected_rows where tenant_id = ${w.tenantId} and collection_id = ${collectionId}
and source_id = ${sourceId} and row_number >= ${w.e.start_row} and row_number < ${w.e.start_row + w.group.lines} and resolved_at is null`,
      'commit',
    ])
    return Number(results.at(-2)![0]!.n)
  })

/** Returns how many lines are set aside; nothing when it can't be stored as a whole. */
async function store(ingest: Ingest, w: Whole): Promise<number | undefined> {
  const prepared = await ingest.pool.prepare(Uint8Array.from(w.group.bytes), Date.now() * 1000)
  const fieldIds = await ingest.fields.of({ tenantId: w.tenantId, sourceId: w.place.sourceId }, prepared.blocks)
  try {
    return await again(() => withClient(ingest.database, (client) => write(client, ingest, w, prepared, fieldIds)))
  } catch (error) {
    if ((error as { code?: string }).code !== foreignKeyViolation) throw error
    ingest.places.forget()
    return undefined
  }
}

const foreignKeyViolation = '23503'

async function write(
  client: PoolClient,
  ingest: Ingest,
  w: Whole,
  prepared: Prepared,
  fieldIds: Map<string, number>,
): Promise<number | undefined> {
  const { group, sha256, tenantId, place, e } = w
  const aside = setAside(prepared, group.lines)
  const counts = { stored: group.lines - aside.length, known: 0, rejected: aside.length }
  const source = { tenantId, ...place }
  const results = await rowsOfEach(client, [
    ...opening(w),
    `insert into collection_sources (tenant_id, collection_id, source_id)
values (${tenantId}, ${whole(place.collectionId)}, ${whole(place.sourceId)}) on conflict do nothing`,
    lock(source, e.start_row, group.lines),
    insertDelivery(client, w, counts),
    blockNumbers(prepared.blocks.length),
  ])
  const [locked, delivery, numbers] = results.slice(-3)
  if (isTaken(locked!)) {
    await client.query('rollback')
    return undefined
  }
  const target = { ...source, deliveryId: Number(delivery![0]!.id) }
  if (aside.length > 0) {
    await insertRejected(client, target, splitLines(group.bytes), aside, group.firstLine, e.start_row)
  }
  await writeBlocks(client, ingest, target, {
    prepared,
    fieldIds,
    sha256,
    lines: group.lines,
    bytes: group.bytes,
    blockIds: numbers!.map((row) => Number(row.id)),
    firstRow: e.start_row,
    aside: aside.length,
    // Once a second is enough for a list by newest change, and spares the flow's other senders a wait.
    counting: `update collections set updated_at = now() where tenant_id = ${tenantId} and id = ${place.collectionId} and updated_at < now() - interval '1 second'`,
  })
  return aside.length
}
