import { pack, unpack } from './bytes.ts'
import { ABSENT, type Column, NUMBERS, TYPED, firstCode } from './fields.ts'
import { readInts, writeInts } from './ints.ts'
import { writeTime } from './times.ts'

/** What a row holds in a column. Absent is undefined; null is null. Numbers keep their source, times their text. */
export type Cell = undefined | null | boolean | string | NumberCell | TimeCell | JsonCell | SeveralCell

export interface NumberCell {
  number: string
}
/** A time as sent, and where it lies: microseconds since 1970. */
export interface TimeCell {
  time: string
  micros: number
}
/** An array, an empty object, or an object below the depth of columns: compact JSON. */
export interface JsonCell {
  json: string
}
/** The key stood more than once in the row: each value as JSON, in order. */
export interface SeveralCell {
  several: string[]
}

export type ColumnKind = 'values' | 'numbers' | 'times'
const kinds: ColumnKind[] = ['values', 'numbers', 'times']

const format = 1
const noCodes = 0

/**
 * `[format u8][kind u8: 0 values, 1 numbers, 2 times]`, then packed: `[rows u16][bytes per code u8: 0 when all are `first`][first u16][bytes
 * of the values u32][codes][values, a JSON array][typed numbers]`. The kind stands outside, so that SQL can pick the time columns.
 */
export function writeColumn(column: Column, n: number): Buffer {
  const values = Buffer.from(JSON.stringify(column.strings.values))
  const codes = writeCodes(column, n)
  const head = Buffer.allocUnsafe(9)
  head.writeUInt16LE(n, 0)
  head[2] = n === 0 ? 0 : codes.length / n
  head.writeUInt16LE(column.codes[0]!, 3)
  head.writeUInt32LE(values.length, 5)
  const plain = Buffer.concat([head, codes, values, ...writeTyped(column, n)])
  return Buffer.concat([Buffer.from([format, column.typed]), pack(plain)])
}

function writeCodes({ codes, strings: { values } }: Column, n: number): Uint8Array {
  const first = codes[0]
  let constant = true
  for (let row = 1; row < n && constant; row++) constant = codes[row] === first
  if (constant) return new Uint8Array(noCodes)
  if (values.length + firstCode <= 256) return Uint8Array.from(codes.subarray(0, n))
  const out = Buffer.allocUnsafe(n * 2)
  for (let row = 0; row < n; row++) {
    out[row] = codes[row]! & 255
    out[n + row] = codes[row]! >> 8
  }
  return out
}

function writeTyped({ typed, codes, numbers, nanos, digits }: Column, n: number): Buffer[] {
  if (typed === 0) return []
  const held = (row: number) => codes[row] === TYPED
  if (typed === NUMBERS) return [writeInts(numbers, n, held)]
  return [writeInts(numbers, n, held), writeInts(nanos, n, held), writeInts(digits, n, held)]
}

export interface OpenColumn {
  kind: ColumnKind
  n: number
  /** For each row: 0 absent, 1 in the typed arrays, else `values[code - 2]`. */
  codes: Uint16Array
  /** The distinct values that are not typed. */
  values: Exclude<Cell, undefined>[]
  /** Numbers, or microseconds of times; NaN where the row has none. */
  numbers: Float64Array
  /** Of times: seconds since 1970, the rest of the second, and how many digits it was written with. */
  times?: { seconds: Float64Array; nanos: Float64Array; digits: Float64Array }
  cell(row: number): Cell
}

export const kindOfColumn = (chunk: Uint8Array): ColumnKind => kinds[chunk[1]!]!

export function openColumn(chunk: Buffer): OpenColumn {
  if (chunk[0] !== format) throw new Error(`column of unknown format ${chunk[0]}`)
  const plain = unpack(chunk.subarray(2))
  const n = plain.readUInt16LE(0)
  const codes = readCodes(plain, n)
  const valuesAt = 9 + n * plain[2]!
  const typedAt = valuesAt + plain.readUInt32LE(5)
  const values = JSON.parse(plain.toString('utf8', valuesAt, typedAt)) as Exclude<Cell, undefined>[]
  const kind = kindOfColumn(chunk)
  const typed = kind === 'values' ? [] : readTyped(plain, typedAt, n, kind)
  const numbers = numbersOf(kind, codes, typed, n)
  const typedCell = typedCells(kind, typed, numbers)
  const cell = (row: number) => {
    const code = codes[row]
    return code === undefined || code === ABSENT
      ? undefined
      : code === TYPED
        ? typedCell(row)
        : values[code - firstCode]
  }
  const [seconds, nanos, digits] = typed
  const times = seconds && nanos && digits ? { seconds, nanos, digits } : undefined
  return { kind, n, codes, values, numbers, ...(times && { times }), cell }
}

function readCodes(plain: Buffer, n: number): Uint16Array {
  const codes = new Uint16Array(n)
  const size = plain[2]
  if (size === 0) return codes.fill(plain.readUInt16LE(3))
  for (let row = 0; row < n; row++) codes[row] = plain[9 + row]!
  if (size === 2) for (let row = 0; row < n; row++) codes[row]! |= plain[9 + n + row]! << 8
  return codes
}

function readTyped(plain: Buffer, at: number, n: number, kind: ColumnKind): Float64Array[] {
  const arrays: Float64Array[] = []
  let next = at
  for (let i = 0; i < (kind === 'times' ? 3 : 1); i++) {
    const { values, end } = readInts(plain, next, n)
    arrays.push(values)
    next = end
  }
  return arrays
}

function numbersOf(kind: ColumnKind, codes: Uint16Array, typed: Float64Array[], n: number): Float64Array {
  const numbers = new Float64Array(n).fill(NaN)
  const [first, nanos] = typed
  if (first === undefined) return numbers
  for (let row = 0; row < n; row++) {
    if (codes[row] !== TYPED) continue
    numbers[row] = kind === 'times' ? first[row]! * 1e6 + nanos![row]! / 1e3 : first[row]!
  }
  return numbers
}

function typedCells(kind: ColumnKind, typed: Float64Array[], numbers: Float64Array): (row: number) => Cell {
  if (kind === 'numbers') return (row) => ({ number: String(numbers[row]) })
  const [seconds, nanos, digits] = typed
  return (row) => ({
    time: writeTime({ seconds: seconds![row]!, nanos: nanos![row]!, digits: digits![row]! }),
    micros: numbers[row]!,
  })
}

/** The column of event times, field 0: microseconds since 1970, one for each row. */
export function writeEventTimes(times: Float64Array, n: number): Buffer {
  const head = Buffer.alloc(9)
  head.writeUInt16LE(n, 0)
  head.writeUInt16LE(TYPED, 3)
  head.writeUInt32LE(2, 5)
  const plain = Buffer.concat([head, Buffer.from('[]'), writeInts(times, n, () => true)])
  return Buffer.concat([Buffer.from([format, NUMBERS]), pack(plain)])
}
