import { AppError } from '../errors.ts'
import { parseField, parseQuery } from '../rows/language/parse.ts'
import type { FieldRef, Query } from '../rows/language/ast.ts'
import type { ExportFormat } from './input.ts'

/** A finished export is kept for so many days. */
export const keptDays = 3
/** Exports of one person that wait or run. */
export const mostOpen = 10
/** With more fields than these, the others stand together in the last column. */
export const mostColumns = 2000

/** What does not stand in a file as it was sent, counted. JSON lines has nothing of it but `joined`. */
export interface Notes {
  /** Cells of CSV with an apostrophe before them, as a spreadsheet would take them for a formula. */
  neutralised?: number
  /** Texts with control characters or half a character: they stand as JSON writes them, in quotes and with escapes. */
  escaped?: number
  /** Rows whose bytes are not all UTF-8; those bytes are U+FFFD in CSV and Parquet. */
  notUtf8?: number
  /** Rows that were sent over several lines, as one line each. */
  joined?: number
  /** Fields beyond the most columns, in the last one. */
  fieldsWithoutColumn?: number
  /** Each line is a group of the query, not a row. */
  grouped?: boolean
  /** Whether the query asks for an order, which an export has not. */
  unsorted?: boolean
}

export const addNotes = (to: Notes, from: Notes) => {
  for (const key of ['neutralised', 'escaped', 'notUtf8', 'joined'] as const)
    if (from[key]) to[key] = (to[key] ?? 0) + from[key]
}

/** The query of an export: its pipes may sort, choose columns and group. */
export function queryOf(text: string, now: Date): Query {
  const query = parseQuery(text, now)
  if (query.view.kind === 'rows' || query.view.kind === 'groups') return query
  throw new AppError('BAD_REQUEST', 'An export writes rows or groups: leave out what counts them')
}

/** Whether what is asked for can be written. */
export function checkAsked(text: string, columns: string[] | undefined, now: Date) {
  const query = queryOf(text, now)
  if (query.view.kind === 'rows') columnsOf(query, columns)
  else if (columns) throw new AppError('BAD_REQUEST', 'Groups have the columns of their fields: leave out the others')
}

const columnBuiltins = ['host', 'time', 'source', 'artifact', 'collection', 'tenant']

/** Chosen columns; those of `| table` where none are chosen, and undefined for every field. */
export function columnsOf(query: Query, columns: string[] | null | undefined): FieldRef[] | undefined {
  const chosen = columns?.map(parseField) ?? (query.table.length > 0 ? query.table : undefined)
  const other = chosen?.find((ref) => 'builtin' in ref && !columnBuiltins.includes(ref.builtin))
  if (other && 'builtin' in other)
    throw new AppError('BAD_REQUEST', `${other.builtin} is no column of an export: leave it out`)
  return chosen
}

const count = (n: number) => n.toLocaleString('en-US')
const plural = (n: number, one: string) => `${count(n)} ${one}${n === 1 ? '' : 's'}`

/** Bytes in one unit, as the web writes them. */
function size(bytes: number) {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB']
  let unit = 0
  let value = bytes
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1]
  return unit === 0 ? plural(bytes, 'byte') : `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}

/** One sentence for each kind of note. */
export function noteWords({ neutralised, escaped, notUtf8, joined, fieldsWithoutColumn, unsorted }: Notes): string[] {
  return [
    neutralised &&
      `${plural(neutralised, 'cell')} that a spreadsheet would run ${neutralised === 1 ? 'has' : 'have'} an apostrophe in front`,
    escaped &&
      `${plural(escaped, 'text')} with control characters or half a character ${escaped === 1 ? 'stands' : 'stand'} as JSON`,
    notUtf8 &&
      `${plural(notUtf8, 'row')} ${notUtf8 === 1 ? 'has' : 'have'} bytes that are not UTF-8: only JSON lines has them`,
    joined && `${plural(joined, 'row')} sent over several lines ${joined === 1 ? 'is' : 'are'} one line each`,
    fieldsWithoutColumn &&
      `${plural(fieldsWithoutColumn, 'field')} beyond ${count(mostColumns)} stand together in the last column`,
    unsorted && 'rows are not in the order that the query asks for',
  ].filter((words) => typeof words === 'string')
}

export const formatNames: Record<ExportFormat, string> = { csv: 'CSV', jsonl: 'JSON lines', parquet: 'Parquet' }

/** What the bell says of a finished export. */
export function doneWords({
  format,
  rows,
  bytes,
  notes,
}: {
  format: ExportFormat
  rows: number
  bytes: number
  notes: Notes
}) {
  const said = noteWords(notes).map((note) => ` ${note[0]!.toUpperCase()}${note.slice(1)}.`)
  return `Your ${formatNames[format]} export is ready: ${plural(rows, notes.grouped ? 'group' : 'row')}, ${size(bytes)}, nothing left out.${said.join('')}`
}
