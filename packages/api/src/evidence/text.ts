import { type Writer, compress, decompress, readVarint, reserve, writeVarint, writer, written } from './bytes.ts'
import { holdsIndicator } from './indicators.ts'
import { type Strings, addString, clearStrings, newStrings, placeOf } from './strings.ts'
import { type TermSeed, folded, hashTerm } from './terms.ts'

/**
 * Gathers the distinct folded leaves of a block and the rows of each. A hit is two numbers in one long list: rows come in
 * order, so one counting sort at the end gives every value's rows.
 */
export interface Leaves {
  /** A leaf's number is its place. */
  strings: Strings
  seed: TermSeed
  numbers: Map<number, number>
  lastRow: Int32Array
  hits: Int32Array
  hitCount: number
}

export const newLeaves = (): Leaves => ({
  strings: newStrings(),
  seed: { a: 0, b: 0 },
  numbers: new Map(),
  lastRow: new Int32Array(4096),
  hits: new Int32Array(32_768),
  hitCount: 0,
})

/** The folded leaves, each once, by their numbers. */
export const valuesOfLeaves = ({ strings }: Leaves) => strings.values as string[]

const mostKept = 65_536

/** Empties it for the next block; arrays are kept. */
export function clearLeaves(leaves: Leaves, seed: TermSeed) {
  clearStrings(leaves.strings, mostKept)
  leaves.seed = seed
  leaves.numbers = new Map()
  leaves.hitCount = 0
}

function longer(array: Int32Array): Int32Array<ArrayBuffer> {
  const bigger = new Int32Array(array.length * 2)
  bigger.set(array)
  return bigger
}

/** The number of a leaf's value, of which a caller may know the hash. Empty strings are no leaves: nobody can search for them. */
export function leafId(leaves: Leaves, value: string, hashed?: number): number {
  const key = folded(value)
  if (key === '') return -1
  const hash = hashed !== undefined && key === value ? hashed : hashTerm(key, leaves.seed)
  const known = placeOf(leaves.strings, key, hash)
  if (known >= 0) return known
  const id = addString(leaves.strings, key, hash)
  if (id >= leaves.lastRow.length) leaves.lastRow = longer(leaves.lastRow)
  leaves.lastRow[id] = -1
  return id
}

/** The same for a number whose source is `String(value)`. */
export function numberLeafId(leaves: Leaves, value: number): number {
  let id = leaves.numbers.get(value)
  if (id === undefined) leaves.numbers.set(value, (id = leafId(leaves, String(value))))
  return id
}

/** Says that the row holds the leaf. Rows must not go down. */
export function hit(leaves: Leaves, id: number, row: number) {
  if (id < 0 || leaves.lastRow[id] === row) return
  leaves.lastRow[id] = row
  if (leaves.hitCount + 2 > leaves.hits.length) leaves.hits = longer(leaves.hits)
  leaves.hits[leaves.hitCount++] = id
  leaves.hits[leaves.hitCount++] = row
}

/** `starts[id] .. starts[id + 1]` are the places of a value's rows in `rows`. */
function sortHits({ hits, hitCount, strings: { values } }: Leaves) {
  const starts = new Int32Array(values.length + 1)
  for (let i = 0; i < hitCount; i += 2) starts[hits[i]! + 1]!++
  for (let i = 1; i < starts.length; i++) starts[i]! += starts[i - 1]!
  const next = starts.slice()
  const rows = new Int32Array(hitCount / 2)
  for (let i = 0; i < hitCount; i += 2) rows[next[hits[i]!]!++] = hits[i + 1]!
  return { starts, rows }
}

const format = 1
const headerSize = 13

/** `[format u8][plain size u32]`, then zstd of `[rows u32][values u32][bytes of all values u32][values][their lengths][their rows]`. */
export function writeText(leaves: Leaves, n: number): Buffer {
  const values = valuesOfLeaves(leaves)
  const all = values.join('')
  const size = Buffer.byteLength(all)
  const out = writer(headerSize + size + values.length * 2 + leaves.hitCount * 2)
  out.bytes.writeUInt32LE(n, 1)
  out.bytes.writeUInt32LE(values.length, 5)
  out.bytes.writeUInt32LE(size, 9)
  out.bytes.write(all, headerSize, 'utf8')
  out.at = headerSize + size
  const ascii = size === all.length
  for (const value of values) writeVarint(out, ascii ? value.length : Buffer.byteLength(value))
  writeRows(out, leaves, n)
  const plain = written(out).subarray(1)
  const head = Buffer.alloc(5)
  head[0] = format
  head.writeUInt32LE(plain.length, 1)
  return Buffer.concat([head, compress(plain)])
}

/** For each value how many rows it has (0: all of them) and the steps from one to the next. */
function writeRows(out: Writer, leaves: Leaves, n: number) {
  const { starts, rows } = sortHits(leaves)
  for (let id = 0; id + 1 < starts.length; id++) {
    const [from, to] = [starts[id]!, starts[id + 1]!]
    reserve(out, 5)
    if (to - from === n) {
      writeVarint(out, 0)
      continue
    }
    writeVarint(out, to - from)
    let before = -1
    for (let i = from; i < to; i++) {
      writeVarint(out, rows[i]! - before)
      before = rows[i]!
    }
  }
}

/** A block's text, opened. Rows are a mask: one byte for each row of the block, 1 where it holds the value. */
export interface Text {
  n: number
  values(): string[]
  /** Rows with a leaf that is this value. */
  rowsOfValue(value: string): Uint8Array
  /** Rows with a leaf that is this value or has it inside as an indicator: what an exact search means. */
  rowsOfTerm(value: string): Uint8Array
  /** Rows with a leaf that contains this. */
  rowsContaining(part: string): Uint8Array
  /** Rows with a leaf that is accepted; `part`, when given, is inside of all that can be. */
  rowsAccepted(part: string, accept: (leaf: string) => boolean): Uint8Array
}

interface Opened {
  n: number
  bytes: Buffer
  values: Buffer
  count: number
  /** Where each value ends, and where the rows of each begin: read when first needed, and kept with an open text. */
  ends?: Int32Array
  rowsAt?: Int32Array
}

export function openText(text: Buffer): Text {
  if (text[0] !== format) throw new Error(`text of unknown format ${text[0]}`)
  const bytes = decompress(text.subarray(5), text.readUInt32LE(1))
  const size = bytes.readUInt32LE(8)
  const opened: Opened = {
    n: bytes.readUInt32LE(0),
    count: bytes.readUInt32LE(4),
    bytes,
    values: bytes.subarray(12, 12 + size),
  }
  return {
    n: opened.n,
    values: () => valuesOf(opened),
    rowsOfValue: (value) => rowsWhere(opened, folded(value), (leaf, part) => leaf.length === part.length),
    rowsOfTerm: (value) =>
      rowsWhere(opened, folded(value), (leaf, part) => leaf.length === part.length || hasIndicator(leaf, part)),
    rowsContaining: (part) => rowsWhere(opened, folded(part), () => true),
    rowsAccepted: (part, accept) =>
      part === '' ? rowsOfAccepted(opened, accept) : rowsWhere(opened, part, (leaf) => accept(leaf.toString())),
  }
}

const hasIndicator = (leaf: Buffer, part: Buffer) => holdsIndicator(leaf.toString(), part.toString())

/** Where each value ends. */
function readEnds(opened: Opened): Int32Array {
  if (opened.ends) return opened.ends
  const { bytes, count, values } = opened
  const from = { bytes, at: 12 + values.length }
  const ends = new Int32Array(count)
  let end = 0
  for (let id = 0; id < count; id++) ends[id] = end += readVarint(from)
  opened.ends = ends
  opened.rowsAt = readStarts(from, count)
  return ends
}

/** Where the rows of each value begin. */
function readStarts(from: { bytes: Uint8Array; at: number }, count: number): Int32Array {
  const starts = new Int32Array(count)
  const { bytes } = from
  for (let id = 0; id < count; id++) {
    starts[id] = from.at
    for (let left = readVarint(from); left > 0; left--) while (bytes[from.at++]! > 127);
  }
  return starts
}

function valuesOf(opened: Opened): string[] {
  const ends = readEnds(opened)
  return Array.from(ends, (end, id) => opened.values.toString('utf8', id === 0 ? 0 : ends[id - 1]!, end))
}

function rowsOfAccepted(opened: Opened, accept: (leaf: string) => boolean): Uint8Array {
  const mask = new Uint8Array(opened.n)
  const ends = readEnds(opened)
  const wanted: number[] = []
  let start = 0
  for (const [id, end] of ends.entries()) {
    if (accept(opened.values.toString('utf8', start, end))) wanted.push(id)
    start = end
  }
  markRows(opened, wanted, mask)
  return mask
}

/** The first value that ends behind `at`. */
function valueAt(ends: Int32Array, at: number): number {
  let low = 0
  let high = ends.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (ends[middle]! > at) high = middle
    else low = middle + 1
  }
  return low
}

/** Values stand side by side without a separator, so a match counts only inside one of them. */
function rowsWhere(opened: Opened, part: string, accept: (leaf: Buffer, part: Buffer) => boolean): Uint8Array {
  const mask = new Uint8Array(opened.n)
  const pattern = Buffer.from(part)
  let at = pattern.length === 0 ? -1 : opened.values.indexOf(pattern)
  if (at < 0) return mask
  const ends = readEnds(opened)
  const wanted: number[] = []
  while (at >= 0) {
    const id = valueAt(ends, at)
    const start = id === 0 ? 0 : ends[id - 1]!
    const inside = at + pattern.length <= ends[id]!
    const accepted = inside && accept(opened.values.subarray(start, ends[id]), pattern)
    if (accepted) wanted.push(id)
    at = opened.values.indexOf(pattern, inside ? ends[id]! : at + 1)
  }
  markRows(opened, wanted, mask)
  return mask
}

function markRows({ bytes, rowsAt }: Opened, wanted: number[], mask: Uint8Array) {
  for (const id of wanted) {
    const from = { bytes, at: rowsAt![id]! }
    const count = readVarint(from)
    if (count === 0) mask.fill(1)
    let row = -1
    for (let i = 0; i < count; i++) {
      row += readVarint(from)
      mask[row] = 1
    }
  }
}
