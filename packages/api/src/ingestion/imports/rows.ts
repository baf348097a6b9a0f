import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { fold } from '../../evidence/folded.ts'
import { inTenant, type TenantScope } from '../../scope.ts'
import { again } from '../again.ts'
import { storePieces } from '../in-flight.ts'
import { groupsOfRows, joinLines, splitLines, type Group } from '../lines.ts'
import { sourceOf } from '../records.ts'
import { isLong, storeGroup, storeLong, type Ingest, type Stored, type Target } from '../store.ts'

/** What an import is made for, by its credential alone. */
export interface Importing {
  ingest: Ingest
  tenantId: number
  tokenId: number | null
  serverId: number | null
  signal: AbortSignal
  /** Collections that it began to fill. */
  opened: Set<number>
}

export interface SourceName {
  hostId: number
  collectionId: number
  name: string
  kind: 'rows' | 'uploads' | 'logs'
}

export interface StoredSource extends Stored {
  rows: number
  bytes: number
}

export const inImport = <T>({ ingest, tenantId }: Importing, work: (scope: TenantScope) => Promise<T>) =>
  again(() => inTenant(ingest.database.db, tenantId, work))

/** A delivery of its own for each source, as every row says which one brought it. */
export async function openSource(
  scope: TenantScope,
  run: Importing,
  { name, kind, ...ids }: SourceName,
): Promise<Target> {
  run.opened.add(ids.collectionId)
  const sourceId = await sourceOf(scope, ids.collectionId, name, kind)
  const { id } = await scope.db
    .insertInto('deliveries')
    .values({
      tenantId: scope.tenantId,
      tokenId: run.tokenId,
      serverId: run.serverId,
      kind: 'import',
      ...ids,
      sourceId,
      firstRow: 0,
      sha256: Buffer.alloc(0),
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return { tenantId: scope.tenantId, ...ids, sourceId, deliveryId: id }
}

/** Writes the totals; the file's own lines are what is expected of the source, unless its sender announced more. */
export async function closeSource(scope: TenantScope, t: Target, total: StoredSource, sha256: Buffer) {
  await scope.db
    .updateTable('deliveries')
    .set({
      rows: total.rows,
      rowsKnown: total.known,
      rowsStored: total.stored,
      rowsRejected: total.rejected,
      bytes: total.bytes,
      sha256,
      completedAt: sql`now()`,
    })
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', t.deliveryId)
    .execute()
  await scope.db
    .updateTable('collectionSources')
    .set({ rowsExpected: sql<number>`greatest(rows_expected, ${total.rows}::bigint)` })
    .where('tenantId', '=', scope.tenantId)
    .where('collectionId', '=', t.collectionId)
    .where('sourceId', '=', t.sourceId)
    .execute()
}

/** Stores the lines of one source, numbered from 0, byte for byte; lines of a folded collection keep their carriage returns. */
export async function storeLines(
  run: Importing,
  target: Target,
  body: AsyncIterable<Uint8Array>,
  folded: boolean,
): Promise<{ total: StoredSource; sha256: Buffer }> {
  const total: StoredSource = { rows: 0, bytes: 0, stored: 0, known: 0, rejected: 0 }
  const hash = createHash('sha256')
  async function* counted() {
    for await (const piece of groupsOfRows(body)) {
      if (run.signal.aborted) return
      total.rows += piece.lines
      total.bytes += isLong(piece) ? piece.spool.size : piece.bytes.length
      if (!isLong(piece)) hash.update(piece.bytes)
      yield piece
    }
  }
  const stored = storePieces(counted(), total, (piece) => {
    // People count the lines of a file from 1.
    const firstLine = piece.firstLine - 1
    if (isLong(piece)) return storeLong(run.ingest, target, { ...piece, firstLine }, piece.firstLine)
    const group = { ...piece, firstLine }
    return storeGroup(run.ingest, target, folded ? foldedGroup(group) : group, piece.firstLine)
  })
  await stored.finally(() => run.signal.throwIfAborted())
  return { total, sha256: hash.digest() }
}

function foldedGroup(group: Group): Group {
  if (!group.bytes.includes(13)) return group
  return { ...group, bytes: joinLines(splitLines(group.bytes).map(fold)) }
}
