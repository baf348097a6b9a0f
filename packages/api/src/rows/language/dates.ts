import { readTime } from '../../evidence/times.ts'
import type { Instant } from './ast.ts'

/** From `low` to before `high`; both are the same for what names an instant. */
export interface Span {
  low: Instant
  high: Instant
}

const units: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

const instantOf = (millis: number): Instant => {
  const seconds = Math.floor(millis / 1000)
  return { seconds, nanos: Math.round(millis - seconds * 1000) * 1_000_000 }
}

const date = /^(\d{4})-(\d\d)(?:-(\d\d)(?:[tT ](\d\d):(\d\d)(?::(\d\d)(\.\d{1,9})?)?([zZ]|[+-]\d\d:?\d\d)?)?)?$/

/** `now`, `now-7d`, or a date: a month, a day or a minute is the whole of it. Undefined for anything else. */
export function readDate(text: string, now: Date): Span | undefined {
  const relative = /^now(?:([-+])(\d{1,6})([smhdw]))?$/i.exec(text)
  if (relative) {
    const [, sign, amount, unit] = relative
    const away = unit === undefined ? 0 : Number(amount) * units[unit.toLowerCase()]! * (sign === '-' ? -1 : 1)
    const at = instantOf(now.getTime() + away * 1000)
    return { low: at, high: at }
  }
  const found = date.exec(text)
  return found ? spanOf(found) : undefined
}

/** What looks like `now` and an offset but is none, so that it is not taken for text. */
export const isBrokenNow = (text: string) => /^now[-+]/i.test(text)

function spanOf([, year, month, day, hour, minute, second, fraction, zone]: RegExpExecArray): Span | undefined {
  const text = `${year}-${month}-${day ?? '01'}T${hour ?? '00'}:${minute ?? '00'}:${second ?? '00'}${fraction ?? ''}Z`
  const read = readTime(text)
  if (!read) return undefined
  const low = { seconds: read.seconds - offsetOf(zone), nanos: read.nanos }
  if (second !== undefined) return { low, high: low }
  const length = minute !== undefined ? 60 : 86_400
  if (day !== undefined) return { low, high: { seconds: low.seconds + length, nanos: 0 } }
  const next = Date.UTC(Number(year), Number(month), 1)
  return { low, high: { seconds: next / 1000, nanos: 0 } }
}

function offsetOf(zone: string | undefined): number {
  if (zone === undefined || /^z$/i.test(zone)) return 0
  const digits = zone.replaceAll(/\D/g, '')
  const seconds = Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2)) * 60
  return zone.startsWith('-') ? -seconds : seconds
}
