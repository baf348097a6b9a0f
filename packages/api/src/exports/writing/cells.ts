import { folded } from '../../evidence/terms.ts'
import type { FieldName, FieldRef } from '../../rows/language/ast.ts'
import { AWAY, INSIDE, START, step } from '../../rows/engine/paths.ts'
import type { Notes } from '../rules.ts'
import { eachElement, eachMember, readString, type Slice } from './members.ts'

/** What is known of a row beside its line. */
export interface Of {
  id: string
  /** RFC 3339 in UTC with microseconds. */
  time: string
  host: string
  source: string
  collection: string
  tenant: string
}

/** Text of a cell; null where the row has no such field, or null in it. */
export type Cell = string | null

/** Of a group: a text, or how many. */
export type GroupCell = Cell | number

/** The columns of a table and how a row's cells are read. */
export interface Table {
  names: string[]
  cells(line: string, of: Of, notes: Notes): Cell[]
}

// Half a character can't be written as UTF-8; control characters end texts in some readers, and move the cursor of a terminal.
const unfit = /[^\P{Cc}\t\n\r]/u

/** A string as the text that it means, or as JSON where it can't stand as text; all else exactly as it was sent. */
function cellOf(line: string, { from, to }: Slice, notes: Notes): Cell {
  const source = line.slice(from, to)
  if (source === 'null') return null
  if (!source.startsWith('"')) return source
  return fitting(readString(source), source, notes)
}

function fitting(text: string, source: string, notes: Notes) {
  if (!unfit.test(text) && text.isWellFormed()) return text
  notes.escaped = (notes.escaped ?? 0) + 1
  return source
}

/** A group's cells as a row's: texts that can not stand as such as JSON. */
export const cellsOfGroup = (cells: GroupCell[], notes: Notes): Cell[] =>
  cells.map((cell) =>
    typeof cell === 'string' ? fitting(cell, JSON.stringify(cell), notes) : (cell?.toString() ?? null),
  )

const always = ['id', 'time', 'host', 'source', 'tenant'] as const

/** Every field by its key, in the order in which the store met them, and what has no column of its own in the last. */
export function everyField(keys: string[], withTenant: boolean): Table {
  const about = always.filter((name) => name !== 'tenant' || withTenant)
  const at = new Map(keys.map((key, i) => [key, about.length + i]))
  const names = unlike([...about.map((name) => `_${name}`), ...keys, '_rest'], about.length, keys.length)
  const rest = names.length - 1
  return {
    names,
    cells(line, of, notes) {
      const cells: Cell[] = Array.from({ length: names.length }, () => null)
      for (const [i, name] of about.entries()) cells[i] = of[name]
      const seen = new Set<string>()
      const others: string[] = []
      const isObject = eachMember(line, 0, (key, value, begins) => {
        const column = at.get(key)
        if (column === undefined || seen.has(key)) others.push(line.slice(begins, value.to))
        else cells[column] = cellOf(line, value, notes)
        seen.add(key)
      })
      if (!isObject) cells[rest] = line
      else if (others.length > 0) cells[rest] = `{${others.join(',')}}`
      return cells
    },
  }
}

/** The columns of groups: fields, then what is told of each group. */
export function groupNames(names: string[], fields: number): string[] {
  return unlike(named(names), 0, fields)
}

const named = (names: string[]) =>
  names.map((name, i) => {
    const before = names.slice(0, i).filter((other) => other === name).length
    return before === 0 ? name : `${name} (${before + 1})`
  })

/** Our own columns are told from fields of the same name by one more underscore. */
function unlike(names: string[], first: number, fields: number): string[] {
  const taken = new Set(names.slice(first, first + fields))
  return names.map((name, i) => {
    if (i >= first && i < first + fields) return name
    while (taken.has(name)) name = `_${name}`
    return name
  })
}

/** Chosen columns, named as the query names them; of several values in one row a JSON array. */
export function chosenFields(fields: FieldRef[], names: string[]): Table {
  const read = fields.map((ref) => ('builtin' in ref ? builtin(ref.builtin) : ofField(ref.field)))
  return { names: named(names), cells: (line, of, notes) => read.map((cell) => cell(line, of, notes)) }
}

type Read = (line: string, of: Of, notes: Notes) => Cell

function builtin(name: string): Read {
  if (name === 'artifact') return (_line, of) => of.source.split('/')[0]!
  return (_line, of) => of[name as 'host' | 'time' | 'source' | 'collection' | 'tenant']
}

function ofField(name: FieldName): Read {
  return (line, _of, notes) => {
    const found: Slice[] = []
    valuesAt(line, { from: 0, to: line.length }, name, START, found)
    if (found.length < 2) return found[0] ? cellOf(line, found[0], notes) : null
    return `[${found.map(({ from, to }) => line.slice(from, to)).join(',')}]`
  }
}

/** Where the field's values stand; its name is used up from `state` on. Its own stack is not needed: a name has few parts. */
function valuesAt(line: string, { from }: Slice, name: FieldName, state: number, found: Slice[]) {
  const isObject = eachMember(line, from, (key, value) => {
    const next = step(name, state, key)
    if (next === AWAY) return
    if (next !== INSIDE) valuesAt(line, value, name, next, found)
    else if (folded(key).length === name.text.length - state) found.push(value)
  })
  if (!isObject) eachElement(line, from, (value) => valuesAt(line, value, name, state, found))
}
