import { AppError } from '../../errors.ts'
import { enoughBytes, limited, read } from '../lines.ts'

const pieceValues = 1000
const pieceBytes = 1_000_000
const mostValueBytes = 32 * 1024 * 1024

const [QUOTE, BACKSLASH, ARRAY, ARRAY_END, OBJECT, OBJECT_END] = [34, 92, 91, 93, 123, 125] as const

export interface Piece {
  bytes: Buffer
  /** What is behind the last cut; any other piece ends with a value. */
  last: boolean
}

/** Where it stands in the bytes that are held: what is in front of `at` was looked at. */
interface Scan {
  base: number
  at: number
  depth: number
  inString: boolean
  /** Lists and objects that ended at `base` since the last cut, and where the last of them did. */
  values: number
  end: number
}

/**
 * Cuts a body behind JSON values that stand at a depth: 0 for values one behind the other, 1 for the elements of a list. Each piece
 * has at most 1,000 of them or about 1 MB, the last one the rest. Where it is cut depends on the bytes alone, so a repeat
 * falls into the same pieces. Nothing is checked here: whoever reads a piece parses it.
 */
export async function* piecesOf(
  body: AsyncIterable<Uint8Array>,
  limit: number,
  base: 0 | 1,
): AsyncGenerator<Piece, void, void> {
  const chunks = limited(body, limit)
  const scan: Scan = { base, at: 0, depth: 0, inString: false, values: 0, end: 0 }
  let held: Buffer = Buffer.alloc(0)
  for (let ended = false; !ended;) {
    const more = await read(chunks, Math.max(enoughBytes, held.length))
    ended = more.ended
    if (more.parts.length > 0) held = Buffer.concat([held, ...more.parts])
    while (cutAt(scan, held)) {
      yield { bytes: held.subarray(0, scan.end), last: false }
      held = held.subarray(scan.end)
      Object.assign(scan, { at: scan.at - scan.end, values: 0, end: 0 })
    }
    if (held.length - scan.end > mostValueBytes) throw new AppError('PAYLOAD_TOO_LARGE', 'A row is larger than 32 MB')
  }
  if (held.length > 0) yield { bytes: held, last: true }
}

/** Looks on; says whether a piece ends at `end`. */
function cutAt(scan: Scan, held: Buffer): boolean {
  for (; scan.at < held.length; scan.at++) {
    const byte = held[scan.at]!
    if (scan.inString) {
      // What is escaped may not be here yet: it is looked at together with its backslash.
      if (byte === BACKSLASH) {
        if (scan.at + 1 === held.length) return false
        scan.at++
      } else if (byte === QUOTE) scan.inString = false
    } else if (byte === QUOTE) scan.inString = true
    else if (byte === OBJECT || byte === ARRAY) scan.depth++
    else if (byte === OBJECT_END || byte === ARRAY_END) {
      scan.depth--
      if (scan.depth !== scan.base) continue
      scan.values++
      scan.end = scan.at + 1
      if (scan.values < pieceValues && scan.end < pieceBytes) continue
      scan.at++
      return true
    }
  }
  return false
}
