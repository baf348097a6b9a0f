import type { Notes } from '../rules.ts'
import type { Cell, Table } from './cells.ts'

// A spreadsheet runs a cell that begins like this; apostrophes before it count, so that one too many can be taken off again.
const formula = /^'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/
const plainNumber = /^[-+]?\d+(\.\d+)?([eE][-+]?\d+)?$/
const needsQuotes = /[",;\t\r\n]|^ | $/

/**
 * A cell after RFC 4180. One that would run as a formula gets an apostrophe before it; numbers, also negative ones, stay as they
 * were sent. Nothing is an absent field or null, and `""` the empty text.
 */
export function csvCell(cell: Cell, notes: Notes): string {
  if (cell === null) return ''
  if (cell === '') return '""'
  let text = cell
  if (formula.test(cell) && !plainNumber.test(cell)) {
    text = `'${cell}`
    notes.neutralised = (notes.neutralised ?? 0) + 1
  }
  return needsQuotes.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const csvLine = (cells: Cell[], notes: Notes) => `${cells.map((cell) => csvCell(cell, notes)).join(',')}\r\n`

export const csvHeader = ({ names }: Table, notes: Notes) => csvLine(names, notes)

export const csvRow = csvLine
