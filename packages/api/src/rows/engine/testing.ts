import { indicatorsIn } from '../../evidence/indicators.ts'
import { type Exact, isExactNumber, parseExact } from '../../evidence/json.ts'
import { readTime } from '../../evidence/times.ts'
import type { Bound, FieldName, Leaf, Node, Piece, Test } from '../language/ast.ts'
import { networkMatches, instantOf } from './tests.ts'

/** A row as it was sent, and what is known of it beside. */
export interface PlainRow {
  json: string
  host: { hostname: string; fqdn: string; os: string | null; labels: string[] }
  source: string
  collection: number
  hunt: string | null
  /** Event time in microseconds since 1970. */
  time: number
  mark: string
  tags: string[]
  /** Values and lists of the indicators that stand in it. */
  indicators: string[]
}

interface PlainLeaf {
  path: string[]
  value: string | { number: string } | boolean | null | undefined
}

const fold = (text: string) => text.toLowerCase().toWellFormed()

/** What a query means, said in the plainest way: the grammar read over all leaves of one row. What the engine answers is held against it. */
export function naively(node: Node, row: PlainRow): boolean {
  if (node.kind === 'all') return true
  if (node.kind === 'not') return !naively(node.part, row)
  if (node.kind === 'leaf') return leafHolds(node, row)
  const holds = (part: Node) => naively(part, row)
  return node.kind === 'and' ? node.parts.every(holds) : node.parts.some(holds)
}

function leafHolds({ on, test }: Leaf, row: PlainRow): boolean {
  const value = parseExact(row.json)
  if (!on) return leavesIn(value, []).some((leaf) => anywhere(leaf, test))
  if ('builtin' in on) return builtinHolds(on.builtin, test, row)
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isExactNumber(value)) return false
  return leavesIn(value, []).some((leaf) => isAt(on.field, leaf.path) && passes(leaf, test))
}

/** Every value of a row that holds no other, with the keys that lead to it; arrays have no key. An empty object or array has no value. */
function leavesIn(value: Exact, path: string[]): PlainLeaf[] {
  if (typeof value === 'number') return [{ path, value: { number: String(value) } }]
  if (typeof value !== 'object' || value === null || isExactNumber(value)) return [{ path, value }]
  if (Array.isArray(value))
    return value.length === 0 ? [{ path, value: undefined }] : value.flatMap((one) => leavesIn(one, path))
  if (value.keys.length === 0) return [{ path, value: undefined }]
  return value.keys.flatMap((key, i) => leavesIn(value.values[i]!, [...path, key]))
}

/** A name stands for its path and all below; each of its dots parts two keys or stands in one, an escaped one only the latter. */
function isAt({ text, literal }: FieldName, path: string[]): boolean {
  const keys = path.map(fold)
  const whole = keys.join('.')
  if (whole !== text && !whole.startsWith(`${text}.`)) return false
  const borders = keys.map((_, i) => keys.slice(0, i + 1).join('.').length)
  return literal.every((at) => !borders.includes(at))
}

function passes({ value }: PlainLeaf, test: Test): boolean {
  if (test.kind === 'present') return true
  if (value === undefined) return false
  const isNumber = typeof value === 'object' && value !== null
  return textPasses(fold(isNumber ? value.number : String(value)), isNumber, test)
}

/** Over all values: strings and numbers; an exact value also as an indicator inside of one; patterns leave times out. */
function anywhere({ value }: PlainLeaf, test: Test): boolean {
  if (value === undefined || value === null || typeof value === 'boolean' || value === '') return false
  const text = fold(typeof value === 'string' ? value : value.number)
  if (test.kind === 'equals') return text === test.value || indicatorsIn(text).includes(test.value)
  return !readTime(text.toUpperCase()) && textPasses(text, false, test)
}

function textPasses(text: string, isNumber: boolean, test: Test): boolean {
  if (test.kind === 'equals') return text === test.value
  if (test.kind === 'like') return likeToRegExp(test.pieces).test(text)
  if (test.kind === 'regex') return new RegExp(test.source, 'isu').test(text)
  if (test.kind === 'network') return networkMatches(test, text)
  if (test.kind !== 'range') return true
  const { low, high } = test
  return (!low || onSide(low, text, isNumber, 1)) && (!high || onSide(high, text, isNumber, -1))
}

const likeToRegExp = (pieces: Piece[]) =>
  new RegExp(
    `^${pieces.map((piece) => ('text' in piece ? RegExp.escape(piece.text) : piece.wild === '*' ? '.*' : '.')).join('')}$`,
    'su',
  )

function onSide(bound: Bound, text: string, isNumber: boolean, side: number): boolean {
  const order = orderOf(bound, text, isNumber)
  return order !== undefined && (order === 0 ? bound.inclusive : Math.sign(order) === side)
}

function orderOf(bound: Bound, text: string, isNumber: boolean): number | undefined {
  if ('number' in bound) return compareExactly(text, bound.number.toLowerCase())
  if ('time' in bound) {
    const at = instantOf(text, isNumber)
    return at && (at.seconds - bound.time.seconds || at.nanos - bound.time.nanos)
  }
  if ('address' in bound) return undefined
  return text < bound.text ? -1 : text > bound.text ? 1 : 0
}

/** By whole numbers of any size. */
function compareExactly(a: string, b: string): number | undefined {
  const [x, y] = [scaled(a), scaled(b)]
  if (!x || !y) return undefined
  const power = Math.min(x.power, y.power)
  const difference = x.digits * 10n ** BigInt(x.power - power) - y.digits * 10n ** BigInt(y.power - power)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

function scaled(text: string) {
  const [, sign, whole = '', fraction = '', exponent = '0'] =
    /^([-+]?)(\d*)(?:\.(\d*))?(?:e([-+]?\d+))?$/.exec(text) ?? []
  if (sign === undefined || whole + fraction === '') return undefined
  const digits = BigInt(whole + fraction)
  return { digits: sign === '-' ? -digits : digits, power: Number(exponent) - fraction.length }
}

function builtinHolds(name: string, test: Test, row: PlainRow): boolean {
  const names: Record<string, (string | null)[]> = {
    host: [row.host.hostname, row.host.fqdn],
    os: [row.host.os],
    label: row.host.labels,
    source: [row.source, row.source.split('/')[0]!],
    artifact: [row.source.split('/')[0]!],
    hunt: [row.hunt],
    collection: [String(row.collection)],
    mark: [row.mark],
    tag: row.tags,
    indicator: row.indicators,
  }
  if (name !== 'time') return names[name]!.some((text) => text !== null && textPasses(fold(text), false, test))
  if (test.kind !== 'range') return true
  const nanos = (bound: Bound | undefined) =>
    bound && 'time' in bound && BigInt(bound.time.seconds) * 10n ** 9n + BigInt(bound.time.nanos)
  const [at, low, high] = [BigInt(row.time) * 1000n, nanos(test.low), nanos(test.high)]
  const above = low === undefined || low === false || at > low || (at === low && test.low!.inclusive)
  return above && (high === undefined || high === false || at < high || (at === high && test.high!.inclusive))
}
