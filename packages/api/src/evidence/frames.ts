import { compress, decompress } from './bytes.ts'

/** Lines of a zstd frame: a page decompresses 45 kB for a row, not the block. */
export const frameLines = 50

/** A row's bytes in the chunk that was delivered, its line end included. */
export interface LineRange {
  start: number
  end: number
}

/** Lines stand in `raw` exactly as sent, with their own line ends; only a delivery's last one may lack it. */
export function writeFrames(bytes: Uint8Array, lines: LineRange[]): { raw: Buffer; frames: number[] } {
  const parts: Buffer[] = []
  const frames = [0]
  let size = 0
  for (let first = 0; first < lines.length; first += frameLines) {
    const part = compress(joined(bytes, lines.slice(first, first + frameLines)))
    parts.push(part)
    size += part.length
    frames.push(size)
  }
  return { raw: Buffer.concat(parts, size), frames }
}

/** One view where the lines follow one another, a copy where something was left out between them. */
function joined(bytes: Uint8Array, lines: LineRange[]): Uint8Array {
  const [first, last] = [lines[0]!, lines[lines.length - 1]!]
  const size = lines.reduce((sum, line) => sum + line.end - line.start, 0)
  if (last.end - first.start === size) return bytes.subarray(first.start, last.end)
  return Buffer.concat(lines.map((line) => bytes.subarray(line.start, line.end)))
}

export interface FrameRange {
  frame: number
  start: number
  end: number
  /** The row's place inside the frame. */
  line: number
}

/** Which bytes of `raw` hold a row, so that a query can read just those. */
export function frameRange(frames: number[], row: number): FrameRange {
  const frame = Math.floor(row / frameLines)
  const [start, end] = [frames[frame], frames[frame + 1]]
  if (start === undefined || end === undefined) throw new RangeError(`no row ${row} in this block`)
  return { frame, start, end, line: row - frame * frameLines }
}

/** The lines of one frame without their `\n`; a `\r` before it belongs to the row as sent. */
export function linesOf(frame: Uint8Array): Buffer[] {
  const bytes = decompress(frame, frame.length * 12)
  const lines: Buffer[] = []
  let start = 0
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    lines.push(bytes.subarray(start, end))
    start = end + 1
  }
  if (start < bytes.length) lines.push(bytes.subarray(start))
  return lines
}

/** A row's exact bytes, without the line end. */
export function readRow(raw: Uint8Array, frames: number[], row: number): Buffer {
  const { start, end, line } = frameRange(frames, row)
  const bytes = linesOf(raw.subarray(start, end))[line]
  if (!bytes) throw new RangeError(`no row ${row} in this block`)
  return bytes
}
