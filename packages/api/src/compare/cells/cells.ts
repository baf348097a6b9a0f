import { hash } from 'node:crypto'
import { type Exact, isExactNumber, isWhole, parseExact, writeExact } from '../../evidence/json.ts'
import { quoteValue } from '../../rows/input.ts'

/** A row by columns: each value as exact JSON, an array whole. A key that is repeated holds all its values. */
export type Cells = Map<string, string>

const deepest = 20

const names = new Map<string, string>()

/** A key as a query writes it. Rows of a source have the same keys, so what was found is kept, and forgotten when it gets much. */
function keyName(key: string) {
  let name = names.get(key)
  if (name !== undefined) return name
  name = /^[^\s"\\:()|*?[\]{}<>=.]+$/.test(key) ? key : quoteValue(key)
  if (names.size >= 10_000) names.clear()
  if (key.length < 200) names.set(key, name)
  return name
}

/** The columns of a row as it was sent: keys joined by dots, down to what is no object. */
export function cellsOf(line: Buffer): Cells {
  const cells: Cells = new Map()
  const text = line.toString()
  // JavaScript's own reading is much faster, where it holds all of the row.
  const plain: unknown = JSON.parse(text)
  if (isWhole(plain, text)) fillPlain(cells, plain, '', 0)
  else fillExact(cells, parseExact(text), '', 0)
  // Bytes that are no UTF-8 read alike.
  if (text.includes('\ufffd')) cells.set(rawColumn, `"${hash('sha256', line, 'hex')}"`)
  return cells
}

/** Of a row that is no object. */
const wholeRow = '(row)'

/** Stands beside the columns of a row with replacement characters: a hash of its bytes. */
const rawColumn = '(bytes of the row)'

function put(cells: Cells, path: string, value: string) {
  const name = path || wholeRow
  const before = cells.get(name)
  cells.set(name, before === undefined ? value : `${before} ${value}`)
}

function fillPlain(cells: Cells, value: unknown, name: string, depth: number) {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || depth === deepest) {
    put(cells, name, JSON.stringify(value))
    return
  }
  const keys = Object.keys(value)
  if (keys.length === 0) put(cells, name, '{}')
  for (const key of keys) {
    const inner = name === '' ? keyName(key) : `${name}.${keyName(key)}`
    fillPlain(cells, (value as Record<string, unknown>)[key], inner, depth + 1)
  }
}

function fillExact(cells: Cells, value: Exact, name: string, depth: number) {
  const inside = typeof value === 'object' && value !== null && !Array.isArray(value) && !isExactNumber(value)
  if (!inside || depth === deepest) {
    put(cells, name, writeExact(value))
    return
  }
  if (value.keys.length === 0) put(cells, name, '{}')
  for (const [i, key] of value.keys.entries())
    fillExact(cells, value.values[i]!, name === '' ? keyName(key) : `${name}.${keyName(key)}`, depth + 1)
}

/** Long enough that nobody makes two texts that have the same. */
export const digest = (text: string) => hash('sha256', text, 'base64url').slice(0, 27)

/** Tells absent from everything that can stand in a column. */
export const keyText = (cells: Cells, key: string[]) => key.map((name) => cells.get(name) ?? '').join('\u0000')

/** All that is not in the key and not left out, whatever the order of the columns. */
export function contentText(cells: Cells, leftOut: Set<string>): string {
  const parts: string[] = []
  for (const [name, value] of cells) if (!leftOut.has(name)) parts.push(`${name}\u0000${value}`)
  return parts.sort().join('\u0001')
}
