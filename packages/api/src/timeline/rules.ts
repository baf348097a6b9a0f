import type { OpenColumn } from '../evidence/columns.ts'
import { firstCode, TYPED } from '../evidence/fields.ts'
import { microsOf, microsOfNumber, microsOfText, readTime, writeTime } from '../evidence/times.ts'
import { AppError } from '../errors.ts'
import type { RowName } from '../rows/rules.ts'

/** A time without loss: microseconds since 1970, and the nanoseconds beyond, 0 to 999. */
export interface Instant {
  micros: number
  nanos: number
}

/** A row at one of its times. */
export interface Moment extends Instant, RowName {
  /** The field that tells the time; 0 where it is the time of receipt. */
  fieldId: number
}

/** Earlier first; rows of one time by their names, and a row that stands there twice by its fields. */
export const compareMoments = (a: Moment, b: Moment) =>
  a.micros - b.micros ||
  a.nanos - b.nanos ||
  a.collectionId - b.collectionId ||
  a.sourceId - b.sourceId ||
  a.row - b.row ||
  a.fieldId - b.fieldId

export const writeCursor = (m: Moment) =>
  [m.micros, m.nanos, m.collectionId, m.sourceId, m.row, m.fieldId].map(String).join('_')

export function readCursor(cursor: string): Moment {
  const parts = cursor.split('_').map(Number)
  if (parts.length !== 6 || !parts.every(Number.isSafeInteger))
    throw new AppError('BAD_REQUEST', 'Not a cursor of this list')
  const [micros, nanos, collectionId, sourceId, row, fieldId] = parts as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  return { micros, nanos, collectionId, sourceId, row, fieldId }
}

/** RFC3339 in UTC with the digits that the time has: microseconds, and nanoseconds where there are some. */
export function instantText({ micros, nanos }: Instant): string {
  const seconds = Math.floor(micros / 1e6)
  const rest = (micros - seconds * 1e6) * 1000 + nanos
  return writeTime({ seconds, nanos: rest, digits: nanos === 0 ? 6 : 9 })
}

/** The instant of such a text; the input has looked at its form. */
export function instantOfText(text: string): Instant {
  const instant = textInstant(text)
  if (!instant) throw new AppError('BAD_REQUEST', 'No such time')
  return instant
}

const exactInstant = (seconds: number, nanos: number): Instant => ({
  micros: seconds * 1e6 + Math.floor(nanos / 1000),
  nanos: nanos % 1000,
})

/** Undefined for what tells no time, Go's and Windows' "unset" among it. */
function textInstant(text: string): Instant | undefined {
  const exact = readTime(text)
  if (exact) return microsOf(exact) === undefined ? undefined : exactInstant(exact.seconds, exact.nanos)
  const micros = microsOfText(text)
  if (micros === undefined) return undefined
  return /^\d+(\.\d+)?$/.test(text)
    ? numberInstant(text)
    : { micros: micros + beyondMillis(text), nanos: nanosOf(text) }
}

/** What a time with an offset says beyond its milliseconds, which are all that Date.parse reads. */
const fractionOf = (text: string) => (/:\d\d\.(\d+)/.exec(text)?.[1] ?? '').padEnd(9, '0')
const beyondMillis = (text: string) => Number(fractionOf(text).slice(3, 6))
const nanosOf = (text: string) => Number(fractionOf(text).slice(6, 9))

/** Of a number by its size: seconds, milliseconds, microseconds or nanoseconds, every digit of its source kept. */
export function numberInstant(source: string): Instant | undefined {
  const rounded = microsOfNumber(Number(source))
  if (rounded === undefined) return undefined
  const [, whole, fraction = '', exponent = '0'] = /^(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(source) ?? []
  if (whole === undefined) return { micros: rounded, nanos: 0 }
  const value = Number(source)
  const unit = value > 2e16 ? 0 : value > 2e13 ? 3 : value > 2e10 ? 6 : 9
  const shift = unit + Number(exponent) - fraction.length
  const digits = BigInt(whole + fraction)
  if (Math.abs(shift) > 40) return { micros: rounded, nanos: 0 }
  const nanos = shift >= 0 ? digits * 10n ** BigInt(shift) : digits / 10n ** BigInt(-shift)
  return { micros: Number(nanos / 1000n), nanos: Number(nanos % 1000n) }
}

function valueInstant(value: unknown): Instant | undefined {
  if (typeof value === 'string') return textInstant(value)
  return typeof value === 'number' ? numberInstant(String(value)) : undefined
}

type Held = OpenColumn['values'][number]

/** Of a list (LastRunTimes) the first counts, as does the first of a repeated key. */
function cellInstant(cell: Held): Instant | undefined {
  if (typeof cell === 'string') return textInstant(cell)
  if (typeof cell !== 'object' || cell === null) return undefined
  if ('number' in cell) return numberInstant(cell.number)
  if ('several' in cell) return valueInstant(JSON.parse(cell.several[0]!))
  if ('json' in cell)
    return cell.json.startsWith('[') ? valueInstant((JSON.parse(cell.json) as unknown[])[0]) : undefined
  return undefined
}

/** The times of a column by row; undefined where a row has none in it. */
export function instantsOf(column: OpenColumn): (row: number) => Instant | undefined {
  const byCode = new Map<number, Instant | undefined>()
  return (row) => {
    const code = column.codes[row]!
    if (code < TYPED) return undefined
    if (code === TYPED) return typedInstant(column, row)
    if (!byCode.has(code)) byCode.set(code, cellInstant(column.values[code - firstCode]!))
    return byCode.get(code)
  }
}

function typedInstant({ times, numbers }: OpenColumn, row: number): Instant | undefined {
  if (!times) return numberInstant(String(numbers[row]))
  const [seconds, nanos] = [times.seconds[row]!, times.nanos[row]!]
  return microsOf({ seconds, nanos, digits: 9 }) === undefined ? undefined : exactInstant(seconds, nanos)
}
