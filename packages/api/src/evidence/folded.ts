/**
 * A row that was sent over several lines, as one line: raw line ends stand in JSON as white space only, so `\n` becomes a
 * carriage return and a space, and `\r` a carriage return and a tab. It stays the same JSON, and `unfold` gives the bytes back.
 */
export function fold(row: Buffer): Buffer {
  if (!row.includes(LF) && !row.includes(CR)) return row
  const folded: number[] = []
  for (const byte of row) {
    if (byte === LF) folded.push(CR, SPACE)
    else if (byte === CR) folded.push(CR, TAB)
    else folded.push(byte)
  }
  return Buffer.from(folded)
}

export function unfold(line: Buffer): Buffer {
  if (!line.includes(CR)) return line
  const row = Buffer.alloc(line.length)
  let size = 0
  for (let at = 0; at < line.length; at++) {
    if (line[at] === CR) row[size++] = line[++at] === SPACE ? LF : CR
    else row[size++] = line[at]!
  }
  return row.subarray(0, size)
}

const [TAB, LF, CR, SPACE] = [9, 10, 13, 32] as const
