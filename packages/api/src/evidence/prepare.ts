import { isAscii } from 'node:buffer'
import { type Building, addExact, addParsed, newBuilding, startBlock } from './block.ts'
import { writeColumn, writeEventTimes } from './columns.ts'
import { eventTimes } from './event-times.ts'
import { maxRows, smallRows } from './fields.ts'
import { type LineRange, writeFrames } from './frames.ts'
import { filterOf, gramsOf } from './grams.ts'
import { indicatorsIn } from './indicators.ts'
import { isWhole } from './json.ts'
import { type TermSeed, hashDay, hashTerm, termSeed } from './terms.ts'
import { valuesOfLeaves, writeText } from './text.ts'

export interface Prepared {
  blocks: Block[]
  /** Lines that are not rows, by their index in the bytes. Their bytes stay with the caller. */
  rejected: Rejected[]
  /** All lines, blank ones included: those are neither rows nor rejected, but count in line indexes. */
  lines: number
  blank: number
}

export interface Rejected {
  /** 0-based. */
  line: number
  reason: 'not JSON' | 'too large'
}

/** At most 1,000 rows and 8 MB of lines (one longer line stands alone): what is stored and found together. */
export interface Block {
  n: number
  /** Rows that follow one another in the block and in the lines: `n` rows from `row` on are the lines from `line` on. */
  runs: { row: number; line: number; n: number }[]
  /** Event times in microseconds since 1970. Whole numbers; beyond the years 1684 to 2255 rounded as doubles are. */
  tMin: number
  tMax: number
  /** zstd frames of 50 exact lines (frames.ts); `frames` are their byte offsets, the end included. */
  raw: Buffer
  frames: number[]
  /** The distinct folded leaves and their rows (text.ts). */
  text: Buffer
  /** Sorted distinct hashes (terms.ts) of the leaves, the indicators inside them, and the days of time columns. */
  terms: Int32Array
  /** Of the distinct leaves: which blocks may contain a text. */
  grams: Grams
  /** One for each field (columns.ts); the path [] is the event time. */
  columns: { path: string[]; chunk: Buffer }[]
  /**
   * Fields without a column: more than 1,000 in the block, or a path over 1,000 characters. Their values are in `text` and
   * `terms`; while it is not 0, "no such column" does not mean that no row has the field. At least 1 for each such field.
   */
  cappedFields: number
  rawBytes: number
}

/** Sorted distinct grams (grams.ts), which an index holds, or a filter of them. */
export type Grams = { sorted: Int32Array } | { filter: Buffer }

/** Microseconds since 1970: the event time of rows that tell none, for all lines or for each. */
export type ReceivedAt = number | Float64Array

export interface PrepareOptions {
  /** The installation's random key of terms. */
  termKey: Uint8Array
  receivedAt: ReceivedAt
  /** No rows will be joined to these: their grams are for the index, however few they are. */
  final?: boolean
}

export const maxLineBytes = 16 * 1024 * 1024
export const maxBlockBytes = 8_000_000

interface Line extends LineRange {
  index: number
}

interface Job {
  bytes: Uint8Array
  seed: TermSeed
  receivedAt: ReceivedAt
  final: boolean
  building: Building
  lines: Line[]
  size: number
  out: Prepared
}

/** Kept for the life of the thread: the tree of fields, and arrays that are dear to make. */
const building = newBuilding()

/**
 * Makes evidence blocks of JSON lines. Every line that JSON.parse accepts is stored exactly and can be found by each of its
 * strings and numbers; booleans and nulls stand in columns only, RFC3339 times in UTC in time columns.
 */
export function prepareBlocks(bytes: Uint8Array, { termKey, receivedAt, final = false }: PrepareOptions): Prepared {
  const out: Prepared = { blocks: [], rejected: [], lines: 0, blank: 0 }
  const job: Job = { bytes, seed: termSeed(termKey), receivedAt, final, building, lines: [], size: 0, out }
  startBlock(building, job.seed)
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const text = isAscii(bytes) ? buffer.toString('latin1') : undefined
  for (let start = 0; start < buffer.length;) {
    const newline = buffer.indexOf(10, start)
    const end = newline < 0 ? buffer.length : newline + 1
    const stop = newline < 0 ? end : newline
    const line = { start, end, index: out.lines++ }
    if (stop - start > maxLineBytes) out.rejected.push({ line: line.index, reason: 'too large' })
    else addLine(job, line, text ? text.slice(start, stop) : buffer.toString('utf8', start, stop))
    start = end
  }
  if (job.lines.length > 0) finishBlock(job)
  return out
}

/** White space as JSON knows it; other blanks are not JSON and must not vanish. */
const isBlank = (text: string) => text === '' || (text.charCodeAt(0) <= 32 && /^[ \t\r\n]*$/.test(text))

function addLine(job: Job, line: Line, text: string) {
  if (isBlank(text)) {
    job.out.blank++
    return
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    job.out.rejected.push({ line: line.index, reason: 'not JSON' })
    return
  }
  const size = line.end - line.start
  if (job.lines.length === maxRows || (job.size > 0 && job.size + size > maxBlockBytes)) finishBlock(job)
  const row = job.lines.length
  if (isWhole(value, text.endsWith('\r') ? text.slice(0, -1) : text)) addParsed(job.building, value, row)
  else addExact(job.building, text, row)
  job.lines.push(line)
  job.size += size
}

function finishBlock(job: Job) {
  job.out.blocks.push(makeBlock(job))
  startBlock(job.building, job.seed)
  job.lines = []
  job.size = 0
}

function makeBlock({ bytes, seed, receivedAt, final, building, lines, size }: Job): Block {
  const n = lines.length
  const values = valuesOfLeaves(building.leaves)
  const received = (row: number) => (typeof receivedAt === 'number' ? receivedAt : receivedAt[lines[row]!.index]!)
  const times = eventTimes(building, n, received)
  return {
    n,
    runs: runsOf(lines),
    tMin: times.reduce((low, time) => Math.min(low, time), Infinity),
    tMax: times.reduce((high, time) => Math.max(high, time), -Infinity),
    ...writeFrames(bytes, lines),
    text: writeText(building.leaves, n),
    terms: termsOf(building, values, seed),
    grams: n < smallRows && !final ? { filter: filterOf(values) } : { sorted: gramsOf(values) },
    columns: [
      { path: [], chunk: writeEventTimes(times, n) },
      ...building.columns.map((column) => ({ path: column.path, chunk: writeColumn(column, n) })),
    ],
    cappedFields: building.cappedFields,
    rawBytes: size,
  }
}

function runsOf(lines: Line[]) {
  const runs: Block['runs'] = []
  for (const [row, { index }] of lines.entries()) {
    const last = runs.at(-1)
    if (last && last.line + last.n === index) last.n++
    else runs.push({ row, line: index, n: 1 })
  }
  return runs
}

function termsOf({ leaves, days }: Building, values: string[], seed: TermSeed): Int32Array {
  const hashes = Array.from(leaves.strings.hashes.subarray(0, values.length))
  for (const value of values) {
    for (const indicator of indicatorsIn(value)) hashes.push(hashTerm(indicator, seed))
  }
  for (const day of days) hashes.push(hashDay(day, seed))
  const sorted = Int32Array.from(hashes).sort()
  return sorted.filter((hash, i) => i === 0 || hash !== sorted[i - 1])
}
