import type { Cell, OpenColumn } from '../../evidence/columns.ts'
import { TYPED, firstCode } from '../../evidence/fields.ts'
import { type Exact, isExactNumber, parseExact } from '../../evidence/json.ts'
import { folded } from '../../evidence/terms.ts'
import type { FieldName, FieldRef } from '../language/ast.ts'
import type { OpenBlock } from './evaluate.ts'
import { AWAY, INSIDE, START, step } from './paths.ts'

/** A value as it was written, and how it sorts: numbers by their size, times by theirs, before all texts. */
export interface Value {
  text: string
  number: number | undefined
}

/** A column that can hold values of a field, and where its path leaves the field's name; `exact` is the field itself. */
export interface Holder {
  fieldId: number
  state: number
  exact: boolean
}

export const isExactPath = (name: FieldName, path: string[]) => folded(path.join('.')) === name.text

/** The values of a field in a row: none where it is absent; of an array each of its elements. Objects below have none of their own. */
export type ValuesOfRow = (row: number) => Value[]

export function valuesOf(ref: FieldRef, holders: Holder[], block: OpenBlock): ValuesOfRow {
  if ('builtin' in ref) return builtinValues(ref.builtin, block)
  const { field } = ref
  if (block.lines) return (row) => distinct(ofLine(block.lines![row]!, field))
  const columns = columnsOf(holders, block).map(({ column, holder }) => ofColumn(column, field, holder))
  if (columns.length === 1) return columns[0]!
  return (row) => distinct(columns.flatMap((values) => values(row)))
}

const columnsOf = (holders: Holder[], block: OpenBlock) =>
  holders.flatMap((holder) => {
    const column = block.columns.get(holder.fieldId)
    return column && (holder.exact || holder.state !== INSIDE) ? [{ column, holder }] : []
  })

/** The values of a field by a code for each row: rows with the same values share one, so that values are looked at once. */
export interface Coded {
  codes: ArrayLike<number>
  texts: readonly (readonly string[])[]
}

/** Of columns that are kept open: a stack asks for the same ones again. */
const codedColumns = new WeakMap<OpenColumn, Coded>()

export function codedOf(ref: FieldRef, holders: Holder[], block: OpenBlock): Coded {
  const columns = 'field' in ref && !block.lines ? columnsOf(holders, block) : []
  const [only] = columns
  if ('field' in ref && columns.length === 1 && only!.holder.exact) {
    const known = codedColumns.get(only!.column)
    if (known) return known
    const coded = codedColumn(only!.column, ref.field, only!.holder)
    codedColumns.set(only!.column, coded)
    return coded
  }
  return codedRows(valuesOf(ref, holders, block), block.n)
}

const textsOf = (values: Value[]) => values.map(({ text }) => text)

function codedColumn(column: OpenColumn, field: FieldName, { state, exact }: Holder): Coded {
  const none: string[] = []
  const texts = [
    none,
    none,
    ...column.values.map((cell) => textOf(cell) ?? textsOf(distinct(ofCell(cell, field, state, exact)))),
  ]
  if (column.kind === 'values') return { codes: column.codes, texts }
  const codes = Uint16Array.from(column.codes)
  const known = new Map<number | string, number>()
  for (let row = 0; row < column.n; row++) {
    if (codes[row] !== TYPED) continue
    // Times of one moment may be written with more or fewer digits.
    const text = column.kind === 'times' ? (column.cell(row) as { time: string }).time : undefined
    const key = text ?? column.numbers[row]!
    let code = known.get(key)
    if (code === undefined) {
      known.set(key, (code = texts.length))
      texts.push([text ?? String(key)])
    }
    codes[row] = code
  }
  return { codes, texts }
}

const textOf = (cell: Exclude<Cell, undefined>) => (typeof cell === 'string' ? [cell] : undefined)

function codedRows(valuesOfRow: ValuesOfRow, n: number): Coded {
  const codes = new Uint16Array(n)
  const texts: string[][] = []
  const known = new Map<string, number>()
  for (let row = 0; row < n; row++) {
    const values = textsOf(valuesOfRow(row))
    const key = values.length === 1 ? `=${values[0]}` : JSON.stringify(values)
    let code = known.get(key)
    if (code === undefined) {
      known.set(key, (code = texts.length))
      texts.push(values)
    }
    codes[row] = code
  }
  return { codes, texts }
}

function builtinValues(name: string, { parts, sourceId, tenantId, n }: OpenBlock): ValuesOfRow {
  const one = (id: number): Value[] => [{ text: String(id), number: id }]
  if (name === 'source' || name === 'artifact') return () => one(sourceId)
  if (name === 'tenant') return () => one(tenantId)
  const of: Value[][] = Array.from({ length: n }, () => [])
  for (const part of parts) {
    const byHost = name === 'host' || name === 'os' || name === 'label'
    of.fill(one(byHost ? part.hostId : part.collectionId), part.row, part.row + part.n)
  }
  return (row) => of[row]!
}

function ofColumn(column: OpenColumn, name: FieldName, { state, exact }: Holder): ValuesOfRow {
  const ofCode = column.values.map((cell) => distinct(ofCell(cell, name, state, exact)))
  return (row) => {
    const code = column.codes[row]!
    if (code >= firstCode) return ofCode[code - firstCode]!
    const cell = exact ? column.cell(row) : undefined
    return cell === undefined ? [] : ofCell(cell, name, state, exact)
  }
}

function ofCell(cell: Exclude<Cell, undefined>, name: FieldName, state: number, exact: boolean): Value[] {
  if (typeof cell === 'object' && cell !== null) {
    if ('json' in cell) return ofJson(cell.json, name, state)
    if ('several' in cell) return cell.several.flatMap((json) => ofJson(json, name, state))
    if (!exact) return []
    return 'number' in cell
      ? [{ text: cell.number, number: Number(cell.number) }]
      : [{ text: cell.time, number: cell.micros }]
  }
  return exact ? [{ text: String(cell), number: undefined }] : []
}

function distinct(values: Value[]): Value[] {
  if (values.length < 2) return values
  return [...new Map(values.map((value) => [value.text, value])).values()]
}

function ofJson(json: string, name: FieldName, state: number): Value[] {
  const values: Value[] = []
  const todo: { value: Exact; state: number }[] = [{ value: parseExact(json), state }]
  while (todo.length > 0) {
    const { value, state: at } = todo.shift()!
    if (Array.isArray(value)) todo.unshift(...value.map((inner) => ({ value: inner, state: at })))
    else if (typeof value === 'object' && value !== null && !isExactNumber(value)) {
      if (at !== INSIDE) todo.push(...membersAt(value, name, at))
    } else if (at === INSIDE) values.push(ofScalar(value))
  }
  return values
}

function membersAt(value: { keys: string[]; values: Exact[] }, name: FieldName, at: number) {
  return value.keys.flatMap((key, i) => {
    const next = step(name, at, key)
    const below = next === INSIDE && folded(key).length !== name.text.length - at
    return next === AWAY || below ? [] : [{ value: value.values[i]!, state: next }]
  })
}

function ofScalar(value: string | number | boolean | null | { number: string }): Value {
  if (typeof value === 'number') return { text: String(value), number: value }
  if (typeof value === 'object' && value !== null) return { text: value.number, number: Number(value.number) }
  return { text: String(value), number: undefined }
}

const ofLine = (line: string, name: FieldName) => (line.trimStart().startsWith('{') ? ofJson(line, name, START) : [])
