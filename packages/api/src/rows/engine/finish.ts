import { deserialize, serialize } from 'node:v8'
import { type Gathered, type Hit, merge, type Seen } from './collect.ts'
import { mergeGroups, newGroups, portable } from './groups.ts'
import { type Order, type Ranked, ranked } from './ranked.ts'
import { bestSorted } from './sorted.ts'
import type { Search } from './task.ts'

/** What is wanted of all that was gathered; only so much of it leaves the thread. */
export type Finish =
  /** All of it, in bytes, for another thread to add to its own. */
  | { kind: 'pack' }
  | { kind: 'count' }
  | {
      kind: 'groups'
      order: Order
      limit: number
      names: (Names | undefined)[]
      /** The tenant of each host, where tenants are told. */
      tenantOf?: Map<number, number> | undefined
    }
  | { kind: 'chart'; buckets: number; series: number }
  | { kind: 'sorted' }
  /** Hosts and sources, those seen last first. */
  | { kind: 'seen'; most: number }
  | { kind: 'sweep' }

/** What the ids of a built-in field are called; none for an id without a name. */
export type Names = Map<number, (string | null)[]>

export interface Charted {
  /** Rows of each bucket. */
  sums: number[]
  series: { value: string; rows: number[] }[]
  others: number[] | undefined
}

export interface SeenOf {
  whole: Seen | undefined
  hosts: Seen[]
  hostsTotal: number
  sources: Seen[]
  sourcesTotal: number
}

export interface Finished {
  count: number
  hidden: number
  absent: number
  groups?: Ranked
  chart?: Charted
  hits?: Hit[]
  seen?: SeenOf
  swept?: Seen[]
}

export const packed = ({ gathered }: Search) =>
  new Uint8Array(serialize({ ...gathered, groups: portable(gathered.groups) }))

/** Ends a search with what its other threads packed. */
export function finish(
  { gathered, question }: Pick<Search, 'gathered' | 'question'>,
  how: Finish,
  others: Uint8Array[],
): Finished {
  for (const other of others) merge(gathered, deserialize(other) as Gathered, question.collect)
  const { count, hidden, absent } = gathered
  return { count, hidden, absent, ...made(gathered, how, question) }
}

function made(gathered: Gathered, how: Finish, { collect }: Search['question']): Partial<Finished> {
  if (how.kind === 'groups') return { groups: ranked(named(gathered, how.names), how.order, how.limit, how.tenantOf) }
  if (how.kind === 'chart') return { chart: charted(gathered, how.buckets, how.series) }
  if (how.kind === 'seen') return { seen: seenOf(gathered, how.most) }
  if (how.kind === 'sweep') return { swept: addUp(gathered.seen.values(), perHostAndValue) }
  if (how.kind === 'sorted' && collect?.kind === 'sorted')
    return { hits: bestSorted(gathered.hits, collect.by, collect.size) }
  return {}
}

/** Built-in fields are grouped by ids: puts their names, and adds up groups of the same name. */
function named({ groups }: Gathered, names: (Names | undefined)[]) {
  if (names.every((of) => of === undefined)) return groups
  const all = newGroups()
  mergeGroups(all, groups, (values) => namedValues(values, names))
  return all
}

function namedValues(values: (string | null)[], names: (Names | undefined)[]): (string | null)[][] {
  let rows: (string | null)[][] = [[]]
  for (const [i, value] of values.entries()) {
    const of = names[i]
    const texts = of && value !== null ? (of.get(Number(value)) ?? []) : [value]
    rows = rows.flatMap((before) => (texts.length > 0 ? texts : [null]).map((text) => [...before, text]))
  }
  return rows
}

const sumOf = (numbers: ArrayLike<number>) => Array.from(numbers).reduce((sum, number) => sum + number, 0)

function charted({ chart }: Gathered, buckets: number, most: number): Charted {
  const all = [...chart].map(([value, rows]) => ({ value, rows, sum: sumOf(rows) }))
  const added = (some: { rows: Float64Array }[]) =>
    Array.from({ length: buckets }, (_, i) => some.reduce((sum, { rows }) => sum + rows[i]!, 0))
  const order = all.sort((a, b) => b.sum - a.sum || (a.value < b.value ? -1 : 1))
  const rest = order.slice(most)
  const series = order.slice(0, most).map(({ value, rows }) => ({ value, rows: [...rows] }))
  return { sums: added(order), series, others: rest.length > 0 ? added(rest) : undefined }
}

/** In an order that does not hang on which block was read first. */
const newest = (all: Iterable<Seen>, by: (seen: Seen) => number) =>
  addUp(all, by).sort((a, b) => b.last - a.last || by(a) - by(b))

function seenOf({ seen }: Gathered, most: number): SeenOf {
  const hosts = newest(seen.values(), ({ hostId }) => hostId)
  const sources = newest(seen.values(), ({ sourceId }) => sourceId)
  const [whole] = addUp(seen.values(), () => 0)
  return {
    whole,
    hosts: hosts.slice(0, most),
    hostsTotal: hosts.length,
    sources: sources.slice(0, most),
    sourcesTotal: sources.length,
  }
}

const perHostAndValue = ({ value, tenantId, hostId }: Seen) => `${tenantId}.${hostId}.${value}`

function addUp(all: Iterable<Seen>, by: (seen: Seen) => number | string): Seen[] {
  const sums = new Map<number | string, Seen>()
  for (const seen of all) {
    const key = by(seen)
    const sum = sums.get(key)
    if (!sum) sums.set(key, { ...seen })
    else {
      sum.rows += seen.rows
      sum.first = Math.min(sum.first, seen.first)
      sum.last = Math.max(sum.last, seen.last)
    }
  }
  return [...sums.values()]
}
