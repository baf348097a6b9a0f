import { type Strings, clearStrings, newStrings } from './strings.ts'

/** The place of a field in rows: a tree by key, kept from block to block, as rows of a source look alike. */
export interface Field {
  path: string[]
  children: Map<string, Field>
  /** The keys in the order in which they last came: the next key is mostly the next of these. */
  order: Field[]
  key: string
  /** False where the path is too deep or too long to be a column's name. */
  named: boolean
  /** The block in which its column was last started, and the one in which it was counted as beyond the cap. */
  block: number
  cappedIn: number
  column: Column | undefined
}

export const NUMBERS = 1
export const TIMES = 2

/** Codes of a column's rows: absent, held in the typed array, or one of the distinct values from 2 on. */
export const ABSENT = 0
export const TYPED = 1
export const firstCode = 2

export interface Column {
  path: string[]
  codes: Uint16Array
  /** 0 until the first number or time comes; the other kind then goes to the values. */
  typed: 0 | typeof NUMBERS | typeof TIMES
  /** Numbers, or seconds of times. */
  numbers: Float64Array
  nanos: Uint32Array
  digits: Uint8Array
  /** The distinct values as they stand in the chunk (see columns.ts): of them the strings are found. */
  strings: Strings
  /** Values that are no strings, by what block.ts names them, and the code of each. */
  others: Strings
  otherCodes: number[]
  /** The leaves of each distinct value. */
  leaves: (number | number[])[]
  lastString: string | undefined
  lastCode: number
}

/** Rows of a block at most; also what a column's arrays hold. */
export const maxRows = 1000
/** A block with fewer rows is small: it is stored with a filter of its grams until it is joined with others. */
export const smallRows = 500
export const maxColumns = 1000
/** Objects nested deeper than this are one value of the column at this depth. */
export const maxDepth = 32
const maxPathLength = 1000
const maxFields = 10_000

export const newField = (parent: Field | undefined, key: string): Field => {
  const path = parent ? [...parent.path, key] : []
  const named = !parent || (parent.named && path.reduce((sum, part) => sum + part.length, 0) <= maxPathLength)
  return { path, key, named, children: new Map(), order: [], block: -1, cappedIn: -1, column: undefined }
}

export interface FieldTree {
  root: Field
  size: number
}

export const newFieldTree = (): FieldTree => ({ root: newField(undefined, ''), size: 0 })

/** A sender of ever new keys must not fill the memory: undefined when the tree is full, and the value then has no column. */
export function childOf(tree: FieldTree, parent: Field, key: string, position: number): Field | undefined {
  const expected = parent.order[position]
  if (expected !== undefined && expected.key === key) return expected
  let field = parent.children.get(key)
  if (field === undefined) {
    if (tree.size >= maxFields) return undefined
    tree.size++
    field = newField(parent, key)
    parent.children.set(key, field)
  }
  if (position < 4096) parent.order[position] = field
  return field
}

export const isFull = (tree: FieldTree) => tree.size >= maxFields / 2

export function startColumn(field: Field): Column {
  const column = (field.column ??= {
    path: field.path,
    codes: new Uint16Array(maxRows),
    typed: 0,
    numbers: new Float64Array(0),
    nanos: new Uint32Array(0),
    digits: new Uint8Array(0),
    strings: newStrings(),
    others: newStrings(),
    otherCodes: [],
    leaves: [],
    lastString: undefined,
    lastCode: 0,
  })
  column.codes.fill(ABSENT)
  column.typed = 0
  clearStrings(column.strings)
  if (column.otherCodes.length > 0) {
    clearStrings(column.others)
    column.otherCodes = []
  }
  column.leaves = []
  column.lastString = undefined
  return column
}

/** Makes room for numbers or times: most columns never have one. */
export function startTyped(column: Column, typed: typeof NUMBERS | typeof TIMES) {
  column.typed = typed
  if (column.numbers.length === 0) column.numbers = new Float64Array(maxRows)
  if (typed === TIMES && column.nanos.length === 0) {
    column.nanos = new Uint32Array(maxRows)
    column.digits = new Uint8Array(maxRows)
  }
}
