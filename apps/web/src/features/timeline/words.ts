import { visible } from '../../ui/evidence.tsx'

interface Instant {
  micros: number
  nanos: number
}

/** `06:38:51.2091234`, with the date where it is another than that of `beside`; every digit but zeros at the end. */
export function clock(at: string, beside?: string) {
  const [, date = '', time = '', fraction = ''] = /^(.*?)T(\d\d:\d\d:\d\d)(?:\.(\d+))?Z$/.exec(at) ?? []
  const digits = fraction.replace(/0+$/, '').padEnd(3, '0')
  return `${beside?.startsWith(date) ? '' : `${date} `}${time}.${digits}`
}

/** How far a moment is from another: `+2.4 s`, `−1 min 12 s`, `+402 ns`. */
export function offset(from: Instant, to: Instant) {
  const micros = to.micros - from.micros
  const nanos = to.nanos - from.nanos
  if (micros === 0 && nanos === 0) return 'same time'
  const isLater = micros > 0 || (micros === 0 && nanos > 0)
  return `${isLater ? '+' : '−'}${duration(Math.abs(micros + nanos / 1000))}`
}

/** Of microseconds; its largest two units, or one with a digit behind. */
export function duration(micros: number) {
  if (micros < 1) return `${Math.round(micros * 1000)} ns`
  if (micros < 1000) return `${tenth(micros)} µs`
  if (micros < 100_000) return `${tenth(micros / 1000)} ms`
  const seconds = micros / 1e6
  if (seconds < 59.95) return `${tenth(seconds)} s`
  const whole = Math.round(seconds)
  if (whole < 3600) return two(Math.floor(whole / 60), 'min', whole % 60, 's')
  if (whole < 86_400) return two(Math.floor(whole / 3600), 'h', Math.floor((whole % 3600) / 60), 'min')
  return two(Math.floor(whole / 86_400), 'd', Math.floor((whole % 86_400) / 3600), 'h')
}

const tenth = (n: number) => String(Math.round(n * 10) / 10)
const two = (a: number, unit: string, b: number, smaller: string) => `${a} ${unit}${b === 0 ? '' : ` ${b} ${smaller}`}`

/** `System.TimeCreated.SystemTime`, as a heading. */
export function fieldName(field: string | null) {
  if (field === null) return 'received'
  return visible((JSON.parse(field) as string[]).join('.'))
}

const units: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** Seconds of `5m`, `1h`, `90s`; undefined for anything else, and for more than a year. */
export function spanSeconds(span: string) {
  const [, n, unit] = /^(\d{1,8})([smhd])$/.exec(span) ?? []
  const seconds = n && unit ? Number(n) * units[unit]! : 0
  return seconds >= 1 && seconds <= 366 * 86_400 ? seconds : undefined
}

/** `5 min` of `5m`. */
export function spanLabel(span: string) {
  const [, n, unit] = /^(\d+)([smhd])$/.exec(span) ?? []
  return n && unit ? `${n} ${unit === 'm' ? 'min' : unit}` : span
}
