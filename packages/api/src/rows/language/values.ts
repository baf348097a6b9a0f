import { folded } from '../../evidence/terms.ts'
import { networkOf, addressKey } from './addresses.ts'
import type { Bound, Piece, Test } from './ast.ts'
import { compileRegex } from './regex.ts'
import { type Span, isBrokenNow, readDate } from './dates.ts'
import { type Reading, badQuery, endsHere, readQuoted, skipSpace, take } from './scan.ts'

export const mostRegex = 1000
const mostPieces = 64
const longestValue = 10_000

interface Read {
  text: string
  quoted: boolean
  at: number
}

type Part = Read | { wild: '*' | '?'; at: number }

/** Reads a word, a "quoted text", either with `*` and `?` among it, or a /regular expression/. */
export function readValue(reading: Reading): Test {
  const start = reading.at
  const regex = readRegex(reading)
  if (regex) return regex
  const parts = readParts(reading)
  if (reading.at - start > longestValue) throw badQuery(`A value may have ${longestValue} characters at most`, start)
  const [first] = parts
  if (first === undefined) throw badQuery('An empty value finds nothing', start)
  if (parts.some((part) => 'wild' in part)) return likeOf(parts, start)
  const { text, quoted } = first as Read
  if (text === '' && !quoted) throw badQuery('An empty value finds nothing', start)
  const network = quoted ? undefined : networkOf(text.toLowerCase())
  return network ? { kind: 'network', ...network } : { kind: 'equals', value: folded(text) }
}

function readParts(reading: Reading): Part[] {
  const parts: Part[] = []
  while (!endsHere(reading)) {
    const at = reading.at
    const char = reading.query[at]!
    const last = parts.at(-1)
    const inside = last !== undefined && !('wild' in last)
    if (char === '*' || char === '?') {
      parts.push({ wild: char, at })
      reading.at++
    } else if (char === '"') {
      if (inside)
        throw badQuery(
          last.quoted ? 'A space is missing here' : 'A quote inside a word: put the whole value in quotes',
          at,
        )
      parts.push({ text: readQuoted(reading), quoted: true, at })
    } else if (char === '(')
      throw badQuery('A space is missing here; put the value in quotes if this is a part of it', at)
    else {
      if (inside) throw badQuery('A space is missing here', at)
      parts.push({ text: take(reading, /[^\s"*?()|]+/y), quoted: false, at })
    }
  }
  return parts
}

function likeOf(parts: Part[], at: number): Test {
  if (parts.length > mostPieces) throw badQuery(`A pattern may have ${mostPieces} parts at most`, at)
  const pieces = parts.map((part): Piece => ('wild' in part ? { wild: part.wild } : { text: folded(part.text) }))
  return pieces.every((piece) => 'wild' in piece && piece.wild === '*') ? { kind: 'present' } : { kind: 'like', pieces }
}

/** A path begins with a slash too: it is a regular expression only when the next slash ends the word. */
function readRegex(reading: Reading): Test | undefined {
  const start = reading.at
  const found = take(reading, /\/(?:\\.|[^\\/\n])+\//y)
  if (found === '') return undefined
  if (!endsHere(reading)) {
    reading.at = start
    return undefined
  }
  if (found.length > mostRegex + 2)
    throw badQuery(`A regular expression may have ${mostRegex} characters at most`, start)
  const source = found.slice(1, -1).replaceAll('\\/', '/')
  checkRegex(source, start)
  return { kind: 'regex', source }
}

const mostRepeats = 1000

/** A repeat is as long as what it repeats, so many times: a short expression must not become a huge one. */
function checkRegex(source: string, at: number) {
  let repeats = 0
  for (const [, low, high] of source.matchAll(/\{(\d+)(?:,(\d*))?\}/g))
    repeats += Math.max(Number(low), Number(high ?? 0))
  if (repeats > mostRepeats) throw badQuery(`A regular expression may repeat ${mostRepeats} times at most`, at)
  try {
    compileRegex(source)
  } catch (error) {
    const why = error instanceof Error ? error.message.replace('error parsing regexp: ', '') : ''
    throw badQuery(`Not a regular expression that is understood here: ${why}`, at)
  }
}

interface End {
  bound: Bound | undefined
  kind: 'number' | 'time' | 'address' | 'text' | undefined
}

const number = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?$/i

/** A bound of a range. Of a date that is a day, the end that keeps the whole day on its side counts. */
function boundOf(
  { text, quoted, at }: Read,
  now: Date,
  side: 'low' | 'high',
  inclusive: boolean,
  asTime: boolean,
): End {
  if (text === '') throw badQuery('Expected a number, a date or a text', at)
  const span = readDate(text, now)
  if (span) return { kind: 'time', bound: timeBound(span, side, inclusive) }
  if (asTime || isBrokenNow(text))
    throw badQuery('Expected a date such as 2024-03-01, 2024-03-01T10:20:30Z, now or now-7d (s, m, h, d, w)', at)
  if (!quoted && number.test(text)) return { kind: 'number', bound: { number: text, inclusive } }
  const address = addressKey(text.toLowerCase())
  if (address !== undefined) return { kind: 'address', bound: { address, inclusive } }
  return { kind: 'text', bound: { text: folded(text), inclusive } }
}

/** `>2024-03-01` begins behind the day, `<=2024-03-01` ends with it. */
function timeBound({ low, high }: Span, side: 'low' | 'high', inclusive: boolean): Bound {
  const instant = low.seconds === high.seconds && low.nanos === high.nanos
  if (instant) return { time: low, inclusive }
  if (side === 'low') return { time: inclusive ? low : high, inclusive: true }
  return { time: inclusive ? high : low, inclusive: false }
}

/** Reads `>10`, `<=2024-03-01`, `[a TO b]` or `{a TO b}`; undefined, and nowhere moved, where none begins. */
export function readRange(reading: Reading, asTime: boolean): Test | undefined {
  const operator = take(reading, /[<>]=?/y)
  if (operator !== '') {
    const side = operator.startsWith('>') ? 'low' : 'high'
    const read = readEnd(reading, /[^\s"()|]*/y)
    const { bound } = boundOf(read, reading.now, side, operator.endsWith('='), asTime)
    return { kind: 'range', [side]: bound! }
  }
  const open = take(reading, /[[{]/y)
  return open === '' ? undefined : readBrackets(reading, open === '[', asTime)
}

function readBrackets(reading: Reading, lowInclusive: boolean, asTime: boolean): Test {
  const { now } = reading
  const from = readEnd(reading, /[^\s"\]}]*/y)
  skipSpace(reading)
  const toAt = reading.at
  if (take(reading, /TO(?=\s)/y) === '') throw badQuery('Expected TO between the two ends of the range', toAt)
  const to = readEnd(reading, /[^\s"\]}]*/y)
  skipSpace(reading)
  const closeAt = reading.at
  const close = take(reading, /[\]}]/y)
  if (close === '') throw badQuery('Expected ] or } at the end of the range', closeAt)
  const isOpen = ({ text, quoted }: Read) => text === '*' && !quoted
  const none: End = { bound: undefined, kind: undefined }
  const low = isOpen(from) ? none : boundOf(from, now, 'low', lowInclusive, asTime)
  const high = isOpen(to) ? none : boundOf(to, now, 'high', close === ']', asTime)
  if (low.kind && high.kind && low.kind !== high.kind)
    throw badQuery(`Expected a ${low.kind} as at the other end of the range`, to.at)
  if (!low.bound && !high.bound) return { kind: 'present' }
  return { kind: 'range', ...(low.bound && { low: low.bound }), ...(high.bound && { high: high.bound }) }
}

function readEnd(reading: Reading, word: RegExp): Read {
  skipSpace(reading)
  const at = reading.at
  if (reading.query[at] === '"') return { text: readQuoted(reading), quoted: true, at }
  return { text: take(reading, word), quoted: false, at }
}

/** The span of a date as a range, for `time:2024-03-01`. */
export function readSpan(reading: Reading): Test | undefined {
  const start = reading.at
  const read = readEnd(reading, /[^\s"()|]*/y)
  const span = readDate(read.text, reading.now)
  if (!span) {
    reading.at = start
    return undefined
  }
  const { low, high } = span
  const instant = low.seconds === high.seconds && low.nanos === high.nanos
  return { kind: 'range', low: { time: low, inclusive: true }, high: { time: high, inclusive: instant } }
}
