import { createHash } from 'node:crypto'
import { sql, type Transaction } from 'kysely'
import type { Database, DB } from '@velocicompanion/db'
import { inTenant, type Actor, type Origin, type TenantScope } from '../../scope.ts'
import { again } from '../again.ts'
import { BodyTooLarge } from '../lines.ts'

/** Where files go. */
export interface FileStore {
  database: Database
  /** Throws while the disk has no room for more. */
  checkRoom: () => void
}

export interface KeptFile {
  id: number
  sha256: Buffer
  bytes: number
}

export const chunkBytes = 1024 * 1024

/** Bytes that can be read anywhere. */
export interface Source {
  bytes: number
  read(at: number, length: number): Promise<Uint8Array>
  stream(): AsyncGenerator<Uint8Array, void, void>
}

interface Keeping<T> {
  /** Most bytes. */
  limit: number
  attach: (scope: TenantScope, file: KeptFile) => Promise<T>
  actor?: Actor | undefined
  origin?: Origin | undefined
}

/**
 * Keeps what streams in, in chunks, without holding it; the same bytes are kept once in a tenant. `attach` says in the same
 * transaction what the file is for: one that nothing needs may be removed at any time.
 */
export async function keepFile<T>(
  store: FileStore,
  tenantId: number,
  body: AsyncIterable<Uint8Array>,
  { limit, attach, ...by }: Keeping<T>,
): Promise<T> {
  const { db } = store.database
  const hash = createHash('sha256')
  let [bytes, n] = [0, 0]
  let pending: number | undefined
  let last: Buffer = Buffer.alloc(0)
  try {
    for await (const chunk of chunksOf(body)) {
      bytes += chunk.length
      if (bytes > limit) throw new BodyTooLarge()
      hash.update(chunk)
      if (last.length > 0) {
        store.checkRoom()
        pending ??= await inTenant(db, tenantId, openPending)
        await writeChunk(store.database, tenantId, pending, n++, last)
      }
      last = chunk
    }
    if (pending !== undefined) await writeChunk(store.database, tenantId, pending, n, last)
    const file = { sha256: hash.digest(), bytes }
    return await again(() =>
      inTenant(db, tenantId, async (scope) => attach(scope, await settle(scope, file, pending, last)), by),
    )
  } catch (error) {
    if (pending !== undefined) await removeFile(store.database, tenantId, pending).catch(() => {})
    throw error
  }
}

/** The file of these bytes: the one that is there, else the one that came in. */
async function settle(
  scope: TenantScope,
  { sha256, bytes }: Omit<KeptFile, 'id'>,
  pending: number | undefined,
  small: Buffer,
): Promise<KeptFile> {
  const found = await scope.db
    .selectFrom('files')
    .select(['id', 'bytes'])
    .where('tenantId', '=', scope.tenantId)
    .where('sha256', '=', sha256)
    .forKeyShare()
    .executeTakeFirst()
  if (found) {
    if (pending !== undefined) await dropFile(scope, pending)
    return { id: found.id, sha256, bytes }
  }
  const id = pending ?? (await openPending(scope))
  if (pending === undefined && bytes > 0) await insertChunk(scope, id, 0, small)
  await scope.db
    .updateTable('files')
    .set({ sha256, bytes })
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .execute()
  return { id, sha256, bytes }
}

const openPending = async (scope: TenantScope) =>
  (await scope.db.insertInto('files').values({ tenantId: scope.tenantId }).returning('id').executeTakeFirstOrThrow()).id

const writeChunk = ({ db }: Database, tenantId: number, fileId: number, n: number, bytes: Buffer) =>
  inTenant(db, tenantId, (scope) => insertChunk(scope, fileId, n, bytes))

const insertChunk = (scope: TenantScope, fileId: number, n: number, bytes: Buffer) =>
  scope.db.insertInto('fileChunks').values({ tenantId: scope.tenantId, fileId, n, bytes }).execute()

const dropFile = (scope: TenantScope, id: number) =>
  scope.db.deleteFrom('files').where('tenantId', '=', scope.tenantId).where('id', '=', id).execute()

/** Keeps bytes that are read while they are worked on and never named; whoever asked removes them. */
export async function keepForNow(store: FileStore, tenantId: number, body: AsyncIterable<Uint8Array>, limit: number) {
  const id = await inTenant(store.database.db, tenantId, openPending)
  try {
    let [bytes, n] = [0, 0]
    for await (const chunk of chunksOf(body)) {
      bytes += chunk.length
      if (bytes > limit) throw new BodyTooLarge()
      store.checkRoom()
      await writeChunk(store.database, tenantId, id, n++, chunk)
    }
    return { id, bytes }
  } catch (error) {
    await removeFile(store.database, tenantId, id).catch(() => {})
    throw error
  }
}

const isReferenced = (error: unknown) => (error as { code?: string }).code === '23503'

/** Removes a file that nothing needs any longer; one that something needs stays. */
export async function removeFile({ db }: Database, tenantId: number, id: number) {
  try {
    await inTenant(db, tenantId, (scope) => dropFile(scope, id))
  } catch (error) {
    if (!isReferenced(error)) throw error
  }
}

/** What background work looks for, of any tenant; it changes things in the tenant that they belong to. */
export const asReader = <T>({ db, roles }: Database, look: (trx: Transaction<DB>) => Promise<T>) =>
  db.transaction().execute(async (trx) => {
    await sql.raw(`set transaction read only; set local role ${roles.reader}`).execute(trx)
    return look(trx)
  })

/** Removes the pieces of files whose bytes never came to their end, as their process was killed. One may be under way for days. */
export async function removeBroken(database: Database) {
  const broken = await asReader(database, (trx) =>
    trx
      .selectFrom('files')
      .select(['tenantId', 'id'])
      .where('sha256', 'is', null)
      .where('createdAt', '<', sql<Date>`now() - interval '2 days'`)
      .execute(),
  )
  for (const { tenantId, id } of broken) await removeFile(database, tenantId, id)
}

/** Cuts a stream into chunks of 1 MiB; the last one may be shorter. */
async function* chunksOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void, void> {
  let parts: Uint8Array[] = []
  let size = 0
  for await (let piece of body) {
    while (size + piece.length >= chunkBytes) {
      const cut = chunkBytes - size
      yield Buffer.concat([...parts, piece.subarray(0, cut)])
      piece = piece.subarray(cut)
      ;[parts, size] = [[], 0]
    }
    // A sender's buffer may be used again.
    if (piece.length > 0) parts.push(Uint8Array.from(piece))
    size += piece.length
  }
  if (size > 0) yield Buffer.concat(parts)
}

const cached = 4

export function sourceOfFile(
  database: Database,
  tenantId: number,
  { id, bytes }: { id: number; bytes: number },
): Source {
  const cache = new Map<number, Buffer>()
  const chunk = async (n: number) => {
    const found = cache.get(n)
    if (found) return found
    const read = await readChunk(database, tenantId, id, n)
    if (cache.size >= cached) cache.delete(cache.keys().next().value!)
    cache.set(n, read)
    return read
  }
  return {
    bytes,
    async read(at, length) {
      const end = Math.min(bytes, at + length)
      const parts: Buffer[] = []
      for (let from = at; from < end;) {
        const n = Math.floor(from / chunkBytes)
        const start = n * chunkBytes
        parts.push((await chunk(n)).subarray(from - start, end - start))
        from = start + chunkBytes
      }
      return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
    },
    async *stream() {
      for (let n = 0; n * chunkBytes < bytes; n++) yield await readChunk(database, tenantId, id, n)
    },
  }
}

async function readChunk({ db }: Database, tenantId: number, fileId: number, n: number): Promise<Buffer> {
  const { bytes } = await inTenant(db, tenantId, (scope) =>
    scope.db
      .selectFrom('fileChunks')
      .select('bytes')
      .where('tenantId', '=', tenantId)
      .where('fileId', '=', fileId)
      .where('n', '=', n)
      .executeTakeFirstOrThrow(),
  )
  return bytes
}
