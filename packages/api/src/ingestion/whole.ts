import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { PoolClient } from 'pg'
import type { Prepared } from '../evidence/prepare.ts'
import { again } from './again.ts'
import { rowsOfEach, whole, withClient } from './client.ts'
import { checkOrg, inScope, otherOrg, rowsDiffer, type Receipt, type Receiving } from './delivery.ts'
import type { Group } from './lines.ts'
import { sourceNameOf, type Ends, type Place } from './places.ts'
import type { RowsEnvelope } from './protocol.ts'
import { collectionOf, hostOf, sourceOf } from './records.ts'
import type { TenantScope } from '../scope.ts'
import { opening, setAside, type Ingest } from './store.ts'
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
  const known = !ingest.places.seemNew(server, e) && (await isKnown(ingest, w))
  const rejected = known ? await noteRepeat(ingest, w) : await store(ingest, w)
  if (rejected === undefined) return undefined
  ingest.places.came(server, e, e.start_row + group.lines)
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
  const { place, ends } = await inScope(ingest, receiving, async (scope) => {
    const hostId = await hostOf(scope, serverId, e.client_id)
    const collectionId = await collectionOf(scope, hostId, e)
    const { name, kind } = sourceNameOf(e)
    const sourceId = await sourceOf(scope, collectionId, name, kind)
    return { place: { hostId, collectionId, sourceId }, ends: await endsOf(scope, collectionId) }
  })
  ingest.places.keep({ tenantId: receiving.credential.tenantId, serverId }, e, place, ends)
  return place
}

async function endsOf({ db, tenantId }: TenantScope, collectionId: number): Promise<Ends> {
  const { rows } = await sql<{ id: number; end: number | null }>`
    select source_id as id, upper(received) as end from collection_sources
    where tenant_id = ${tenantId} and collection_id = ${collectionId}`.execute(db)
  return new Map(rows.map(({ id, end }) => [id, end ?? 0]))
}

/** Whether these rows are stored as they are. */
const isKnown = ({ database }: Ingest, { tenantId, serverId, e, place, group, sha256 }: Whole) =>
  withClient(database, async (client) => {
    const results = await rowsOfEach(client, [
      'begin read only',
      `set local app.tenant_id = '${whole(tenantId)}'`,
      `select from velociraptor_servers where tenant_id = ${tenantId} and id = ${whole(serverId)} and org_id = ${client.escapeLiteral(e.org_id)}`,
      `select from runs where tenant_id = ${tenantId} and collection_id = ${whole(place.collectionId)} and source_id = ${whole(place.sourceId)}
and first_row = ${whole(e.start_row)} and n = ${whole(group.lines)} and sha256 = '\\x${sha256.toString('hex')}'`,
      'commit',
    ])
    const [server, runs] = results.slice(2)
    if (server!.length === 0) throw otherOrg()
    return runs!.length > 0
  })

/** A delivery that is stored already. Returns how many of its row numbers are set aside. */
const noteRepeat = ({ database }: Ingest, w: Whole) =>
  withClient(database, async (client) => {
    const { collectionId, sourceId } = w.place
    const results = await rowsOfEach(client, [
      ...opening(w),
      `insert into deliveries (tenant_id, token_id, server_id, kind, host_id, collection_id, source_id, first_row, rows, rows_known, bytes, sha256,
address, request_id, completed_at) values (${w.tenantId}, ${facts(client, w, [w.group.lines])}, now())`,
      `select count(distinct row_number) as n from rejected_rows where tenant_id = ${w.tenantId} and collection_id = ${collectionId}
and source_id = ${sourceId} and row_number >= ${w.e.start_row} and row_number < ${w.e.start_row + w.group.lines} and resolved_at is null`,
      'commit',
    ])
    return Number(results.at(-2)![0]!.n)
  })

/** What is said of a delivery, in the order of the table's columns, as literals. */
function facts(client: PoolClient, w: Whole, counts: number[]) {
  const { credential, origin } = w.receiving
  const text = (value: string | undefined) => (value === undefined ? 'null' : client.escapeLiteral(value))
  const { hostId, collectionId, sourceId } = w.place
  // Rows that this process brings itself come with no token.
  const token = credential.tokenId === null ? 'null' : whole(credential.tokenId)
  const ids = [hostId, collectionId, sourceId, w.e.start_row, w.group.lines, ...counts, w.bodyBytes].map(whole)
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
            `select open_rows(${w.tenantId}, ${deliveryId}, ${client.escapeLiteral(e.org_id)}, ${facts(client, w, [])})`,
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
