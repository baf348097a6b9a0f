import {
  type Column,
  type Field,
  type FieldTree,
  NUMBERS,
  TIMES,
  TYPED,
  childOf,
  firstCode,
  isFull,
  maxColumns,
  maxDepth,
  newFieldTree,
  startColumn,
  startTyped,
} from './fields.ts'
import { type Exact, type ExactObject, isExactNumber, parseExact, writeExact } from './json.ts'
import { addString as addDistinct, placeOf } from './strings.ts'
import { type TermSeed, hashTerm } from './terms.ts'
import { type Leaves, clearLeaves, hit, leafId, newLeaves, numberLeafId } from './text.ts'
import { dayOf, readTime } from './times.ts'

/** The block being gathered. One is used again and again, as trees and arrays are dear to make. */
export interface Building {
  /** Counts blocks, so that a field knows whether its column belongs to this one. */
  number: number
  tree: FieldTree
  leaves: Leaves
  columns: Column[]
  cappedFields: number
  /** UTC days on which a time column has a value. */
  days: Set<number>
  lastDay: number
}

export const newBuilding = (): Building => ({
  number: 0,
  tree: newFieldTree(),
  leaves: newLeaves(),
  columns: [],
  cappedFields: 0,
  days: new Set(),
  lastDay: NaN,
})

export function startBlock(block: Building, seed: TermSeed) {
  block.number++
  if (isFull(block.tree)) block.tree = newFieldTree()
  clearLeaves(block.leaves, seed)
  block.columns = []
  block.cappedFields = 0
  block.days = new Set()
  block.lastDay = NaN
}

/** Adds a row of which JSON.parse has lost nothing. Rows that are no objects have leaves but no columns. */
export function addParsed(block: Building, value: unknown, row: number) {
  if (isObject(value)) addObject(block, block.tree.root, value, row, 1)
  else addLeaves(block, value, row)
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function addObject(
  block: Building,
  parent: Field,
  object: Record<string, unknown>,
  row: number,
  depth: number,
): boolean {
  let position = 0
  for (const key in object) {
    const value = object[key]
    const field = childOf(block.tree, parent, key, position++)
    const inner = field !== undefined && depth < maxDepth && isObject(value)
    if (inner && addObject(block, field, value, row, depth + 1)) continue
    const column = columnOf(block, field)
    if (column) addValue(block, column, value, row)
    else addLeaves(block, value, row)
  }
  return position > 0
}

/** The field's column in this block; undefined beyond the cap. */
function columnOf(block: Building, field: Field | undefined): Column | undefined {
  if (field?.block === block.number) return field.column
  if (field?.named && block.columns.length < maxColumns) {
    field.block = block.number
    const column = startColumn(field)
    block.columns.push(column)
    return column
  }
  if (field?.cappedIn !== block.number || field === undefined) block.cappedFields++
  if (field) field.cappedIn = block.number
  return undefined
}

function addValue(block: Building, column: Column, value: unknown, row: number) {
  if (typeof value === 'string') addString(block, column, value, row)
  else if (typeof value === 'number') addNumber(block, column, value, row)
  else if (typeof value === 'object' && value !== null) {
    const json = JSON.stringify(value)
    const code = otherCode(block, column, json) ?? newOther(block, column, json, { json }, leafIdsOf(block, value))
    setCode(block, column, code, row)
  } else addWord(block, column, value as boolean | null, row)
}

function addString(block: Building, column: Column, value: string, row: number) {
  if (value.length >= 20 && value.length <= 30 && value.charCodeAt(10) === 84 && addTime(block, column, value, row))
    return
  if (value !== column.lastString) {
    column.lastString = value
    column.lastCode = stringCode(block, column, value)
  }
  column.codes[row] = column.lastCode
  hit(block.leaves, column.leaves[column.lastCode - firstCode] as number, row)
}

function stringCode(block: Building, column: Column, value: string): number {
  const hash = hashTerm(value, block.leaves.seed)
  const known = placeOf(column.strings, value, hash)
  if (known >= 0) return known + firstCode
  column.leaves.push(leafId(block.leaves, value, hash))
  return addDistinct(column.strings, value, hash) + firstCode
}

function addTime(block: Building, column: Column, value: string, row: number): boolean {
  if (column.typed === NUMBERS) return false
  const time = readTime(value)
  if (!time) return false
  if (column.typed === 0) startTyped(column, TIMES)
  column.codes[row] = TYPED
  column.numbers[row] = time.seconds
  column.nanos[row] = time.nanos
  column.digits[row] = time.digits
  const day = dayOf(time.seconds)
  if (day !== block.lastDay) block.days.add((block.lastDay = day))
  return true
}

function addNumber(block: Building, column: Column, value: number, row: number) {
  if (column.typed === TIMES) {
    addExactNumber(block, column, String(value), row)
    return
  }
  if (column.typed === 0) startTyped(column, NUMBERS)
  column.codes[row] = TYPED
  column.numbers[row] = value
  hit(block.leaves, numberLeafId(block.leaves, value), row)
}

function addExactNumber(block: Building, column: Column, number: string, row: number) {
  const key = `n${number}`
  const code = otherCode(block, column, key) ?? newOther(block, column, key, { number }, [leafId(block.leaves, number)])
  setCode(block, column, code, row)
}

function addWord(block: Building, column: Column, value: boolean | null, row: number) {
  const key = String(value)
  setCode(block, column, otherCode(block, column, key) ?? newOther(block, column, key, value, []), row)
}

/** Values that are no strings, by a key that can't be mistaken: JSON, `n` and a number, `s` and several values, a word. */
function newOther(block: Building, column: Column, key: string, value: unknown, leaves: number[]): number {
  addDistinct(column.others, key, hashTerm(key, block.leaves.seed))
  column.leaves.push(leaves)
  const code = column.strings.values.push(value) - 1 + firstCode
  column.otherCodes.push(code)
  return code
}

function otherCode({ leaves }: Building, { others, otherCodes }: Column, key: string): number | undefined {
  const place = placeOf(others, key, hashTerm(key, leaves.seed))
  return place < 0 ? undefined : otherCodes[place]
}

function setCode(block: Building, column: Column, code: number, row: number) {
  column.codes[row] = code
  for (const id of column.leaves[code - firstCode] as number[]) hit(block.leaves, id, row)
}

/** Keeps its own stack: what JSON.stringify can still write may be too deep for a recursion of ours. */
function eachLeaf(value: unknown, leaf: (value: string | number) => void) {
  const todo: unknown[] = [value]
  while (todo.length > 0) {
    const next = todo.pop()
    if (typeof next === 'string' || typeof next === 'number') leaf(next)
    else if (Array.isArray(next)) for (const inner of next) todo.push(inner)
    else if (typeof next === 'object') for (const key in next) todo.push((next as Record<string, unknown>)[key])
  }
}

const idOf = ({ leaves }: Building, value: string | number) =>
  typeof value === 'number' ? numberLeafId(leaves, value) : leafId(leaves, value)

function leafIdsOf(block: Building, value: unknown): number[] {
  const ids: number[] = []
  eachLeaf(value, (leaf) => ids.push(idOf(block, leaf)))
  return ids
}

const addLeaves = (block: Building, value: unknown, row: number) =>
  eachLeaf(value, (leaf) => hit(block.leaves, idOf(block, leaf), row))

/** Adds a row from its text without loss: big numbers as written, every value of a repeated key. */
export function addExact(block: Building, text: string, row: number) {
  const value = parseExact(text)
  if (!isExactObject(value)) {
    writeExact(value, (leaf) => hit(block.leaves, leafId(block.leaves, leaf), row))
    return
  }
  const found = new Map<Column, Exact[]>()
  const place = (column: Column | undefined, inner: Exact) => {
    if (!column) writeExact(inner, (leaf) => hit(block.leaves, leafId(block.leaves, leaf), row))
    else if (!found.get(column)?.push(inner)) found.set(column, [inner])
  }
  placeMembers(block, block.tree.root, value, 1, place)
  for (const [column, values] of found) {
    if (values.length > 1) addSeveral(block, column, values, row)
    else addExactValue(block, column, values[0]!, row)
  }
}

const isExactObject = (value: Exact): value is ExactObject =>
  typeof value === 'object' && value !== null && 'keys' in value && !Array.isArray(value)

type Place = (column: Column | undefined, value: Exact) => void

function placeMembers(block: Building, parent: Field, object: ExactObject, depth: number, place: Place) {
  for (const [position, key] of object.keys.entries()) {
    const value = object.values[position]!
    const field = childOf(block.tree, parent, key, position)
    if (field && depth < maxDepth && isExactObject(value) && value.keys.length > 0)
      placeMembers(block, field, value, depth + 1, place)
    else place(columnOf(block, field), value)
  }
}

function addExactValue(block: Building, column: Column, value: Exact, row: number) {
  if (typeof value !== 'object' || value === null) addValue(block, column, value, row)
  else if (isExactNumber(value)) addExactNumber(block, column, value.number, row)
  else {
    const ids: number[] = []
    const json = writeExact(value, (leaf) => ids.push(leafId(block.leaves, leaf)))
    setCode(block, column, otherCode(block, column, json) ?? newOther(block, column, json, { json }, ids), row)
  }
}

function addSeveral(block: Building, column: Column, values: Exact[], row: number) {
  const ids: number[] = []
  const several = values.map((value) => writeExact(value, (leaf) => ids.push(leafId(block.leaves, leaf))))
  const key = `s${JSON.stringify(several)}`
  setCode(block, column, otherCode(block, column, key) ?? newOther(block, column, key, { several }, ids), row)
}
