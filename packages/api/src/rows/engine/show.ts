import { unfold } from '../../evidence/folded.ts'
import { linesOf } from '../../evidence/frames.ts'
import { type Shown, shownRow } from '../../evidence/shown.ts'

/** Rows to make ready for a list: frames of their lines, and which line of which frame each is. */
export interface RowsToShow {
  bytes: Uint8Array
  /** Where each frame lies in the bytes. */
  frames: { start: number; end: number }[]
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

export function showPage({ bytes, frames, rows, room, begun }: RowsToShow): ShownPage {
  const opened = new Map<number, Buffer[]>()
  const shown: string[] = []
  let size = 0
  for (const [i, { frame, line, folded, damaged }] of rows.entries()) {
    let lines = opened.get(frame)
    if (!lines) {
      // One frame is open at a time unless rows of several take turns: a page of long rows must not fill the memory.
      if (opened.size >= 8) opened.clear()
      opened.set(frame, (lines = openFrame(bytes.subarray(frames[frame]!.start, frames[frame]!.end))))
    }
    const made = damaged ? notShown : showLine(lines[line], folded)
    size += made.data === null ? 0 : made.bytes
    if ((i > 0 || begun) && size > room) return { json: `[${shown.join(',')}]`, rows: i, size }
    shown.push(JSON.stringify(made))
  }
  return { json: `[${shown.join(',')}]`, rows: rows.length, size }
}

const notShown: ShownLine = { bytes: 0, start: '', data: null, omitted: 'damaged' }

/** None where it can not be opened. */
function openFrame(frame: Uint8Array): Buffer[] {
  try {
    return linesOf(frame)
  } catch {
    return []
  }
}

function showLine(line: Buffer | undefined, folded: boolean): ShownLine {
  if (!line) return notShown
  const sent = folded ? unfold(line) : withoutReturn(line)
  return { bytes: sent.length, start: startOf(sent), ...shownRow(line) }
}

export const withoutReturn = (line: Buffer) => (line.at(-1) === 13 ? line.subarray(0, -1) : line)

/** A character takes at most four bytes, and none is cut in two. */
const startOf = (line: Buffer) =>
  line
    .subarray(0, 4 * startLength)
    .toString()
    .slice(0, startLength)
    .replace(/[\ud800-\udbff]$/, '')
