/** An RFC3339 time in UTC, exact: `2024-03-01T10:20:30.1200000Z` has 7 digits and 120,000,000 nanoseconds. */
export interface ExactTime {
  /** Since 1970, negative before. */
  seconds: number
  nanos: number
  /** How many digits the fraction was written with; 0 for none. */
  digits: number
}

/** Where readTime puts its finding: it runs once per time in a row, and an object each would be garbage. */
const found: ExactTime = { seconds: 0, nanos: 0, digits: 0 }

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const leap = (year: number) => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)

/** Days from 1970-01-01 in the proleptic Gregorian calendar. */
function daysFrom(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  return era * 146_097 + yearOfEra * 365 + (yearOfEra >> 2) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
}

/** Two digits, or a number over 99 that no range check lets through. */
function two(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48
  const ones = text.charCodeAt(at + 1) - 48
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : 1000
}

function readFraction(text: string, end: number): boolean {
  const digits = end - 20
  if (text.charCodeAt(19) !== 46 || digits < 1 || digits > 9) return false
  let nanos = 0
  for (let i = 20; i < end; i++) {
    const digit = text.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) return false
    nanos = nanos * 10 + digit
  }
  for (let i = digits; i < 9; i++) nanos *= 10
  found.nanos = nanos
  found.digits = digits
  return true
}

/**
 * Reads a time that writeTime gives back letter by letter: upper-case T and Z, a date that exists, up to nine digits. Anything
 * else (offsets, leap seconds, spaces) is text. The result is valid until the next call.
 */
export function readTime(text: string): ExactTime | undefined {
  const end = text.length - 1
  if (end < 19 || end > 29 || text.charCodeAt(10) !== 84 || text.charCodeAt(end) !== 90) return undefined
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return undefined
  if (text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) return undefined
  const year = two(text, 0) * 100 + two(text, 2)
  const month = two(text, 5)
  const day = two(text, 8)
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1) return undefined
  if (day > monthDays[month - 1]! && !(month === 2 && day === 29 && leap(year))) return undefined
  const [hour, minute, second] = [two(text, 11), two(text, 14), two(text, 17)]
  if (hour > 23 || minute > 59 || second > 59) return undefined
  if (end === 19) found.nanos = found.digits = 0
  else if (!readFraction(text, end)) return undefined
  found.seconds = daysFrom(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
  return found
}

/** The text that readTime read. */
export function writeTime({ seconds, nanos, digits }: ExactTime): string {
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19)
  return digits === 0 ? `${whole}Z` : `${whole}.${String(nanos).padStart(9, '0').slice(0, digits)}Z`
}

export const dayOf = (seconds: number) => Math.floor(seconds / 86_400)

const earliest = -62_135_596_800e6 // 0001-01-01, Go's zero time: unset
const fileTimeZero = -11_644_473_600e6 // 1601-01-01: an unset FILETIME
const latest = 253_402_300_800e6

const usable = (micros: number) =>
  micros > earliest && micros < latest && micros !== fileTimeZero ? Math.round(micros) : undefined

/** Velociraptor's own rule (utils/time.go): the unit of a number is told by its size. */
export function microsOfNumber(value: number): number | undefined {
  if (!(value > 0)) return undefined
  if (value > 2e16) return usable(value / 1e3)
  if (value > 2e13) return usable(value)
  if (value > 2e10) return usable(value * 1e3)
  return usable(value * 1e6)
}

export const microsOf = ({ seconds, nanos }: ExactTime) => usable(seconds * 1e6 + nanos / 1e3)

const looksLikeTime = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?(Z|[+-]\d\d:?\d\d))?$/i

/** Event time of a text: RFC3339 with any offset, or a number in quotes. Undefined for Go's and Windows' "unset". */
export function microsOfText(text: string): number | undefined {
  const exact = readTime(text)
  if (exact) return microsOf(exact)
  if (looksLikeTime.test(text)) {
    const zoned = /[zZ]$|[+-]\d\d:?\d\d$/.test(text.slice(16)) ? text : `${text}Z`
    const millis = Date.parse(zoned.replace(' ', 'T').replace(/ (?=[zZ+-])/, ''))
    return Number.isNaN(millis) ? undefined : usable(millis * 1e3)
  }
  return /^\d{9,19}(\.\d+)?$/.test(text) ? microsOfNumber(Number(text)) : undefined
}

/** Paths that tell when a row's event happened, best first. What a row lacks, the next one may give. */
export const eventTimePaths: string[][] = [
  ['EventTime'],
  ['TimeCreated'],
  ['System', 'TimeCreated', 'SystemTime'],
  ['System', 'TimeCreated'],
  ['Timestamp'],
  ['timestamp'],
  ['@timestamp'],
  ['CreateTime'],
  ['VisitTime'],
  ['last_visit_time'],
  ['LastVisit'],
  ['Mtime'],
  ['MTime'],
  ['ModificationTime'],
  ['LastRunTimes'],
  ['LastModified0x10'],
  ['Created0x10'],
  ['LastWriteTime'],
  ['KeyMTime'],
  ['KeyLastWriteTimestamp'],
  ['Created'],
  ['CreatedTime'],
  ['Time'],
  ['_ts'],
]
