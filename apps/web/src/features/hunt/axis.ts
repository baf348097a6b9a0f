export interface Bucket {
  time: string
  rows: number
}

/** From the first to before the last, by number. */
export interface Span {
  from: number
  to: number
}

export const sumOf = (buckets: Bucket[], { from, to }: Span) =>
  buckets.slice(from, to).reduce((sum, { rows }) => sum + rows, 0)

/** Stretches for which nothing arrived at all: a bucket without a row of any kind, which is not the same as zero matches. */
export function gapsOf(buckets: Bucket[], arrived: Bucket[] | undefined): Span[] {
  const gaps: Span[] = []
  if (!arrived || arrived.length !== buckets.length) return gaps
  for (const [i, { rows }] of arrived.entries()) {
    if (rows > 0 || buckets[i]!.rows > 0) continue
    const last = gaps.at(-1)
    if (last?.to === i) last.to = i + 1
    else gaps.push({ from: i, to: i + 1 })
  }
  return gaps
}

/** The least of 1, 2, 5, 10, 20 … that is not below. */
export function roundedUp(n: number): number {
  const unit = 10 ** Math.floor(Math.log10(Math.max(1, n)))
  return unit * [1, 2, 3, 5, 10].find((step) => step * unit >= n)!
}

/** "30 k", "1.5 M": on the axis only; counts elsewhere are exact. */
export function tick(n: number): string {
  const [size, unit] = n >= 1e9 ? [1e9, ' G'] : n >= 1e6 ? [1e6, ' M'] : n >= 1e4 ? [1e3, ' k'] : [1, '']
  return `${Number((n / size).toFixed(1))}${unit}`
}

const steps = [1, 5, 15, 60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86_400, 2 * 86_400, 7 * 86_400, 14 * 86_400]
const months = [1, 2, 3, 6, 12, 24, 60, 120, 600, 1200]

/** Round times along an axis from one time to another (milliseconds), about so many. */
export function ticksOf(from: number, to: number, about: number): { at: number; label: string }[] {
  const seconds = (to - from) / 1000 / about
  const step = steps.find((one) => one >= seconds)
  const times = step ? everyStep(from, to, step * 1000) : everyMonths(from, to, seconds)
  return times.map((at) => ({ at, label: labelOf(at, step) }))
}

function everyStep(from: number, to: number, step: number): number[] {
  const times: number[] = []
  for (let at = Math.ceil(from / step) * step; at < to; at += step) times.push(at)
  return times
}

function everyMonths(from: number, to: number, seconds: number): number[] {
  const step = months.find((n) => n * 30 * 86_400 >= seconds) ?? 1200
  const times: number[] = []
  const first = Math.ceil((new Date(from).getUTCFullYear() * 12 + new Date(from).getUTCMonth()) / step) * step
  for (let month = first; ; month += step) {
    // A year below 100 would be taken for one of the last century.
    const at = new Date(0).setUTCFullYear(Math.floor(month / 12), month % 12, 1)
    if (at >= to) return times
    if (at >= from) times.push(at)
  }
}

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const names = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function labelOf(at: number, step: number | undefined): string {
  const time = new Date(at)
  const [day, month, year] = [time.getUTCDate(), names[time.getUTCMonth()]!, time.getUTCFullYear()]
  if (!step) return time.getUTCMonth() === 0 ? String(year) : `${month} ${year}`
  if (step >= 7 * 86_400) return `${day} ${month}`
  if (step >= 86_400) return `${days[time.getUTCDay()]} ${day}`
  const clock = time.toISOString().slice(11, step < 60 ? 19 : 16)
  return clock.startsWith('00:00') ? `${days[time.getUTCDay()]} ${day}` : clock
}

/** The selection after a key: arrows move it, with Shift they move the one end. Undefined for other keys. */
export function movedBy(
  key: string,
  shift: boolean,
  end: 'from' | 'to',
  span: Span,
  buckets: number,
): Span | undefined {
  const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[key]
  if (step === undefined) return undefined
  if (!shift) {
    const by = Math.max(-span.from, Math.min(buckets - span.to, step))
    return { from: span.from + by, to: span.to + by }
  }
  if (end === 'from') return { ...span, from: Math.max(0, Math.min(span.to - 1, span.from + step)) }
  return { ...span, to: Math.min(buckets, Math.max(span.from + 1, span.to + step)) }
}
