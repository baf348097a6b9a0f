import { indicatorsIn } from '../../evidence/indicators.ts'
import { microsOf, microsOfNumber, microsOfText, readTime } from '../../evidence/times.ts'
import { addressKey } from '../language/addresses.ts'
import type { Bound, Instant, Test } from '../language/ast.ts'
import { compileRegex } from '../language/regex.ts'
import { globOf } from './globs.ts'

/** What a test makes of one value: its folded text, and whether it is a JSON number. */
export type Matches = (text: string, isNumber: boolean) => boolean

export function matcherOf(test: Test): Matches {
  switch (test.kind) {
    case 'present':
      return () => true
    case 'equals':
      return (text) => text === test.value
    case 'like':
      return globOf(test.pieces)
    case 'regex': {
      const regex = compileRegex(test.source)
      return (text) => regex.test(text)
    }
    case 'network':
      return (text) => networkMatches(test, text)
    case 'range':
      return rangeOf(test.low, test.high)
  }
}

/** Whether a folded text is or holds an address of the network. */
export const networkMatches = ({ low, high }: { low: string; high: string }, text: string) =>
  addressesIn(text).some((key) => key >= low && key <= high)

/** The addresses that a folded text is or holds. */
function addressesIn(text: string): string[] {
  const whole = addressKey(text)
  if (whole !== undefined) return [whole]
  return indicatorsIn(text).flatMap((indicator) => addressKey(indicator) ?? [])
}

function rangeOf(low: Bound | undefined, high: Bound | undefined): Matches {
  const above = low && beside(low, 1)
  const below = high && beside(high, -1)
  return (text, isNumber) => (!above || above(text, isNumber)) && (!below || below(text, isNumber))
}

/** Whether a value lies on a bound's side: 1 above, -1 below. */
function beside(bound: Bound, side: 1 | -1): Matches {
  const holds = (order: number | undefined) =>
    order !== undefined && (order === 0 ? bound.inclusive : Math.sign(order) === side)
  if ('number' in bound) return (text) => holds(compareNumbers(text, bound.number))
  if ('time' in bound)
    return (text, isNumber) => {
      const instant = instantOf(text, isNumber)
      return instant !== undefined && holds(compareInstants(instant, bound.time))
    }
  if ('address' in bound)
    return (text) =>
      addressesIn(text).some((key) => key[0] === bound.address[0] && holds(compareTexts(key, bound.address)))
  return (text) => holds(compareTexts(text, bound.text))
}

const compareTexts = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

export const compareInstants = (a: Instant, b: Instant) => a.seconds - b.seconds || a.nanos - b.nanos

const plainNumber = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?$/

/** Exact whatever the size; undefined when the folded text is no number. */
export function compareNumbers(text: string, bound: string): number | undefined {
  if (text.length > 400 || !plainNumber.test(text)) return undefined
  const [a, b] = [Number(text), Number(bound)]
  // Rounding keeps the order, so it decides unless both are rounded to the same.
  if (a !== b) return a - b > 0 ? 1 : -1
  return compareDecimals(decimalOf(text), decimalOf(bound.toLowerCase()))
}

interface Decimal {
  sign: number
  /** The digits from the first that is not zero, and the power of ten of that one. */
  digits: string
  power: number
}

function decimalOf(text: string): Decimal {
  const [, sign, whole = '', fraction = '', exponent = '0'] = /^([-+]?)(\d*)\.?(\d*)(?:e([-+]?\d+))?$/.exec(text)!
  const all = whole + fraction
  const digits = all.replace(/^0+/, '')
  if (digits === '') return { sign: 0, digits: '', power: 0 }
  const power = whole.length - (all.length - digits.length) + Number(exponent)
  return { sign: sign === '-' ? -1 : 1, digits: digits.replace(/0+$/, ''), power }
}

function compareDecimals(a: Decimal, b: Decimal): number {
  if (a.sign !== b.sign) return a.sign - b.sign
  return a.sign * (Math.sign(a.power - b.power) || compareTexts(a.digits, b.digits))
}

/** When a value is a time: RFC3339, or a number whose unit is told by its size. Undefined also for the zero times of Go and Windows. */
export function instantOf(text: string, isNumber: boolean): Instant | undefined {
  if (isNumber) return ofMicros(microsOfNumber(Number(text)))
  const exact = readTime(text.toUpperCase())
  if (exact) return microsOf(exact) === undefined ? undefined : { seconds: exact.seconds, nanos: exact.nanos }
  return ofMicros(microsOfText(text))
}

function ofMicros(micros: number | undefined): Instant | undefined {
  if (micros === undefined) return undefined
  const seconds = Math.floor(micros / 1e6)
  return { seconds, nanos: Math.round((micros - seconds * 1e6) * 1000) }
}

/** Whether patterns over all values leave it out: times are asked for by `time:` and by their fields. */
export const isTimeText = (text: string) =>
  text.length >= 20 && text.length <= 30 && text[10] === 't' && readTime(text.toUpperCase()) !== undefined
