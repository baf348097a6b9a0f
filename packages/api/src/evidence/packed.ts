import type { Block, Prepared } from './prepare.ts'

/** A Prepared with all its bytes in one buffer of its own, which can move between threads without a copy. */
export interface PackedPrepared {
  bytes: Uint8Array<ArrayBuffer>
  /** Lengths of the parts in `bytes`, in the order in which visitParts meets them. */
  lengths: number[]
  rest: Prepared
}

const asBytes = (terms: Int32Array) => Buffer.from(terms.buffer, terms.byteOffset, terms.byteLength)

export function packPrepared(prepared: Prepared): PackedPrepared {
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
      raw: take(block.raw),
      text: take(block.text),
      columns: block.columns.map(({ path, chunk }) => ({ path, chunk: take(chunk) })),
    }
  })
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
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
    return Buffer.from(bytes.buffer, bytes.byteOffset + at - length, length)
  }
  const blocks = rest.blocks.map((block): Block => {
    const terms = next()
    return {
      ...block,
      terms: new Int32Array(Uint8Array.from(terms).buffer),
      raw: next(),
      text: next(),
      columns: block.columns.map(({ path }) => ({ path, chunk: next() })),
    }
  })
  return { ...rest, blocks }
}
