import { type AskedValue, textOf } from './asked.ts'
import type { GridColumn } from './columns.ts'

/** What a spreadsheet would run as a formula begins so; it gets a quote mark before it. A plain number is none. */
const isFormula = (text: string) => /^[=+\-@\t\r\n]/.test(text) && !/^-?\d+(?:\.\d+)?(?:e[-+]?\d+)?$/i.test(text)

const quoted = (text: string) => `"${(isFormula(text) ? `'${text}` : text).replaceAll('"', '""')}"`

/** An empty cell is no such field; the empty text has its quotes. */
const cellOf = (asked: AskedValue | undefined) =>
  asked === undefined || asked.value === undefined ? '' : quoted(textOf(asked.value))

/** Rows as a spreadsheet reads them, of the columns that have values. */
export function csvOf<T>(rows: T[], columns: GridColumn<T>[]): string {
  const valued = columns.filter(({ asked }) => asked !== undefined)
  const lines = [
    valued.map(({ name }) => quoted(name)),
    ...rows.map((row) => valued.map(({ asked }) => cellOf(asked!(row)))),
  ]
  return lines.map((line) => `${line.join(',')}\r\n`).join('')
}
