import { type Exact, isExactNumber, parseExact, writeExact } from './json.ts'

/** A row's JSON for people and scripts that read it with JSON.parse. */
export interface Shown {
  /** Numbers that JavaScript can't hold are strings. Null when `omitted` says why. */
  data: unknown
  /** Too large or too deep to be sent in a list; the raw row has it. */
  omitted?: 'large' | 'deep'
  /** Keys that stand more than once in an object; `data` has the last value of each, the raw row has all. */
  repeated?: string[]
}

const largest = 1_000_000
const deepest = 500

export function shownRow(line: Buffer): Shown {
  if (line.length > largest) return { data: null, omitted: 'large' }
  const text = line.toString()
  const repeated = new Set<string>()
  const value = holdable(parseExact(text), repeated, 0)
  if (value === undefined) return { data: null, omitted: 'deep' }
  const data: unknown = JSON.parse(writeExact(value))
  return repeated.size === 0 ? { data } : { data, repeated: [...repeated] }
}

/** What `shownRow` says of a line, as the members of a JSON object: made at once of a line that is written as JavaScript writes JSON, as most are. */
export function shownMembers(line: Buffer): string {
  const text = line.length > largest ? undefined : line.toString()
  if (text !== undefined && isShallow(text) && JSON.stringify(JSON.parse(text)) === text) return `"data":${text}`
  return JSON.stringify(shownRow(line)).slice(1, -1)
}

/** Whether it opens too few objects and arrays to be nested too deeply. */
function isShallow(text: string): boolean {
  if (text.length < 2 * deepest) return true
  let opened = 0
  for (let at = 0; at < text.length && opened <= deepest; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x7b || code === 0x5b) opened++
  }
  return opened <= deepest
}

/** Undefined when it is nested too deeply. */
function holdable(value: Exact, repeated: Set<string>, depth: number): Exact | undefined {
  if (typeof value !== 'object' || value === null) return value
  if (isExactNumber(value)) return isHeld(value.number) ? Number(value.number) : value.number
  if (depth > deepest) return undefined
  const inner: Exact[] = []
  for (const each of Array.isArray(value) ? value : value.values) {
    const held = holdable(each, repeated, depth + 1)
    if (held === undefined) return undefined
    inner.push(held)
  }
  if (Array.isArray(value)) return inner
  const seen = new Set<string>()
  for (const key of value.keys) {
    if (seen.has(key)) repeated.add(key)
    seen.add(key)
  }
  return { keys: value.keys, values: inner }
}

/** Whether the number means the same after JavaScript read it: 1.0 and 1e3 do, 2^53 + 1, 1e400 and -0 (written as 0) do not. */
function isHeld(source: string): boolean {
  if (source.length > 400) return false
  const value = Number(source)
  if (value === 0) return !source.startsWith('-') && !/[1-9]/.test(source.split(/e/i)[0]!)
  return decimal(source) === decimal(String(value))
}

/** Sign, digits without zeros around them, exponent: one writing for each value. */
function decimal(source: string): string {
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(source) ?? []
  if (whole === undefined) return source
  const digits = `${whole}${fraction}`
  const significant = digits.replace(/^0+/, '').replace(/0+$/, '')
  const trailing = digits.length - digits.replace(/0+$/, '').length
  return `${sign}${significant}e${Number(exponent) - fraction.length + trailing}`
}
