import { createHash } from 'node:crypto'
import type { Database } from '@velocicompanion/db'
import { chunkBytes } from '../../ingestion/imports/files.ts'
import { noting, type Progress, putChunk, type Taken } from './queries.ts'

/** A file under way: bytes go into pieces of 1 MiB, each written with the progress that it makes. */
export function openSink(database: Database, taken: Taken, checkRoom: () => void) {
  const hash = createHash('sha256')
  let [n, bytes] = [0, 0]
  let parts: Uint8Array[] = []
  let held = 0
  /** Of the last piece: so much of it is written already. */
  let flushed = 0
  const put = async (piece: Buffer, progress: Partial<Progress>) => {
    checkRoom()
    await noting(database, taken, { ...progress, bytes: bytes - held + piece.length }, (scope) =>
      putChunk(scope, taken.fileId, n, piece),
    )
  }
  return {
    async write(more: Uint8Array, progress: Partial<Progress>) {
      hash.update(more)
      bytes += more.length
      parts.push(more)
      held += more.length
      if (held < chunkBytes) return
      const all = Buffer.concat(parts)
      let at = 0
      for (; held >= chunkBytes; at += chunkBytes) {
        await put(all.subarray(at, at + chunkBytes), progress)
        held -= chunkBytes
        n++
        flushed = 0
      }
      parts = [Buffer.from(all.subarray(at))]
    },
    /** Makes what was written so far readable. */
    async flush(progress: Partial<Progress>) {
      if (held === flushed) return noting(database, taken, progress, async () => {})
      await put(Buffer.concat(parts), progress)
      flushed = held
    },
    ended: () => ({ bytes, sha256: hash.digest() }),
  }
}
