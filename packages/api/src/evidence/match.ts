import type { OpenColumn } from './columns.ts'
import { readTime } from './times.ts'

/** Marks the rows whose time in this column was written like this. */
export function markTimes(column: OpenColumn, text: string, mask: Uint8Array) {
  const { seconds, nanos } = readTime(text)!
  const micros = seconds * 1e6 + nanos / 1e3
  for (let row = 0; row < column.n; row++) {
    if (column.numbers[row] !== micros) continue
    const cell = column.cell(row)
    if (typeof cell === 'object' && cell !== null && 'time' in cell && cell.time === text) mask[row] = 1
  }
}
