import { createHash } from 'node:crypto'
import { decompress } from '../evidence/bytes.ts'
import { openColumn } from '../evidence/columns.ts'
import { maxRows } from '../evidence/fields.ts'
import { maxBlockBytes } from '../evidence/prepare.ts'

/** A block as it is stored, without what is made of its lines. */
export interface StoredBlock {
  blockId: number
  sourceId: number
  n: number
  tMin: number
  tMax: number
  raw: Buffer
  frames: number[]
  receivedAt: Date
  /** The column of event times, where there is one. */
  times: Buffer | null
}

/** Consecutive rows of a source of a collection, and where they lie. */
export interface StoredRun {
  blockId: number
  blockRow: number
  n: number
  collectionId: number
  firstRow: number
  hostId: number
  superseded: boolean
  sha256: Buffer
}

/** The lines of a block exactly as they were sent, each with its line end; the last one may have none. */
export const bytesOfBlock = ({ raw, frames }: Pick<StoredBlock, 'raw' | 'frames'>): Buffer =>
  Buffer.concat(frames.slice(1).map((end, i) => decompress(raw.subarray(frames[i], end), (end - frames[i]!) * 12)))

/** Where each line begins, and at last where they end. */
function startsOf(bytes: Buffer): number[] {
  const starts = [0]
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, end + 1)) starts.push(end + 1)
  if (starts.at(-1) !== bytes.length) starts.push(bytes.length)
  return starts
}

/** Why the lines are not those that were stored; undefined when they are. `runs` in the order of their rows. */
export function damageOf(bytes: Buffer, n: number, runs: StoredRun[]): string | undefined {
  const starts = startsOf(bytes)
  if (starts.length - 1 !== n) return `it holds ${starts.length - 1} lines, not ${n}`
  let row = 0
  for (const run of runs) {
    if (run.blockRow !== row) return `the rows from ${row} on have no name`
    row += run.n
    if (!isOf(bytes.subarray(starts[run.blockRow], starts[row]), run.sha256)) return 'a hash is not that of the lines'
  }
  return row === n ? undefined : `the rows from ${row} on have no name`
}

/** A hash is of what was delivered, which may have had no line end behind its last line. */
function isOf(lines: Buffer, sha256: Buffer) {
  const without = lines.at(-1) === 10 ? lines.subarray(0, -1) : lines
  const hash = createHash('sha256').update(without)
  return hash.copy().digest().equals(sha256) || hash.update('\n').digest().equals(sha256)
}

/** The event times that are stored; undefined when there are none to be had. */
export function knownTimes({ times, n }: StoredBlock): Float64Array | undefined {
  if (!times) return undefined
  try {
    const column = openColumn(times)
    return column.n === n && column.numbers.every(Number.isFinite) ? column.numbers : undefined
  } catch {
    return undefined
  }
}

const hourMicros = 3_600_000_000

/**
 * The event time of rows that tell none, where the column of event times is lost: when they were prepared. Mostly it is the
 * block's last or first time; where it can't be told from the others', the time of receipt is nearest.
 */
export function lostTime({ tMin, tMax, receivedAt }: StoredBlock, told: number[]): number {
  const received = receivedAt.getTime() * 1000
  const isNear = (time: number) => Math.abs(time - received) < hourMicros
  const [low, high] = [
    told.reduce((a, b) => Math.min(a, b), Infinity),
    told.reduce((a, b) => Math.max(a, b), -Infinity),
  ]
  if (tMax > high && isNear(tMax)) return tMax
  return tMin < low && isNear(tMin) ? tMin : received
}

/** So many small blocks of one day and source are worth joining before the day is over. */
export const worthJoining = 20

/** What a joined block holds at most: a line end may be added to each part, and a block stays below what prepare makes two of. */
const joinedBytes = maxBlockBytes - 10_000

/** Which blocks to make one of, each with its neighbours in the given order. A block that fits to none is alone. */
export function groupsOf<B extends { n: number; rawBytes: number }>(blocks: B[]): B[][] {
  const groups: B[][] = []
  let [rows, bytes] = [Infinity, Infinity]
  for (const block of blocks) {
    if (rows + block.n > maxRows || bytes + block.rawBytes > joinedBytes) {
      groups.push([])
      ;[rows, bytes] = [0, 0]
    }
    groups.at(-1)!.push(block)
    rows += block.n
    bytes += block.rawBytes
  }
  return groups
}
