import { createHash } from 'node:crypto'
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'

/** A backup can't be made or used; the message is a sentence that says why and what to do. */
export class BackupError extends Error {}

const magic = Buffer.from('VelociCompanion backup 1\n')
export const formatVersion = 1

/**
 * A file is the magic line, then records: one byte of kind, four of length, that many bytes. A part is `begin` with its name,
 * `data` and `end`; the manifest follows the parts; `close` holds the sha256 of everything before it.
 */
const kinds = { begin: 1, data: 2, end: 3, manifest: 4, close: 5 } as const
type Kind = keyof typeof kinds
const kindOf = new Map<number, Kind>(Object.entries(kinds).map(([name, byte]) => [byte, name as Kind]))
const mostBytes = 64 * 1024 * 1024

export interface Part {
  table: string
  columns: string[]
  rows: number
  /** Of the compressed bytes. */
  sha256: string
  bytes: number
}

export interface Manifest {
  format: number
  createdAt: string
  /** Of the release and of the server that it was taken from. */
  server: string
  migrations: string[]
  /** Months of the evidence partitions, counted from 2020-01. */
  months: number[]
  parts: Part[]
  sequences: { name: string; last: string; called: boolean }[]
}

/** Writes beside `path` and puts it in place when it is whole. */
export async function writeBackup<T>(path: string, work: (writer: Writer) => Promise<T>): Promise<T> {
  const draft = `${path}.partial-${process.pid}`
  const file = await open(draft, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw new BackupError(`${draft} can not be written (${error.code}): name a file in a folder that can be written to`)
  })
  try {
    const writer = await openWriter(file)
    const result = await work(writer)
    await writer.close()
    await file.sync()
    await file.close()
    await rename(draft, path)
    // Where a folder can't be opened, as on Windows, the rename alone must do.
    const folder = await open(dirname(path)).catch(() => undefined)
    await folder?.sync()
    await folder?.close()
    return result
  } catch (error) {
    await file.close().catch(() => {})
    await rm(draft, { force: true })
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC')
      throw new BackupError('The disk is full: nothing was kept of this backup')
    throw error
  }
}

export type Writer = Awaited<ReturnType<typeof openWriter>>

async function openWriter(file: FileHandle) {
  const hash = createHash('sha256')
  const put = async (bytes: Uint8Array) => {
    hash.update(bytes)
    for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at)).bytesWritten
  }
  const record = async (kind: Kind, payload: Uint8Array) => {
    const head = Buffer.alloc(5)
    head[0] = kinds[kind]
    head.writeUInt32BE(payload.length, 1)
    await put(head)
    await put(payload)
  }
  await put(magic)
  return {
    /** Writes one part; returns the size and the hash of its bytes. */
    async part(table: string, chunks: AsyncIterable<Uint8Array>) {
      const own = createHash('sha256')
      let bytes = 0
      await record('begin', Buffer.from(table))
      for await (const chunk of chunks) {
        own.update(chunk)
        bytes += chunk.length
        await record('data', chunk)
      }
      await record('end', Buffer.alloc(0))
      return { bytes, sha256: own.digest('hex') }
    },
    manifest: (manifest: Manifest) => record('manifest', Buffer.from(JSON.stringify(manifest))),
    close: () => record('close', hash.copy().digest()),
  }
}

export const damaged = (path: string, what: string) =>
  new BackupError(`${path} is damaged (${what}): take another copy of it. The database was not touched.`)

interface FileRecord {
  kind: Kind
  payload: Buffer
  /** Of everything before the record. */
  before: () => Buffer
}

/** The records of a file, one held at a time. */
async function* recordsOf(path: string): AsyncGenerator<FileRecord, void, void> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw new BackupError(`${path} can not be read: ${error.code}`)
  })
  try {
    const hash = createHash('sha256')
    const take = async (length: number) => {
      const bytes = Buffer.alloc(length)
      for (let at = 0; at < length;) {
        const { bytesRead } = await file.read(bytes, at, length - at)
        if (bytesRead === 0) return bytes.subarray(0, at)
        at += bytesRead
      }
      return bytes
    }
    const first = await take(magic.length)
    if (!first.equals(magic)) throw new BackupError(`${path} is no backup that this release can read`)
    hash.update(first)
    for (;;) {
      const head = await take(5)
      if (head.length < 5) throw damaged(path, 'it ends too early')
      const kind = kindOf.get(head[0]!)
      const length = head.readUInt32BE(1)
      if (!kind || length > mostBytes) throw damaged(path, 'its bytes were changed')
      const payload = await take(length)
      if (payload.length < length) throw damaged(path, 'it ends too early')
      const before = hash.copy()
      yield { kind, payload, before: () => before.digest() }
      hash.update(head).update(payload)
      if (kind === 'close') {
        if ((await take(1)).length > 0) throw damaged(path, 'something follows its end')
        return
      }
    }
  } finally {
    await file.close()
  }
}

/** Reads the whole file and checks every hash in it; nothing of it is kept but the manifest. */
export async function verifyBackup(path: string): Promise<Manifest> {
  let manifest: Manifest | undefined
  const found: Pick<Part, 'table' | 'sha256' | 'bytes'>[] = []
  let [table, own, bytes] = ['', createHash('sha256'), 0]
  for await (const { kind, payload, before } of recordsOf(path)) {
    if (kind === 'begin') [table, own, bytes] = [payload.toString(), createHash('sha256'), 0]
    else if (kind === 'data') {
      own.update(payload)
      bytes += payload.length
    } else if (kind === 'end') found.push({ table, sha256: own.digest('hex'), bytes })
    else if (kind === 'manifest') manifest = readManifest(path, payload)
    else if (!before().equals(payload)) throw damaged(path, 'its bytes were changed')
  }
  if (!manifest) throw damaged(path, 'its manifest is missing')
  const said = manifest.parts.map((part) => ({ table: part.table, sha256: part.sha256, bytes: part.bytes }))
  if (JSON.stringify(said) !== JSON.stringify(found)) throw damaged(path, 'its parts are not those of its manifest')
  return manifest
}

function readManifest(path: string, payload: Buffer): Manifest {
  try {
    return JSON.parse(payload.toString()) as Manifest
  } catch {
    throw damaged(path, 'its manifest can not be read')
  }
}

/** Each part with its bytes, in order. A part's bytes must be read before the next one is asked for; its hash is checked at its end. */
export async function* partsOf(path: string, { parts }: Manifest) {
  const records = recordsOf(path)
  try {
    for (const part of parts) {
      await records.next()
      yield { part, chunks: chunksOf(path, part, records) }
    }
  } finally {
    await records.return()
  }
}

async function* chunksOf(path: string, part: Part, records: AsyncGenerator<FileRecord, void, void>) {
  const own = createHash('sha256')
  for (;;) {
    const next = await records.next()
    if (next.done || next.value.kind === 'end') break
    own.update(next.value.payload)
    yield next.value.payload
  }
  if (own.digest('hex') !== part.sha256) throw damaged(path, 'it changed while it was read')
}
