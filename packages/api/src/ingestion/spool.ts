import { open, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A line on disk, so that its length costs no memory and no open transaction while it arrives. */
export interface Spool {
  /** Without the line end. */
  size: number
  /** Whether a `\n` ended it. */
  closed: boolean
  /** What arrived behind it. */
  rest: Buffer
  /** Its bytes in parts of `partBytes`, as often as asked. */
  parts(): AsyncGenerator<Buffer, void, void>
  remove(): Promise<void>
}

export const partBytes = 1_000_000

/** Writes what is held of a line, and what follows of it, to a file. */
export async function spoolLine(held: Buffer, chunks: AsyncGenerator<Uint8Array, void, void>): Promise<Spool> {
  const folder = await mkdtemp(join(tmpdir(), 'velocicompanion-line-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    const path = join(folder, 'line')
    const file = await open(path, 'wx', 0o600)
    try {
      const written = await writeLine(file, held, chunks)
      return { ...written, parts: () => partsOf(path), remove }
    } finally {
      await file.close()
    }
  } catch (error) {
    await remove()
    throw error
  }
}

async function writeLine(
  file: Awaited<ReturnType<typeof open>>,
  held: Buffer,
  chunks: AsyncGenerator<Uint8Array, void, void>,
) {
  let size = 0
  for (let chunk: Uint8Array | undefined = held; chunk; chunk = (await chunks.next()).value ?? undefined) {
    const end = chunk.indexOf(10)
    const piece = end < 0 ? chunk : chunk.subarray(0, end)
    await file.appendFile(piece)
    size += piece.length
    if (end >= 0) return { size, closed: true, rest: Buffer.from(chunk.subarray(end + 1)) }
  }
  return { size, closed: false, rest: Buffer.alloc(0) }
}

async function* partsOf(path: string): AsyncGenerator<Buffer, void, void> {
  const file = await open(path, 'r')
  try {
    for (let at = 0; ; at += partBytes) {
      const part = Buffer.allocUnsafe(partBytes)
      let size = 0
      while (size < partBytes) {
        const { bytesRead } = await file.read(part, size, partBytes - size, at + size)
        if (bytesRead === 0) break
        size += bytesRead
      }
      if (size > 0) yield part.subarray(0, size)
      if (size < partBytes) return
    }
  } finally {
    await file.close()
  }
}
