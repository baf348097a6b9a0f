import { timeOf } from '../records.ts'

/** A row as a sender without row numbers gives it, and where the row itself says that it belongs. */
export interface Unit {
  /** The row's exact bytes, over several lines if it was sent so. */
  row: Buffer
  place: Place
}

export interface Place {
  clientId: string | undefined
  hostname: string | undefined
  flowId: string | undefined
  /** Of a row of no flow: the UTC day on which it arrived at Velociraptor, by its `_ts` if it has one. */
  day: string | undefined
  /** The source's name. */
  artifact: string
}

/** What could not be read as a row, kept with its reason. */
export interface Aside {
  /** Counts from 1 over the sender's own units. */
  line: number
  bytes: Buffer
  reason: string
}

export interface Units {
  units: Unit[]
  aside: Aside[]
}

/** Text that a name may hold; anything else is no name. */
const name = (value: unknown) =>
  typeof value === 'string' && value !== '' && value.length <= 1000 && value.isWellFormed() && !value.includes('\0')
    ? value
    : undefined

/**
 * Where a row belongs by the columns that Velociraptor's uploaders add. A row with a `_value` column of its own comes with a
 * wrong `Artifact`, then `fallback` names the source.
 */
export function placeOf(row: unknown, fallback: { hostname?: unknown; artifact?: unknown; clientId?: unknown }): Place {
  const columns = typeof row === 'object' && row !== null ? (row as Record<string, unknown>) : {}
  const flowId = name(columns.FlowId)
  return {
    clientId: name(columns.ClientId) ?? name(fallback.clientId),
    hostname: name(columns.Hostname) ?? name(columns.ClientHostname) ?? name(fallback.hostname),
    flowId,
    day: flowId === undefined ? dayOf(columns._ts) : undefined,
    artifact: name(columns.Artifact) ?? name(fallback.artifact) ?? 'unnamed',
  }
}

const dayOf = (ts: unknown) =>
  typeof ts === 'number' && ts > 0 && ts < 1e11 ? new Date(ts * 1000).toISOString().slice(0, 10) : undefined

const timestamps = /"(?:timestamp":\s*"([^"]{10,40})"|_ts":\s*(\d{9,19})\b)/g

/** When the last row was sent or arrived at Velociraptor, in milliseconds, by the columns that uploaders put at its end; else 0. */
export function newestOf(units: Unit[]): number {
  const row = units.at(-1)?.row
  const end = row?.subarray(Math.max(0, row.length - 65_536)).toString('latin1') ?? ''
  const times = [...end.matchAll(timestamps)].map(([, text, ts]) =>
    ts === undefined ? Date.parse(text!) : (timeOf(Number(ts))?.getTime() ?? 0),
  )
  // An event's own arrival, where it has one, is older than its sending.
  return Math.min(...times.filter((at) => at > 0), Number.MAX_SAFE_INTEGER) % Number.MAX_SAFE_INTEGER
}
