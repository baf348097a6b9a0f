import type { Block, Prepared } from './prepare.ts'

/** A Prepared with all its bytes in one piece of memory. */
export interface PackedPrepared {
  bytes: Uint8Array
  /** Lengths of the parts in `bytes`, in the order in which visitParts meets them. */
  lengths: number[]
  rest: Prepared
}

const asBytes = (ints: Int32Array) => Buffer.from(ints.buffer, ints.byteOffset, ints.byteLength)

/** A copy, as ints must stand at a multiple of four. */
const intsOf = (bytes: Buffer) => new Int32Array(new Uint8Array(bytes).buffer)

/** Into `target` when it has room for all, else into a buffer of its own. */
export function packPrepared(prepared: Prepared, target?: Uint8Array): PackedPrepared {
  const parts: Buffer[] = []
  const none = Buffer.alloc(0)
  const take = (part: Buffer) => {
    parts.push(part)
    return none
  }
  const blocks = prepared.blocks.map((block): Block => {
    take(asBytes(block.terms))
    return {
      ...block,
      terms: new Int32Array(0),
      grams:
        'filter' in block.grams
          ? { filter: take(block.grams.filter) }
          : { sorted: (take(asBytes(block.grams.sorted)), new Int32Array(0)) },
      raw: take(block.raw),
      text: take(block.text),
      columns: block.columns.map(({ path, chunk }) => ({ path, chunk: take(chunk) })),
    }
  })
  const size = parts.reduce((sum, part) => sum + part.length, 0)
  const bytes = target && target.length >= size ? target : new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return { bytes, lengths: parts.map((part) => part.length), rest: { ...prepared, blocks } }
}

export function unpackPrepared({ bytes, lengths, rest }: PackedPrepared): Prepared {
  let at = 0
  let part = 0
  const next = (): Buffer => {
    const length = lengths[part++]!
    at += length
    return Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset + at - length, length)
  }
  const blocks = rest.blocks.map((block): Block => {
    const terms = intsOf(next())
    const grams = 'filter' in block.grams ? { filter: next() } : { sorted: intsOf(next()) }
    return {
      ...block,
      terms,
      grams,
      raw: next(),
      text: next(),
      columns: block.columns.map(({ path }) => ({ path, chunk: next() })),
    }
  })
  return { ...rest, blocks }
}

/** A copy that nobody else writes to. */
export function ownPrepared(prepared: Prepared): Prepared {
  const blocks = prepared.blocks.map((block) => ({
    ...block,
    grams: 'filter' in block.grams ? { filter: Buffer.from(block.grams.filter) } : block.grams,
    raw: Buffer.from(block.raw),
    text: Buffer.from(block.text),
    columns: block.columns.map(({ path, chunk }) => ({ path, chunk: Buffer.from(chunk) })),
  }))
  return { ...prepared, blocks }
}
