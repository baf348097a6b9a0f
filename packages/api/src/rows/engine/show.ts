import { unfold } from '../../evidence/folded.ts'
import { linesOf } from '../../evidence/frames.ts'
import { type Shown, shownMembers } from '../../evidence/shown.ts'

/** Rows to make ready for a list: frames of their lines, and which line of which frame each is. */
export interface RowsToShow {
  bytes: Uint8Array
  /** Where each frame lies in the bytes. */
  frames: { key: string; start: number; end: number }[]
  /** `folded`: the row came inside other JSON (evidence/folded.ts). */
  rows: { frame: number; line: number; folded: boolean; damaged: boolean }[]
  /** The page ends before the row that would make it larger; the first row is always on it. */
  room: number
  /** Whether there are rows on the page already. */
  begun: boolean
}

export interface ShownLine extends Omit<Shown, 'omitted'> {
  omitted?: Shown['omitted'] | 'damaged'
  /** Size of the row as sent. */
  bytes: number
  /** Its first characters as sent: keys in their order, numbers as they were written. */
  start: string
}

/** The rows that fit, as JSON: read once more where they are needed, as that is less work than handing the objects over. */
export interface ShownPage {
  json: string
  rows: number
  size: number
}

const startLength = 300

export function showPage({ bytes, frames, rows, room, begun }: RowsToShow, opened: OpenFrames): ShownPage {
  const shown: string[] = []
  let size = 0
  for (const [i, { frame, line, folded, damaged }] of rows.entries()) {
    const { key, start, end } = frames[frame]!
    const made = damaged ? notShown : showLine(linesIn(opened, key, bytes.subarray(start, end))[line], folded)
    size += made.size
    if ((i > 0 || begun) && size > room) return { json: `[${shown.join(',')}]`, rows: i, size }
    shown.push(made.json)
  }
  return { json: `[${shown.join(',')}]`, rows: rows.length, size }
}

/** Frames that were opened last, by block and number: the rows of a page take turns in them, and the next page has more of them. */
export interface OpenFrames {
  frames: Map<string, Buffer[]>
  bytes: number
}

export const openFrames = (): OpenFrames => ({ frames: new Map(), bytes: 0 })

const mostOpen = 16_000_000

function linesIn(opened: OpenFrames, key: string, frame: Uint8Array): Buffer[] {
  const { frames } = opened
  const lines = frames.get(key) ?? openFrame(frame)
  if (lines.length === 0) return lines
  if (!frames.delete(key)) opened.bytes += sizeOf(lines)
  frames.set(key, lines)
  for (const [oldest, its] of frames) {
    if (opened.bytes <= mostOpen || oldest === key) break
    frames.delete(oldest)
    opened.bytes -= sizeOf(its)
  }
  return lines
}

/** A line's own object takes about as much as a short line. */
const sizeOf = (lines: Buffer[]) => lines.reduce((sum, line) => sum + line.length + 100, 0)

interface Made {
  json: string
  size: number
}

const notShown: Made = {
  json: JSON.stringify({ bytes: 0, start: '', data: null, omitted: 'damaged' } satisfies ShownLine),
  size: 0,
}

/** None where it can not be opened. */
function openFrame(frame: Uint8Array): Buffer[] {
  try {
    return linesOf(frame)
  } catch {
    return []
  }
}

function showLine(line: Buffer | undefined, folded: boolean): Made {
  if (!line) return notShown
  const sent = folded ? unfold(line) : withoutReturn(line)
  const members = shownMembers(line)
  const json = `{"bytes":${sent.length},"start":${JSON.stringify(startOf(sent))},${members}}`
  return { json, size: members.startsWith('"data":null') ? 0 : sent.length }
}

export const withoutReturn = (line: Buffer) => (line.at(-1) === 13 ? line.subarray(0, -1) : line)

/** A character takes at most four bytes, and none is cut in two. */
const startOf = (line: Buffer) =>
  line
    .subarray(0, 4 * startLength)
    .toString()
    .slice(0, startLength)
    .replace(/[\ud800-\udbff]$/, '')
