import { isIPv6 } from '../../evidence/indicators.ts'
import { folded } from '../../evidence/terms.ts'
import { AppError } from '../../errors.ts'
import { type FieldRef, builtins } from './ast.ts'

/** Where a reading of a query stands. */
export interface Reading {
  query: string
  at: number
  now: Date
}

/** Says what is wrong and where, so that an editor can point at it. */
export const badQuery = (what: string, position: number) =>
  new AppError('BAD_REQUEST', `${what} (at character ${position + 1})`, 'unsupported_query', { position })

/** Moves behind what the sticky pattern matches, and gives it; empty when it does not match. */
export function take(reading: Reading, pattern: RegExp): string {
  pattern.lastIndex = reading.at
  const found = pattern.exec(reading.query)?.[0] ?? ''
  reading.at += found.length
  return found
}

export const skipSpace = (reading: Reading) => take(reading, /\s*/y)

/** Whether a value ends here. */
export const endsHere = ({ query, at }: Reading) => at >= query.length || /[\s)|]/.test(query[at]!)

/**
 * Reads a quoted text. A backslash inside is itself, as paths need it; only right before a quote, as on a Windows command
 * line, two of them are one, and one makes the quote a part of the value.
 */
export function readQuoted(reading: Reading): string {
  const start = reading.at
  const { query } = reading
  let text = ''
  for (let at = start + 1; at < query.length;) {
    let slashes = 0
    while (query[at + slashes] === '\\') slashes++
    at += slashes
    if (query[at] !== '"') {
      text += '\\'.repeat(slashes) + (query[at] ?? '')
      at++
      continue
    }
    text += '\\'.repeat(slashes >> 1)
    at++
    if (slashes % 2 === 0) {
      reading.at = at
      return text
    }
    text += '"'
  }
  throw badQuery('This quote is not closed', start)
}

const nameRun = /(?:\\[^]|[^\s"\\:()|*?[\]{}<>=])+/y

interface Name {
  text: string
  literal: number[]
  /** Whether nothing was quoted or escaped: only then can it be a built-in field, or the begin of a value with a colon. */
  plain: boolean
}

/** Reads `Name`, `a.b`, `a\.b` or `"Computer Info".Name`; undefined, and nowhere moved, when there is no name. */
function readName(reading: Reading): Name | undefined {
  const start = reading.at
  const name: Name = { text: '', literal: [], plain: true }
  const add = (text: string, literal: boolean) => {
    for (const char of folded(text)) {
      if (char === '.' && literal) name.literal.push(name.text.length)
      name.text += char
    }
  }
  for (;;) {
    if (reading.query[reading.at] === '"') {
      if (!reading.query.includes('"', reading.at + 1)) break
      add(readQuoted(reading), true)
      name.plain = false
      continue
    }
    const run = take(reading, nameRun)
    if (run === '') break
    for (const [part] of run.matchAll(/\\[^]|[^\\]+/g)) {
      const escaped = part.startsWith('\\')
      if (escaped) name.plain = false
      add(escaped ? part.slice(1) : part, escaped)
    }
  }
  return reading.at === start ? undefined : name
}

const pair = '[0-9a-f]{2}'
const mac = new RegExp(`^${pair}(:${pair}){5}$`, 'i')

/** Addresses, URLs, paths with a drive and times have a colon and are values all the same. */
function isValueWithColon(name: Name, word: string): boolean {
  if (!name.plain && !/^[a-z]:\\/i.test(word)) return false
  if (/^\d/.test(word) || isIPv6(word.toLowerCase()) || mac.test(word)) return true
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(word) || /^[a-z]:[\\/]/i.test(word)
}

/** A field and the colon behind it; undefined, and nowhere moved, when a value stands here. */
export function readField(reading: Reading): FieldRef | undefined {
  const start = reading.at
  const name = readName(reading)
  const end = reading.at
  if (name && reading.query[end] === ':') {
    reading.at = start
    const word = take(reading, /[^\s"()|]*/y)
    if (!isValueWithColon(name, word)) {
      reading.at = end + 1
      return refOf(name, reading.query.slice(start, end))
    }
  }
  reading.at = start
  return undefined
}

/** A field's name in a pipe. */
export function readFieldName(reading: Reading): FieldRef | undefined {
  const start = reading.at
  const name = readName(reading)
  return name && refOf(name, reading.query.slice(start, reading.at))
}

function refOf({ text, literal, plain }: Name, shown: string): FieldRef {
  const builtin = plain ? builtins.find((known) => known === text) : undefined
  return builtin ? { builtin } : { field: { text, literal, shown } }
}
