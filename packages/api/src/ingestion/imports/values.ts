import { ImportFault } from './fault.ts'

const [TAB, LF, CR, SPACE, QUOTE, COMMA, BACKSLASH] = [9, 10, 13, 32, 34, 44, 92] as const
const [ARRAY, ARRAY_END, OBJECT, OBJECT_END] = [91, 93, 123, 125] as const

/** What a JSON file holds: one row a line, or values over several lines (an array's elements, or one behind the other). */
export function shapeOf(start: Buffer, whole: boolean): 'lines' | 'array' | 'values' | undefined {
  const first = start.find((byte) => byte !== SPACE && byte !== TAB && byte !== LF && byte !== CR)
  if (first === ARRAY) return 'array'
  if (first !== OBJECT) return undefined
  const end = start.indexOf(LF)
  if (end < 0 && !whole) return 'lines'
  return isJson(end < 0 ? start : start.subarray(0, end)) ? 'lines' : 'values'
}

function isJson(bytes: Buffer) {
  try {
    JSON.parse(bytes.toString('utf8'))
    return true
  } catch {
    return false
  }
}

/**
 * Values as lines, each folded (evidence/folded.ts) so that a line end inside one is not the line's. No value is held: what
 * is not JSON is found by whoever reads the line.
 */
export async function* valuesToLines(
  body: AsyncIterable<Uint8Array>,
  shape: 'array' | 'values',
): AsyncGenerator<Uint8Array, void, void> {
  const base = shape === 'array' ? 1 : 0
  let [depth, inString, escaped, open, ended] = [0, false, false, false, false]
  for await (const chunk of body) {
    const out = Buffer.allocUnsafe(chunk.length * 2 + 2)
    let size = 0
    const close = () => {
      if (open) out[size++] = LF
      open = false
    }
    for (const byte of chunk) {
      if (inString) {
        if (escaped) escaped = false
        else if (byte === BACKSLASH) escaped = true
        else if (byte === QUOTE) inString = false
      } else if (byte === QUOTE) inString = true
      else if (byte === OBJECT || byte === ARRAY) {
        depth++
        if (depth <= base) continue
      } else if (byte === OBJECT_END || byte === ARRAY_END) {
        depth--
        if (depth < base) {
          close()
          ended = true
          continue
        }
      } else if (depth === base && byte === COMMA) {
        close()
        continue
      } else if (depth === base && isSpace(byte)) {
        if (base === 0) close()
        continue
      }
      open = true
      if (byte === LF || byte === CR) {
        out[size++] = CR
        out[size++] = byte === LF ? SPACE : TAB
      } else out[size++] = byte
      if (base === 0 && depth === 0 && !inString && byte === OBJECT_END) close()
    }
    yield out.subarray(0, size)
  }
  if (depth > 0 || inString || (base === 1 && !ended)) throw new ImportFault('The JSON breaks off before its end')
}

const isSpace = (byte: number) => byte === SPACE || byte === LF || byte === TAB || byte === CR
