import type { Cell, OpenColumn } from '../../evidence/columns.ts'
import { firstCode } from '../../evidence/fields.ts'
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
  const columns = holders.flatMap((holder) => {
    const column = block.columns.get(holder.fieldId)
    return column && (holder.exact || holder.state !== INSIDE) ? [ofColumn(column, field, holder)] : []
  })
  if (columns.length === 1) return columns[0]!
  return (row) => distinct(columns.flatMap((values) => values(row)))
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
