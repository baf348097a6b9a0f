import { type Place, comparePlaces } from '../rules.ts'
import type { FieldRef, SortKey } from '../language/ast.ts'
import { type Holder, type Value, valuesOf } from './cells.ts'
import type { OpenBlock, Part } from './evaluate.ts'

/** A row of an answer and where its bytes lie. */
export interface Hit extends Place {
  tenantId: number
  blockId: number
  blockRow: number
  hostId: number
  /** What it sorts by, where the query says so. */
  keys?: (Value | null)[]
}

/** What is made of the matching rows. */
export type Collect =
  | { kind: 'page'; size: number; after: Place | undefined }
  | { kind: 'sorted'; by: SortKey[]; size: number }
  | { kind: 'groups'; fields: FieldRef[] }
  | { kind: 'chart'; from: number; width: number; buckets: number; field: FieldRef | undefined }
  | { kind: 'seen' }
  /** As seen, of each of a block's `values` apart. */
  | { kind: 'sweep' }

export interface Group {
  values: (string | null)[]
  rows: number
  hosts: Set<number>
}

export interface Seen {
  tenantId: number
  hostId: number
  sourceId: number
  /** What was swept for. */
  value?: string
  rows: number
  first: number
  last: number
}

/** What a wave of blocks gave. */
export interface Gathered {
  count: number
  hits: Hit[]
  groups: Map<string, Group>
  /** Rows that have none of the fields grouped by. */
  absent: number
  chart: Map<string, Float64Array>
  seen: Map<string, Seen>
}

export const nothingYet = (): Gathered => ({
  count: 0,
  hits: [],
  groups: new Map(),
  absent: 0,
  chart: new Map(),
  seen: new Map(),
})

const mostCombinations = 1000

/** Thrown where a row would stand in too many groups. */
export class TooMany extends Error {}

type Rows = (visit: (row: number, part: Part) => void) => void

/** Adds the matching rows of one block. `holders` tell which columns hold each field, in the order of the fields. */
export function collect(into: Gathered, what: Collect, block: OpenBlock, mask: Uint8Array, holders: Holder[][]) {
  const rows = rowsOf(block, mask)
  if (what.kind === 'page') addPage(into, what, block, rows)
  else if (what.kind === 'sorted') addSorted(into, what, block, rows, holders)
  else if (what.kind === 'groups') addGroups(into, what.fields, block, rows, holders)
  else if (what.kind === 'chart') addChart(into, what, block, rows, holders)
  else addSeen(into, block, rows, undefined)
}

/** Adds where a value was seen, by the mask of its rows. */
export function collectValue(into: Gathered, block: OpenBlock, mask: Uint8Array, value: string) {
  addSeen(into, block, rowsOf(block, mask), value)
}

const rowsOf =
  (block: OpenBlock, mask: Uint8Array): Rows =>
  (visit) => {
    for (const part of block.parts)
      for (let row = part.row; row < part.row + part.n; row++) if (mask[row] === 1) visit(row, part)
  }

const timesOf = ({ times, blockId }: OpenBlock) => {
  if (!times) throw new Error(`block ${blockId} has no event times`)
  return times
}

const placeOf = ({ sourceId }: OpenBlock, times: Float64Array, row: number, part: Part): Place => ({
  time: times[row]!,
  collectionId: part.collectionId,
  sourceId,
  row: part.firstRow + row - part.row,
})

const hitOf = (block: OpenBlock, place: Place, row: number, part: Part): Hit => ({
  ...place,
  tenantId: block.tenantId,
  blockId: block.blockId,
  blockRow: row,
  hostId: part.hostId,
})

function addPage(into: Gathered, { size, after }: Collect & { kind: 'page' }, block: OpenBlock, rows: Rows) {
  const times = timesOf(block)
  const last = into.hits.length < size ? -Infinity : into.hits[size - 1]!.time
  const found: Hit[] = []
  rows((row, part) => {
    if (times[row]! < last) return
    const place = placeOf(block, times, row, part)
    if (!after || comparePlaces(place, after) > 0) found.push(hitOf(block, place, row, part))
  })
  if (found.length > 0) into.hits = bestHits([...into.hits, ...found], size)
}

export const bestHits = (hits: Hit[], size: number) => hits.sort(comparePlaces).slice(0, size)

function addSorted(
  into: Gathered,
  { by, size }: Collect & { kind: 'sorted' },
  block: OpenBlock,
  rows: Rows,
  holders: Holder[][],
) {
  const times = timesOf(block)
  const read = by.map((key, i) =>
    'builtin' in key.by && key.by.builtin === 'time'
      ? (row: number): Value[] => [{ text: '', number: times[row]! }]
      : valuesOf(key.by, holders[i]!, block),
  )
  rows((row, part) => {
    const keys = read.map((values) => values(row)[0] ?? null)
    into.hits.push({ ...hitOf(block, placeOf(block, times, row, part), row, part), keys })
  })
  if (into.hits.length > 2 * size + 1000) into.hits = bestSorted(into.hits, by, size)
}

export const bestSorted = (hits: Hit[], by: SortKey[], size: number) =>
  hits.sort((a, b) => compareKeys(a.keys!, b.keys!, by) || comparePlaces(a, b)).slice(0, size)

/** Numbers and times come before texts, and what is absent last, whatever the direction. */
function compareKeys(a: (Value | null)[], b: (Value | null)[], by: SortKey[]): number {
  for (const [i, { descending }] of by.entries()) {
    const [x, y] = [a[i]!, b[i]!]
    if (x === null || y === null) {
      if (x !== y) return x === null ? 1 : -1
      continue
    }
    const order = compareValues(x, y)
    if (order !== 0) return descending ? -order : order
  }
  return 0
}

function compareValues(a: Value, b: Value): number {
  if (a.number !== undefined && b.number !== undefined) return a.number - b.number
  if (a.number !== undefined || b.number !== undefined) return a.number === undefined ? 1 : -1
  const [x, y] = [a.text.toLowerCase(), b.text.toLowerCase()]
  return x < y ? -1 : x > y ? 1 : 0
}

function addGroups(into: Gathered, fields: FieldRef[], block: OpenBlock, rows: Rows, holders: Holder[][]) {
  const read = fields.map((field, i) => valuesOf(field, holders[i]!, block))
  rows((row, { hostId }) => {
    const values = read.map((of) => of(row).map(({ text }): string | null => text))
    if (values.every((of) => of.length === 0)) {
      into.absent++
      return
    }
    for (const combination of combinations(values)) addTo(into.groups, combination, hostId)
  })
}

function addTo(groups: Map<string, Group>, values: (string | null)[], hostId: number) {
  const key = values.length === 1 ? values[0]! : JSON.stringify(values)
  const group = groups.get(key)
  if (group) {
    group.rows++
    group.hosts.add(hostId)
  } else groups.set(key, { values, rows: 1, hosts: new Set([hostId]) })
}

function combinations(values: (string | null)[][]): (string | null)[][] {
  if (values.length === 1) return values[0]!.map((value) => [value])
  let all: (string | null)[][] = [[]]
  for (const of of values) {
    const some = of.length === 0 ? [null] : of
    if (all.length * some.length > mostCombinations) throw new TooMany()
    all = all.flatMap((before) => some.map((value) => [...before, value]))
  }
  return all
}

function addChart(
  into: Gathered,
  { from, width, buckets, field }: Collect & { kind: 'chart' },
  block: OpenBlock,
  rows: Rows,
  holders: Holder[][],
) {
  const times = timesOf(block)
  const read = field && valuesOf(field, holders[0]!, block)
  rows((row) => {
    const bucket = Math.floor((times[row]! - from) / width)
    if (bucket < 0 || bucket >= buckets) return
    for (const name of read ? read(row).map(({ text }) => text) : ['']) {
      let counts = into.chart.get(name)
      if (!counts) into.chart.set(name, (counts = new Float64Array(buckets)))
      counts[bucket]!++
    }
  })
}

function addSeen(into: Gathered, block: OpenBlock, rows: Rows, value: string | undefined) {
  const times = timesOf(block)
  rows((row, { hostId }) => {
    const key = `${block.tenantId}.${hostId}.${block.sourceId}.${value}`
    const time = times[row]!
    const seen = into.seen.get(key)
    if (seen) {
      seen.rows++
      seen.first = Math.min(seen.first, time)
      seen.last = Math.max(seen.last, time)
    } else {
      const { tenantId, sourceId } = block
      into.seen.set(key, {
        tenantId,
        hostId,
        sourceId,
        ...(value !== undefined && { value }),
        rows: 1,
        first: time,
        last: time,
      })
    }
  })
}

/** Adds what another wave gave. */
export function merge(into: Gathered, from: Gathered, what: Collect | undefined) {
  into.count += from.count
  into.absent += from.absent
  if (what?.kind === 'page') into.hits = bestHits([...into.hits, ...from.hits], what.size)
  else if (what?.kind === 'sorted') into.hits = bestSorted([...into.hits, ...from.hits], what.by, what.size)
  for (const [key, group] of from.groups) {
    const known = into.groups.get(key)
    if (!known) into.groups.set(key, group)
    else {
      known.rows += group.rows
      for (const host of group.hosts) known.hosts.add(host)
    }
  }
  for (const [key, counts] of from.chart) {
    const known = into.chart.get(key)
    if (known) counts.forEach((count, i) => (known[i]! += count))
    else into.chart.set(key, counts)
  }
  for (const [key, seen] of from.seen) {
    const known = into.seen.get(key)
    if (!known) into.seen.set(key, seen)
    else {
      known.rows += seen.rows
      known.first = Math.min(known.first, seen.first)
      known.last = Math.max(known.last, seen.last)
    }
  }
}
