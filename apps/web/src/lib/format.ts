import dayjs from 'dayjs'
import utc from 'dayjs/plugin/utc.js'

dayjs.extend(utc)

/** "1,204,331": exact counts with separators, never rounded. */
export const count = (n: number | bigint) => n.toLocaleString('en-GB')

/** "1 row", "2 rows". */
export const plural = (n: number, one: string, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

type Moment = Date | string | number

/** "4 min ago" and "26 h ago" under two days, then the date; all in UTC. */
export function relativeTime(at: Moment, now: Moment = Date.now()) {
  const then = dayjs.utc(at)
  const age = dayjs.utc(now).diff(then)
  if (age < 0) return age > -minute ? 'now' : dateAndTime(then)
  if (age < minute) return 'now'
  if (age < hour) return `${Math.floor(age / minute)} min ago`
  if (age < 2 * day) return `${Math.floor(age / hour)} h ago`
  return then.format(then.year() === dayjs.utc(now).year() ? 'D MMM' : 'D MMM YYYY')
}

const dateAndTime = (at: dayjs.Dayjs) => at.format('D MMM YYYY HH:mm')

/** "2026-11-24 06:38:51.209 UTC", as it is kept. */
export const exactTime = (at: Moment) => dayjs.utc(at).format('YYYY-MM-DD HH:mm:ss.SSS [UTC]')

/** "24 Nov 2026, 06:38 UTC". */
export const plainTime = (at: Moment) => dayjs.utc(at).format('D MMM YYYY, HH:mm [UTC]')

/** "24 Nov" of a time or of a day. */
export const shortDay = (at: Moment) => dayjs.utc(at).format('D MMM')

/** "today 06:40", "yesterday 17:02", then the date. */
export function dayTime(at: Moment, now: Moment = Date.now()) {
  const then = dayjs.utc(at)
  const today = dayjs.utc(now).startOf('day')
  if (!then.isBefore(today) && then.isBefore(today.add(1, 'day'))) return `today ${then.format('HH:mm')}`
  if (!then.isBefore(today.subtract(1, 'day')) && then.isBefore(today)) return `yesterday ${then.format('HH:mm')}`
  return then.format(then.year() === today.year() ? 'D MMM HH:mm' : 'D MMM YYYY HH:mm')
}

export function bytes(n: number) {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB']
  let at = 0
  let size = n
  while (size >= 1000 && at < units.length - 1) {
    size /= 1000
    at++
  }
  return at === 0 ? `${count(n)} ${n === 1 ? 'byte' : 'bytes'}` : `${size.toFixed(size < 10 ? 1 : 0)} ${units[at]}`
}

/** "DW" of "Dana Whitlock", "DA" of "dana". */
export function initials(name: string) {
  const words = name.split(/[\s._-]+/).filter(Boolean)
  const letters =
    words.length > 1 ? words.slice(0, 2).map((word) => Array.from(word)[0]) : Array.from(words[0] ?? '').slice(0, 2)
  return letters.join('').toUpperCase()
}
