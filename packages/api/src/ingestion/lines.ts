/** Complete lines in one piece, the unit of a transaction. */
export interface Group {
  bytes: Buffer
  lines: number
  /** The index of its first line after the envelope. */
  firstLine: number
}

const groupLines = 1000
const groupBytes = 1_000_000

export class BodyTooLarge extends Error {}

/** The first line of a body, and after it groups of at most 1,000 lines or about 1 MB; a longer line stands alone. */
export async function* groupsOf(body: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<Group, void, void> {
  let held: Buffer = Buffer.alloc(0)
  let total = 0
  let firstLine = -1
  for await (const chunk of body) {
    total += chunk.length
    if (total > limit) throw new BodyTooLarge()
    held = held.length === 0 ? Buffer.from(chunk) : Buffer.concat([held, chunk])
    for (;;) {
      const group = cut(held, firstLine === -1 ? 1 : groupLines)
      if (!group) break
      yield { ...group, firstLine }
      firstLine += group.lines
      held = held.subarray(group.bytes.length)
    }
  }
  for (;;) {
    const group = cut(held, firstLine === -1 ? 1 : groupLines, true)
    if (!group) break
    yield { ...group, firstLine }
    firstLine += group.lines
    held = held.subarray(group.bytes.length)
  }
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
  const full = lines === mostLines || (lines > 0 && (atEnd || held.indexOf(10, at) >= 0))
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
