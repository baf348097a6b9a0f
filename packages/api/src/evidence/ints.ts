const FLOATS = 8
/** Up to six bytes a value: beyond 2^48 doubles are as short. */
const maxWidth = 6
const scales = [1, 1e3, 1e6]

interface Shape {
  low: number
  scale: number
  width: number
}

function shapeOf(values: ArrayLike<number>, n: number, held: (row: number) => boolean): Shape {
  let low = Infinity
  let high = -Infinity
  let whole = true
  let thousands = true
  let millions = true
  for (let row = 0; row < n; row++) {
    if (!held(row)) continue
    const value = values[row]!
    if (value < low) low = value
    if (value > high) high = value
    if (!whole) continue
    whole = Number.isSafeInteger(value)
    thousands &&= value % 1e3 === 0
    millions &&= thousands && value % 1e6 === 0
  }
  if (low === Infinity) return { low: 0, scale: 0, width: 0 }
  const scale = millions ? 2 : thousands ? 1 : 0
  const range = (high - low) / scales[scale]!
  const width = Math.ceil(Math.log2(range + 1) / 8)
  return whole && width <= maxWidth && range < 2 ** (8 * width)
    ? { low, scale, width }
    : { low, scale: 0, width: FLOATS }
}

/**
 * `[lowest f64][scale u8: 1, 1,000 or 1,000,000][bytes per value u8][planes]`: steps above the lowest, all first bytes, then all
 * second ones, which zstd likes; or doubles. Rows that are not held are written as the lowest.
 */
export function writeInts(values: ArrayLike<number>, n: number, held: (row: number) => boolean): Buffer {
  const { low, scale, width } = shapeOf(values, n, held)
  const out = Buffer.alloc(10 + n * width)
  out.writeDoubleLE(low, 0)
  out[8] = scale
  out[9] = width
  if (width === 0) return out
  for (let row = 0; row < n; row++) {
    if (width === FLOATS) {
      out.writeDoubleLE(held(row) ? values[row]! : low, 10 + row * 8)
      continue
    }
    if (!held(row)) continue
    let step = (values[row]! - low) / scales[scale]!
    for (let at = 10 + row, left = width; left > 0; left--, at += n) {
      out[at] = step & 255
      step = Math.floor(step / 256)
    }
  }
  return out
}

/** Reads what writeInts wrote at `at`; `end` is behind it. */
export function readInts(bytes: Buffer, at: number, n: number): { values: Float64Array; end: number } {
  const low = bytes.readDoubleLE(at)
  const scale = scales[bytes[at + 8]!]!
  const width = bytes[at + 9]!
  const data = at + 10
  const values = new Float64Array(n)
  if (width === FLOATS) for (let row = 0; row < n; row++) values[row] = bytes.readDoubleLE(data + row * 8)
  else
    for (let row = 0; row < n; row++) {
      let step = 0
      for (let plane = width - 1; plane >= 0; plane--) step = step * 256 + bytes[data + plane * n + row]!
      values[row] = low + step * scale
    }
  return { values, end: data + n * width }
}
