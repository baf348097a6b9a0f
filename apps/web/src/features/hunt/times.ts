import { relativeTime } from '../../lib/format.ts'

/** As the address holds it: RFC3339 in UTC, or relative to now. */
export interface Range {
  from?: string | undefined
  to?: string | undefined
}

export const presets = [
  { from: 'now-15m', label: 'Last 15 minutes' },
  { from: 'now-1h', label: 'Last hour' },
  { from: 'now-24h', label: 'Last 24 hours' },
  { from: 'now-7d', label: 'Last 7 days' },
  { from: 'now-30d', label: 'Last 30 days' },
  { from: 'now-90d', label: 'Last 90 days' },
]

const units: Record<string, number> = { s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3, w: 604_800e3 }

/** The time that is meant, as RFC3339; undefined for what is none. */
export function timeOf(text: string | undefined, now: number): string | undefined {
  const relative = /^now(?:-(\d{1,6})([smhdw]))?$/.exec(text ?? '')
  if (relative) return new Date(now - Number(relative[1] ?? 0) * units[relative[2] ?? 's']!).toISOString()
  return text !== undefined && exact.test(text) && !Number.isNaN(Date.parse(text)) ? text : undefined
}

const exact = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[-+]\d\d:\d\d)$/

/** What a person writes, as RFC3339 in UTC: `2026-11-24`, `2026-11-24 06:38:51.209`; undefined when it is no time. */
export function readTyped(text: string): string | undefined {
  const found = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d{1,9})?)?)?Z?$/i.exec(text.trim())
  if (!found) return undefined
  const [, day, minute = '00:00', second = ':00'] = found
  const time = `${day}T${minute}${second}Z`
  const at = Date.parse(time)
  return Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== day ? undefined : time
}

export const typed = (time: string | undefined) =>
  time ? time.replace('T', ' ').replace(/(?::00)?(?:\.0+)?Z$/, '') : ''

/** What the button says. */
export function rangeWords({ from, to }: Range): string {
  if (!from && !to) return 'Any time'
  const preset = presets.find((one) => one.from === from && !to)
  if (preset) return preset.label
  const end = (text: string) => (text.startsWith('now') ? text : typed(text))
  if (!to) return `From ${end(from!)}`
  return from ? `${end(from)} to ${end(to)}` : `Until ${end(to)}`
}

/** "2 h", "10 h", "3 d": a length of time in the largest unit that it is a whole of. */
export function lengthWords(seconds: number): string {
  const unit = (
    [
      [86_400, 'd'],
      [3600, 'h'],
      [60, 'min'],
    ] as const
  ).find(([size]) => seconds >= size)
  if (!unit) return `${seconds < 10 ? Number(seconds.toPrecision(2)) : Math.round(seconds)} s`
  return `${Number((seconds / unit[0]).toFixed(seconds / unit[0] < 10 ? 1 : 0))} ${unit[1]}`
}

export const newestWords = (at: Date | string | null, now?: number) =>
  at === null ? 'nothing arrived yet' : `newest ${relativeTime(at, now)}`
