import { AppError } from '../errors.ts'
import { spoolLine, type Spool } from './spool.ts'
import { maxLineBytes } from '../evidence/prepare.ts'

/** Complete lines in one piece, the unit of a transaction. */
export interface Group {
  bytes: Buffer
  lines: number
  /** The index of its first line after the envelope. */
  firstLine: number
}

/** One line that is too large to be held: in a file until the next piece is asked for. */
export interface LongLine {
  spool: Spool
  lines: 1
  firstLine: number
}

const groupLines = 1000
const groupBytes = 1_000_000
export const enoughBytes = 256 * 1024

export class BodyTooLarge extends AppError {
  constructor() {
    super('PAYLOAD_TOO_LARGE', 'The body is larger than INGEST_BODY_MB')
  }
}

/** Bytes that arrived and are not cut yet, and room behind them. What was cut off before them is never written to again. */
interface Held {
  room: Buffer
  start: number
  end: number
}

/**
 * The first line of a body, and after it groups of at most 1,000 lines or about 1 MB; a longer line stands alone. About 32 MB are
 * held at most. A chunk is used until the next one is asked for. Bytes come into `scratch` as far as it reaches: it is the
 * caller's again when nothing uses the groups any more.
 */
export async function* groupsOf(
  body: AsyncIterable<Uint8Array>,
  limit: number,
  scratch: Buffer = Buffer.alloc(0),
): AsyncGenerator<Group | LongLine, void, void> {
  const chunks = limited(body, limit)
  const held: Held = { room: scratch, start: 0, end: 0 }
  let firstLine = -1
  for (let ended = false; !ended;) {
    ended = await readInto(held, chunks)
    for (;;) {
      const group = cut(held.room.subarray(held.start, held.end), firstLine === -1 ? 1 : groupLines, ended)
      if (!group) break
      yield { ...group, firstLine }
      firstLine += group.lines
      held.start += group.bytes.length
    }
    if (held.end - held.start <= maxLineBytes) continue
    const spool = await spoolLine(held.room.subarray(held.start, held.end), chunks)
    try {
      yield { spool, lines: 1, firstLine }
    } finally {
      await spool.remove()
    }
    firstLine += 1
    Object.assign(held, { room: spool.rest, start: 0, end: spool.rest.length })
  }
}

export async function* limited(body: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<Uint8Array, void, void> {
  let total = 0
  for await (const chunk of body) {
    total += chunk.length
    if (total > limit) throw new BodyTooLarge()
    yield chunk
  }
}

/** As much as `enough`, at least. */
export async function read(chunks: AsyncGenerator<Uint8Array, void, void>, enough: number) {
  const parts: Uint8Array[] = []
  for (let size = 0; size < enough;) {
    const { value } = await chunks.next()
    if (!value) return { parts, ended: true }
    parts.push(value)
    size += value.length
  }
  return { parts, ended: false }
}

/** As much again as is held: however long a line grows, each of its bytes is copied a few times only. Whether the body ended. */
async function readInto(held: Held, chunks: AsyncGenerator<Uint8Array, void, void>): Promise<boolean> {
  const before = held.end - held.start
  const enough = before + Math.max(enoughBytes, before)
  while (held.end - held.start < enough) {
    const { value } = await chunks.next()
    if (!value) return true
    add(held, value)
  }
  return false
}

function add(held: Held, bytes: Uint8Array) {
  if (held.end + bytes.length > held.room.length) {
    const size = held.end - held.start
    const room = Buffer.allocUnsafeSlow(size * 2 + bytes.length)
    room.set(held.room.subarray(held.start, held.end))
    Object.assign(held, { room, start: 0, end: size })
  }
  held.room.set(bytes, held.end)
  held.end += bytes.length
}

/** A full group off the front of what is held; at the body's end whatever is left, also without its last line end. */
function cut(held: Buffer, mostLines: number, atEnd = false) {
  let [at, lines] = [0, 0]
  while (lines < mostLines) {
    const next = held.indexOf(10, at)
    if (next < 0) break
    if (lines > 0 && next + 1 > groupBytes) break
    at = next + 1
    lines += 1
  }
  if (atEnd && at < held.length && lines < mostLines && (lines === 0 || held.length <= groupBytes)) {
    return { bytes: held, lines: lines + 1 }
  }
  const full = lines === mostLines || (lines > 0 && (atEnd || held.length > groupBytes))
  return full ? { bytes: held.subarray(0, at), lines } : undefined
}

/** The lines of a group without their `\n`. */
export function splitLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  let start = 0
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    lines.push(bytes.subarray(start, end))
    start = end + 1
  }
  if (start < bytes.length) lines.push(bytes.subarray(start))
  return lines
}

const newline = Buffer.from('\n')
export const joinLines = (lines: Buffer[]): Buffer => Buffer.concat(lines.flatMap((line) => [line, newline]))

/** Groups of lines that are held already, numbered from 0. */
export function* groupsOfLines(lines: Iterable<Buffer>): Generator<Group, void, void> {
  let held: Buffer[] = []
  let [size, firstLine] = [0, 0]
  for (const line of lines) {
    if (held.length === groupLines || (held.length > 0 && size + line.length > groupBytes)) {
      yield { bytes: joinLines(held), lines: held.length, firstLine }
      firstLine += held.length
      ;[held, size] = [[], 0]
    }
    held.push(line)
    size += line.length + 1
  }
  if (held.length > 0) yield { bytes: joinLines(held), lines: held.length, firstLine }
}

/** Groups of a body that has no envelope: its first line is number 0. */
export async function* groupsOfRows(body: AsyncIterable<Uint8Array>): AsyncGenerator<Group | LongLine, void, void> {
  for await (const piece of groupsOf(behindLine(body), Number.MAX_SAFE_INTEGER)) if (piece.firstLine >= 0) yield piece
}

async function* behindLine(body: AsyncIterable<Uint8Array>) {
  yield newline
  yield* body
}
