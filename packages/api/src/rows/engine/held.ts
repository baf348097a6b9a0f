import type { BlockTask, Chunk } from './task.ts'

/** What a worker holds, the longest unused first, by what it takes decoded. */
export interface Held {
  sizes: Map<string, number>
  bytes: number
  limit: number
}

export const newHeld = (limit: number): Held => ({ sizes: new Map(), bytes: 0, limit })

type Kind = 'text' | 'column' | 'runs'

function* chunksOf(blocks: BlockTask[]): Generator<{ chunk: Chunk; kind: Kind; n: number }> {
  for (const { text, columns, times, runs, n } of blocks) {
    if (text) yield { chunk: text, kind: 'text', n }
    for (const { chunk } of columns) yield { chunk, kind: 'column', n }
    if (times) yield { chunk: times, kind: 'column', n }
    if (runs) yield { chunk: runs, kind: 'runs', n }
  }
}

/** The chunks of blocks, by their keys. */
export const keysOf = (blocks: BlockTask[]) => Array.from(chunksOf(blocks), ({ chunk }) => chunk.key)

/** After a wave that failed, nobody knows which of its chunks were opened: none of them is held. */
export function dropChunks(held: Held, keys: string[]) {
  for (const key of keys) {
    held.bytes -= held.sizes.get(key) ?? 0
    held.sizes.delete(key)
  }
}

/** What a chunk takes when it is open, by the plain size in its head. */
function sizeOf(bytes: Uint8Array, kind: Kind, n: number): number {
  if (kind === 'runs') return 2 * bytes.length + 200
  const at = kind === 'text' ? 1 : 2
  const plain = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, true)
  return kind === 'text' ? plain + 1000 : plain * 2 + n * 12 + 1000
}

/**
 * Notes what the blocks bring and use, and says what the worker must forget to stay below the limit; never a chunk of
 * these blocks. Undefined when one of them is neither brought nor held.
 */
export function settleChunks(held: Held, blocks: BlockTask[]): string[] | undefined {
  const chunks = [...chunksOf(blocks)]
  if (chunks.some(({ chunk }) => !chunk.bytes && !held.sizes.has(chunk.key))) return undefined
  for (const { chunk, kind, n } of chunks) {
    const known = held.sizes.get(chunk.key)
    const size = known ?? sizeOf(chunk.bytes!, kind, n)
    held.sizes.delete(chunk.key)
    held.sizes.set(chunk.key, size)
    if (known === undefined) held.bytes += size
  }
  const used = new Set(chunks.map(({ chunk }) => chunk.key))
  const forget: string[] = []
  for (const [key, size] of held.sizes) {
    if (held.bytes <= held.limit) break
    if (used.has(key)) continue
    held.sizes.delete(key)
    held.bytes -= size
    forget.push(key)
  }
  return forget
}
