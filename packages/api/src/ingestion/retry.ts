import { createHash } from 'node:crypto'
import type { PoolClient } from 'pg'
import { sql } from 'kysely'
import { record } from '../audit.ts'
import { fold } from '../evidence/folded.ts'
import { maxLineBytes } from '../evidence/prepare.ts'
import { inTenant, type Actor, type Origin } from '../scope.ts'
import type { Services } from '../services.ts'
import type { Database } from '@velocicompanion/db'
import { rowsOfEach, whole, withClient } from './client.ts'
import { openIngest } from './open.ts'
import { blockNumbers, opening, type Ingest, type Target } from './store.ts'
import { placeOf } from './senders/unit.ts'
import { receiveUnnumbered } from './senders/unnumbered.ts'
import { countRows, writeBlocks } from './write.ts'

export interface Retrying {
  database: Database
  services: Services
  tenantId: number
  actor: Actor
  origin: Origin
}

export interface Tried {
  id: number
  stored: boolean
  /** Why it is still set aside. */
  reason: string | null
}

/** Runs rows that were set aside through today's parser. What passes is stored once, the rest keeps its newest reason. */
export async function retryRejected(retrying: Retrying, ids: number[]) {
  const { database, services, tenantId, actor, origin } = retrying
  const options = { actor, origin }
  await inTenant(database.db, tenantId, (scope) => record(scope, 'ingestion.retry', { rows: ids.map(String) }), options)
  const ingest = await openIngest(database, { count: services.count })
  try {
    const rows: Tried[] = []
    for (const id of ids) {
      const aside = await find(retrying, id)
      if (aside) rows.push(await tryAgain(ingest, retrying, aside))
    }
    return { rows, stored: rows.filter((row) => row.stored).length, kept: rows.filter((row) => !row.stored).length }
  } finally {
    await ingest.close()
  }
}

type Aside = NonNullable<Awaited<ReturnType<typeof find>>>

const find = ({ database, tenantId }: Retrying, id: number) =>
  inTenant(database.db, tenantId, async ({ db }) => {
    const found = await db
      .selectFrom('rejectedRows as r')
      .innerJoin('deliveries as d', (join) =>
        join.onRef('d.tenantId', '=', 'r.tenantId').onRef('d.id', '=', 'r.deliveryId'),
      )
      .leftJoin('collections as c', (join) =>
        join.onRef('c.tenantId', '=', 'r.tenantId').onRef('c.id', '=', 'r.collectionId'),
      )
      .select(['r.id', 'r.deliveryId', 'r.collectionId', 'r.sourceId', 'r.rowNumber', 'r.byteLength', 'c.hostId'])
      .select(['d.kind', 'd.tokenId', 'd.serverId'])
      .where('r.tenantId', '=', tenantId)
      .where('r.id', '=', id)
      .where('r.resolvedAt', 'is', null)
      .executeTakeFirst()
    if (!found || found.byteLength > maxLineBytes) return found && { ...found, bytes: Buffer.alloc(0) }
    const parts = await db
      .selectFrom('rejectedParts')
      .select('bytes')
      .where('tenantId', '=', tenantId)
      .where('rejectedId', '=', id)
      .orderBy('part')
      .execute()
    return { ...found, bytes: Buffer.concat(parts.map((part) => part.bytes)) }
  })

async function tryAgain(ingest: Ingest, retrying: Retrying, aside: Aside): Promise<Tried> {
  const { id, hostId, collectionId, sourceId, rowNumber } = aside
  const reason =
    aside.byteLength > maxLineBytes
      ? 'too large'
      : hostId !== null && collectionId !== null && sourceId !== null && rowNumber !== null
        ? await storeNumbered(ingest, retrying, aside, { hostId, collectionId, sourceId, rowNumber })
        : await storeUnnumbered(ingest, retrying, aside)
  if (reason !== undefined) await keep(retrying, id, reason)
  return { id, stored: reason === undefined, reason: reason ?? null }
}

const keep = ({ database, tenantId }: Retrying, id: number, reason: string) =>
  inTenant(database.db, tenantId, ({ db }) =>
    db
      .updateTable('rejectedRows')
      .set((eb) => ({ triedAt: sql`now()`, tries: eb('tries', '+', 1), triedReason: reason }))
      .where('tenantId', '=', tenantId)
      .where('id', '=', id)
      .where('resolvedAt', 'is', null)
      .execute(),
  )

interface NumberedPlace {
  hostId: number
  collectionId: number
  sourceId: number
  rowNumber: number
}

/** Under its own row number, in one transaction with the word that it is resolved. Returns why not. */
async function storeNumbered(ingest: Ingest, { tenantId, actor }: Retrying, aside: Aside, place: NumberedPlace) {
  const line = Buffer.concat([aside.bytes, Buffer.from('\n')])
  const prepared = await ingest.pool.prepare(line, Date.now() * 1000)
  if (prepared.blocks.length !== 1) return prepared.rejected[0]?.reason ?? 'empty line'
  const target: Target = { tenantId, ...place, deliveryId: aside.deliveryId }
  const fieldIds = await ingest.fields.of(target, prepared.blocks)
  return withClient(ingest.database, async (client) => {
    const { free, blockIds } = await take(client, target, aside.id, place.rowNumber)
    if (!free) {
      await client.query('rollback')
      return 'conflict: this row number came before with other bytes'
    }
    await writeBlocks(client, ingest, target, {
      prepared,
      fieldIds,
      blockIds,
      sha256: createHash('sha256').update(line).digest(),
      firstRow: place.rowNumber,
      aside: 0,
      lines: 1,
      bytes: line,
      before: `${countRows(target, { firstRow: place.rowNumber, lines: 1, aside: 0 })};${resolving(client, target, aside.id, actor)}`,
    })
    return undefined
  })
}

/** Locks its source, and says whether its number is still nobody else's. */
async function take(client: PoolClient, t: Target, id: number, row: number) {
  const of = `tenant_id = ${whole(t.tenantId)} and collection_id = ${whole(t.collectionId)} and source_id = ${whole(t.sourceId)}`
  const results = await rowsOfEach(client, [
    ...opening(t),
    `select from collection_sources where ${of} for update`,
    `select from rejected_rows where tenant_id = ${t.tenantId} and id = ${whole(id)} and resolved_at is null for update`,
    `select from runs where ${of} and first_row <= ${whole(row)} and first_row + n > ${row}
union all select from rejected_rows where ${of} and row_number = ${row} and id < ${id} and resolved_at is null`,
    blockNumbers(1),
  ])
  const [open, taken, ids] = results.slice(-3)
  return { free: open!.length === 1 && taken!.length === 0, blockIds: ids!.map((one) => Number(one.id)) }
}

const resolving = (client: PoolClient, t: Target, id: number, { username }: Actor) => `
update collection_sources set rows_rejected = greatest(rows_rejected - 1, 0)
where tenant_id = ${t.tenantId} and collection_id = ${t.collectionId} and source_id = ${t.sourceId};
update deliveries set rows_stored = rows_stored + 1, rows_rejected = greatest(rows_rejected - 1, 0)
where tenant_id = ${t.tenantId} and id = ${whole(t.deliveryId)};
update rejected_rows set resolved_at = now(), resolved_by = ${client.escapeLiteral(username)}, tried_at = now(), tries = tries + 1
where tenant_id = ${t.tenantId} and id = ${id}`

/** A row of a sender without numbers: taken in as if it came now, under a hash of its own, so that it goes in once. */
async function storeUnnumbered(ingest: Ingest, { database, tenantId, actor, origin }: Retrying, aside: Aside) {
  const { id, bytes, kind, tokenId, serverId } = aside
  if (kind !== 'elastic' || tokenId === null || serverId === null) return 'nothing says where it belongs'
  let row: unknown
  try {
    row = JSON.parse(bytes.toString('utf8'))
  } catch {
    return 'not JSON'
  }
  const { rejected } = await receiveUnnumbered(ingest, {
    credential: { tenantId, tokenId, serverId },
    kind,
    bytes: Buffer.concat([Buffer.from(`set aside ${id}\n`), bytes]),
    units: [{ row: fold(bytes), place: placeOf(row, {}) }],
    aside: [],
    origin,
  })
  if (rejected > 0) return 'set aside anew: see the newest row of this list'
  await inTenant(database.db, tenantId, ({ db }) =>
    db
      .updateTable('rejectedRows')
      .set((eb) => ({
        resolvedAt: sql`now()`,
        resolvedBy: actor.username,
        triedAt: sql`now()`,
        tries: eb('tries', '+', 1),
      }))
      .where('tenantId', '=', tenantId)
      .where('id', '=', id)
      .where('resolvedAt', 'is', null)
      .execute(),
  )
  return undefined
}
