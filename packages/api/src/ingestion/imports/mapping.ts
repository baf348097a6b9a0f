import { createHash } from 'node:crypto'
import { z } from 'zod'
import { eventTimePaths, microsOfText } from '../../evidence/times.ts'
import { huntOfFlow } from '../records.ts'
import { textOfCell } from './csv.ts'
import type { Place } from './placed.ts'

const storable = (text: string) => text.isWellFormed() && !text.includes('\0')
const column = z.string().min(1).max(1000)
const columns = { hostname: column, clientId: column, flowId: column, time: column, source: column }

/** Which column of a CSV says what, by its name in the header. */
export const mappingInput = z.strictObject({
  ...z.object(columns).partial().shape,
  /** Of times such as 03/04/2026: whether the day or the month comes first. */
  timeOrder: z.enum(['dmy', 'mdy']).optional(),
  /** The name of the source, where no column says it. */
  artifact: z.string().trim().min(1).max(1000).refine(storable, 'holds characters that no name has').optional(),
})
export type Mapping = z.infer<typeof mappingInput>

const columnNames = Object.keys(columns) as (keyof typeof columns)[]

/** CSVs with the same columns in the same order have one mapping. */
export const shapeOfHeader = (header: string[]) => createHash('sha256').update(JSON.stringify(header)).digest()

/** Columns that the mapping names and the header lacks. */
export const missingIn = (header: string[], mapping: Mapping) =>
  columnNames.map((name) => mapping[name]).filter((name) => name !== undefined && !header.includes(name))

/** A name of its own for what this mapping makes of a file: by another one, its rows would be others. */
export function markOf(mapping: Mapping) {
  const { artifact: _name, ...said } = mapping
  if (Object.keys(said).length === 0) return ''
  const sorted = Object.entries(said).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return ` ${createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 8)}`
}

const usual: [keyof typeof columns, RegExp][] = [
  ['hostname', /^(host|host ?name|computer|computer ?name|machine|machine ?name|device ?name|endpoint|fqdn)$/],
  ['clientId', /^client ?id$/],
  ['flowId', /^flow ?id$/],
  ['time', /^(event )?(time|date ?time|timestamp|date)( ?(stamp|utc|created))?$/],
]

/** What the names of the columns suggest. */
export function guessed(header: string[]): Mapping {
  const named = (pattern: RegExp) =>
    header.find((name) =>
      pattern.test(
        name
          .replaceAll(/[_\-.@]/g, ' ')
          .trim()
          .toLowerCase(),
      ),
    )
  return Object.fromEntries(usual.map(([what, pattern]) => [what, named(pattern)]).filter(([, name]) => name))
}

/** The first of these decides when a row happened; it is the only one that nothing goes before. */
const timeName = eventTimePaths[0]![0]!

/** A mapped time needs a name that counts before all others; a column of that name would stand in its way. */
export const clashes = (header: string[], { time }: Mapping) =>
  time !== undefined && time !== timeName && header.includes(timeName)

/** Adds when a row happened, in UTC and under the name that counts, where its column says so. The cell itself stays. */
export function timeAdder(header: string[], { time, timeOrder }: Mapping, unread: () => void) {
  const at = time === undefined || (time === timeName && !timeOrder) ? -1 : header.indexOf(time)
  return (cells: string[]) => {
    const cell = at < 0 ? '' : textOfCell(cells[at] ?? '').trim()
    if (cell === '') return ''
    const micros = microsOf(cell, timeOrder)
    if (micros === undefined) {
      unread()
      return ''
    }
    return `,"${timeName}":"${textOf(micros)}"`
  }
}

const dayFirst =
  /^(\d{1,2})[./-](\d{1,2})[./-](\d{4})(?:[ T,]+(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?(?: *([AP])M)?Z?$/i

/** A time that evidence itself would read, or one with its year behind. */
export function microsOf(cell: string, order: Mapping['timeOrder']): number | undefined {
  const found = order && dayFirst.exec(cell)
  if (!found) return microsOfText(cell)
  const [, one, two, year, hour = '0', minute = '0', second = '0', fraction = '', half] = found
  const [day, month] = (order === 'dmy' ? [one, two] : [two, one]).map(Number) as [number, number]
  const hours = half ? (Number(hour) % 12) + (half.toUpperCase() === 'P' ? 12 : 0) : Number(hour)
  const millis = Date.UTC(Number(year), month - 1, day, hours, Number(minute), Number(second))
  const same = new Date(millis)
  const exists = same.getUTCMonth() === month - 1 && same.getUTCDate() === day && same.getUTCHours() === hours
  return exists ? millis * 1000 + Number(fraction.padEnd(6, '0')) : undefined
}

function textOf(micros: number) {
  const seconds = Math.floor(micros / 1e6)
  const rest = micros - seconds * 1e6
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19)
  return rest === 0 ? `${whole}Z` : `${whole}.${String(rest).padStart(6, '0')}Z`
}

/** Where a row goes by its mapped columns. Numbers are read as they are written. */
export function placer(mapping: Mapping, usualPlace: Place, usualSource: string) {
  const { hostname, clientId, flowId, source } = mapping
  if (!hostname && !clientId && !flowId && !source) return undefined
  return (line: Buffer): { place: Place; source: string } => {
    const row = asWritten(line)
    const client = nameIn(row, clientId)
    const known = client !== undefined && /^(C\.[\w-]{1,100}|server)$/.test(client) ? client : undefined
    const host = nameIn(row, hostname)
    const flow = nameIn(row, flowId)?.slice(0, 200) ?? usualPlace.flowId
    const place = {
      hostname: host ?? known ?? usualPlace.hostname,
      clientId: known ?? (host === undefined ? usualPlace.clientId : null),
      flowId: flow,
      huntId: huntOfFlow(flow),
    }
    return { place, source: nameIn(row, source) ?? usualSource }
  }
}

function nameIn(row: Record<string, unknown>, key: string | undefined) {
  const value = key === undefined ? undefined : row[key]
  if (typeof value !== 'string') return undefined
  return value.replaceAll('\0', '\u2400').toWellFormed().trim().slice(0, 1000) || undefined
}

interface Written {
  source?: string
}

function asWritten(line: Buffer): Record<string, unknown> {
  try {
    return (JSON.parse(line.toString('utf8'), (_key, value: unknown, written?: Written) =>
      typeof value === 'number' ? written?.source : value,
    ) ?? {}) as Record<string, unknown>
  } catch {
    return {}
  }
}
