import { openColumn } from './columns.ts'
import { folded } from './terms.ts'
import { openText } from './text.ts'
import { dayOf, readTime } from './times.ts'

/** A value looked for, folded; and the UTC day and text of it when it can be a time: those stand in columns alone. */
export interface Wanted {
  value: string
  time: { day: number; text: string } | undefined
}

export function wantedValue(value: string): Wanted {
  const text = value.toUpperCase()
  const time = readTime(text)
  return { value: folded(value), time: time && { day: dayOf(time.seconds), text } }
}

/** Masks of the rows that hold each value in a leaf or as an indicator inside one. `columns` are the block's time columns. */
export function masksOf(wanted: Wanted[], text: Buffer, columns: Buffer[]): Uint8Array[] {
  const open = openText(text)
  return wanted.map(({ value, time }) => {
    const mask = open.rowsOfTerm(value)
    if (time) for (const chunk of columns) markTimes(chunk, time.text, mask)
    return mask
  })
}

function markTimes(chunk: Buffer, text: string, mask: Uint8Array) {
  const column = openColumn(chunk)
  const { seconds, nanos } = readTime(text)!
  const micros = seconds * 1e6 + nanos / 1e3
  for (let row = 0; row < column.n; row++) {
    if (column.numbers[row] !== micros) continue
    const cell = column.cell(row)
    if (typeof cell === 'object' && cell !== null && 'time' in cell && cell.time === text) mask[row] = 1
  }
}

/** Rows that every mask has; undefined, which means all rows, when there is none. */
export function allOf(masks: Uint8Array[]): Uint8Array | undefined {
  const [first, ...others] = masks
  if (!first) return undefined
  for (const other of others) for (let row = 0; row < first.length; row++) first[row]! &= other[row]!
  return first
}

export const countOf = (mask: Uint8Array) => mask.reduce((sum, bit) => sum + bit, 0)
