import { type Place, comparePlaces } from '../rules.ts'
import type { FieldRef, SortKey } from '../language/ast.ts'
import { codedOf, type Holder, type Value, valuesOf } from './cells.ts'
import type { OpenBlock, Part } from './evaluate.ts'
import { addGroups, type Grouping, type Groups, mergeGroups, newGroups } from './groups.ts'
import { bestSorted, compareSorted } from './sorted.ts'

/** A row of an answer and where its bytes lie. */
export interface Hit extends Place {
  tenantId: number
  blockId: number
  blockRow: number
  hostId: number
  /** What it sorts by, where the query says so. */
  keys?: (Value | null)[]
  /** The first alternative of the filter that it passes, where each was asked apart. */
  part?: number
}

/** Where a page of a sorted list ended. */
export interface SortedPlace {
  place: Place
  keys: (Value | null)[]
}

/** What is made of the matching rows. */
export type Collect =
  | { kind: 'page'; size: number; after: Place | undefined }
  | { kind: 'sorted'; by: SortKey[]; size: number; after?: SortedPlace | undefined }
  | ({ kind: 'groups' } & Grouping)
  | { kind: 'chart'; from: number; width: number; buckets: number; field: FieldRef | undefined }
  | { kind: 'seen' }
  /** As seen, of each of a block's `values` apart. */
  | { kind: 'sweep' }
  /** All rows, and which alternative of the filter they pass. */
  | { kind: 'parts' }

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

/** What blocks gave. */
export interface Gathered {
  count: number
  /** Rows that match and are left out. */
  hidden: number
  hits: Hit[]
  /** Rows of a page are of this time or later: the page has enough of them. */
  floor: number
  groups: Groups
  /** Rows that have none of the fields grouped by. */
  absent: number
  chart: Map<string, Float64Array>
  seen: Map<string, Seen>
}

export const nothingYet = (): Gathered => ({
  count: 0,
  hidden: 0,
  hits: [],
  floor: -Infinity,
  groups: newGroups(),
  absent: 0,
  chart: new Map(),
  seen: new Map(),
})

/** Rows of a block: all of them where there is no mask. */
type Mask = Uint8Array | undefined

/** Adds the matching rows of one block. `holders` tell which columns hold each field, in the order of the fields. */
export function collect(into: Gathered, what: Collect, block: OpenBlock, mask: Mask, holders: Holder[][]) {
  if (what.kind === 'page') addPage(into, what, block, mask)
  else if (what.kind === 'sorted') addSorted(into, what, block, mask, holders)
  else if (what.kind === 'groups') into.absent += addGroups(into.groups, what, block, mask, holders)
  else if (what.kind === 'chart') addChart(into, what, block, mask, holders)
  else addSeen(into, block, mask, undefined)
}

/** Adds where a value was seen, by the mask of its rows. */
export function collectValue(into: Gathered, block: OpenBlock, mask: Uint8Array, value: string) {
  addSeen(into, block, mask, value)
}

/** Adds the rows that pass an alternative and none before it: those are `taken`. */
export function collectPart(into: Gathered, block: OpenBlock, mask: Mask, part: number, taken: Uint8Array) {
  const times = timesOf(block)
  eachRow(block, mask, (row, of) => {
    if (taken[row] === 1) return
    taken[row] = 1
    into.hits.push({ ...hitOf(block, placeOf(block, times, row, of), row, of), part })
  })
}

function eachRow({ parts }: OpenBlock, mask: Mask, visit: (row: number, part: Part) => void) {
  for (const part of parts)
    for (let row = part.row; row < part.row + part.n; row++) if (!mask || mask[row] === 1) visit(row, part)
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

function addPage(into: Gathered, { size, after }: Collect & { kind: 'page' }, block: OpenBlock, mask: Mask) {
  const times = timesOf(block)
  const last = into.hits.length < size ? into.floor : Math.max(into.floor, into.hits[size - 1]!.time)
  const least = leastOf(times, mask, size, last, after)
  const found: Hit[] = []
  eachRow(block, mask, (row, part) => {
    if (times[row]! < least || (after && times[row]! > after.time)) return
    const place = placeOf(block, times, row, part)
    if (!after || comparePlaces(place, after) > 0) found.push(hitOf(block, place, row, part))
  })
  if (found.length > 0) into.hits = bestHits([...into.hits, ...found], size)
}

/** A time from `last` on that so many rows of a block reach: what lies before it is on no page of that size. */
function leastOf(times: Float64Array, mask: Mask, size: number, last: number, after: Place | undefined): number {
  const reached = new Float64Array(times.length)
  let n = 0
  for (let row = 0; row < times.length; row++) {
    const time = times[row]!
    if (time >= last && (!mask || mask[row] === 1) && (!after || time < after.time)) reached[n++] = time
  }
  return n <= size ? last : reached.subarray(0, n).sort()[n - size]!
}

export const bestHits = (hits: Hit[], size: number) => hits.sort(comparePlaces).slice(0, size)

function addSorted(
  into: Gathered,
  { by, size, after }: Collect & { kind: 'sorted' },
  block: OpenBlock,
  mask: Mask,
  holders: Holder[][],
) {
  const times = timesOf(block)
  const read = by.map((key, i) =>
    'builtin' in key.by && key.by.builtin === 'time'
      ? (row: number): Value[] => [{ text: '', number: times[row]! }]
      : valuesOf(key.by, holders[i]!, block),
  )
  eachRow(block, mask, (row, part) => {
    const keys = read.map((values) => values(row)[0] ?? null)
    const place = placeOf(block, times, row, part)
    if (after && compareSorted({ ...place, keys }, { ...after.place, keys: after.keys }, by) <= 0) return
    into.hits.push({ ...hitOf(block, place, row, part), keys })
  })
  if (into.hits.length > 2 * size + 1000) into.hits = bestSorted(into.hits, by, size)
}

function addChart(
  into: Gathered,
  { from, width, buckets, field }: Collect & { kind: 'chart' },
  block: OpenBlock,
  mask: Mask,
  holders: Holder[][],
) {
  const times = timesOf(block)
  const coded = field && codedOf(field, holders[0]!, block)
  const countsOf = (name: string) => {
    let counts = into.chart.get(name)
    if (!counts) into.chart.set(name, (counts = new Float64Array(buckets)))
    return counts
  }
  const all = coded ? undefined : countsOf('')
  for (let row = 0; row < block.n; row++) {
    if (mask && mask[row] === 0) continue
    const bucket = Math.floor((times[row]! - from) / width)
    if (bucket < 0 || bucket >= buckets) continue
    if (all) all[bucket]!++
    else for (const name of coded!.texts[coded!.codes[row]!]!) countsOf(name)[bucket]!++
  }
}

function addSeen(into: Gathered, block: OpenBlock, mask: Mask, value: string | undefined) {
  const times = timesOf(block)
  const { tenantId, sourceId } = block
  for (const { row: start, n, hostId } of block.parts) {
    let [rows, first, last] = [0, Infinity, -Infinity]
    for (let row = start; row < start + n; row++) {
      if (mask && mask[row] === 0) continue
      rows++
      first = Math.min(first, times[row]!)
      last = Math.max(last, times[row]!)
    }
    if (rows > 0)
      note(into.seen, { tenantId, hostId, sourceId, ...(value !== undefined && { value }), rows, first, last })
  }
}

function note(all: Map<string, Seen>, seen: Seen) {
  const key = `${seen.tenantId}.${seen.hostId}.${seen.sourceId}.${seen.value}`
  const known = all.get(key)
  if (!known) all.set(key, seen)
  else {
    known.rows += seen.rows
    known.first = Math.min(known.first, seen.first)
    known.last = Math.max(known.last, seen.last)
  }
}

/** Adds what other blocks gave. */
export function merge(into: Gathered, from: Gathered, what: Collect | undefined) {
  into.count += from.count
  into.hidden += from.hidden
  into.absent += from.absent
  if (what?.kind === 'page') into.hits = bestHits([...into.hits, ...from.hits], what.size)
  else if (what?.kind === 'sorted') into.hits = bestSorted([...into.hits, ...from.hits], what.by, what.size)
  mergeGroups(into.groups, from.groups)
  for (const [key, counts] of from.chart) {
    const known = into.chart.get(key)
    if (known) counts.forEach((count, i) => (known[i]! += count))
    else into.chart.set(key, counts)
  }
  for (const seen of from.seen.values()) note(into.seen, seen)
}
