import { dayOf, readTime } from '../../evidence/times.ts'
import { folded, hashDay, hashTerm, termSeed } from '../../evidence/terms.ts'
import { AppError } from '../../errors.ts'
import type { Seen } from '../engine/collect.ts'
import { isTimeText } from '../engine/tests.ts'
import type { Leaf } from '../language/ast.ts'
import { namesOf } from '../lines/queries.ts'
import { timeText } from '../lines/lines.ts'
import { blocksOf, blocksWithAny, type Candidate, termKey } from '../queries.ts'
import { type Bounds, look, type Plan, planRows, type Searcher } from '../rows.ts'

/** Rows between a first and a last event time, both RFC3339. */
export interface Sighting {
  rows: number
  first: string
  last: string
}

/** Where an exact value was seen: in a leaf or as an indicator inside one. */
export async function seenValue(searcher: Searcher, value: string, bounds: Bounds, most: number) {
  const leaf: Leaf = {
    kind: 'leaf',
    id: 0,
    on: undefined,
    test: { kind: 'equals', value: folded(value) },
    at: 0,
    end: 0,
  }
  if (value === '') throw new AppError('BAD_REQUEST', 'An empty value finds nothing')
  const collect = { kind: 'seen' as const }
  const plan = await planRows(searcher, { filter: leaf, leaves: [leaf] }, bounds, collect)
  const found = await look(searcher, plan, { collect, counts: true })
  const all = [...found.seen.values()]
  const byHost = newest(all, ({ hostId }) => hostId)
  const bySource = newest(all, ({ sourceId }) => sourceId)
  const hosts = byHost.slice(0, most)
  const sources = bySource.slice(0, most)
  const names = await namesOf(
    searcher.scope,
    hosts.map(({ hostId }) => hostId),
    sources.map(({ sourceId }) => sourceId),
  )
  const [whole] = addUp(all, () => 0)
  return {
    rows: found.total,
    first: whole ? timeText(whole.first) : null,
    last: whole ? timeText(whole.last) : null,
    hosts: hosts.map((seen) => ({
      tenantId: seen.tenantId,
      hostId: seen.hostId,
      host: names.hosts.get(seen.hostId)!,
      ...sighting(seen),
    })),
    hostsTotal: byHost.length,
    sources: sources.map((seen) => ({
      tenantId: seen.tenantId,
      sourceId: seen.sourceId,
      source: names.sources.get(seen.sourceId)!,
      ...sighting(seen),
    })),
    sourcesTotal: bySource.length,
  }
}

const sighting = ({ rows, first, last }: Seen): Sighting => ({ rows, first: timeText(first), last: timeText(last) })

/** In an order that does not hang on which block was read first. */
const newest = (all: Seen[], by: (seen: Seen) => number) =>
  addUp(all, by).sort((a, b) => b.last - a.last || by(a) - by(b))

function addUp(all: Seen[], by: (seen: Seen) => number | string): Seen[] {
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

/** Which of very many exact values were seen, on which hosts, first and last. */
export async function sweepValues(searcher: Searcher, values: string[], bounds: Bounds) {
  const plan = await planSweep(
    searcher,
    [...new Set(values.map(folded))].filter((value) => value !== ''),
    bounds,
  )
  const found = await look(searcher, plan, { collect: plan.question.collect, counts: true })
  const hits = addUp([...found.seen.values()], ({ value, tenantId, hostId }) => `${tenantId}.${hostId}.${value}`)
  const names = await namesOf(searcher.scope, [...new Set(hits.map(({ hostId }) => hostId))], [])
  const asked = new Map(values.toReversed().map((value) => [folded(value), value]))
  return hits
    .sort((a, b) => b.last - a.last || a.hostId - b.hostId || (a.value! < b.value! ? -1 : 1))
    .map((seen) => ({
      value: asked.get(seen.value!)!,
      tenantId: seen.tenantId,
      hostId: seen.hostId,
      host: names.hosts.get(seen.hostId)!,
      ...sighting(seen),
    }))
}

/** Blocks by the terms of all values at once; what a block may hold of them is told with it. */
async function planSweep({ scope }: Searcher, values: string[], bounds: Bounds): Promise<Plan> {
  const seed = termSeed(await termKey(scope))
  const byTerm = new Map<number, string[]>()
  const add = (term: number, value: string) => byTerm.set(term, [...(byTerm.get(term) ?? []), value])
  for (const value of values) {
    add(hashTerm(value, seed), value)
    const time = isTimeText(value) ? readTime(value.toUpperCase()) : undefined
    if (time) add(hashDay(dayOf(time.seconds), seed), value)
  }
  const times = { since: bounds.from, until: bounds.to - 1 }
  const found = byTerm.size > 0 ? await blocksWithAny(scope, [...byTerm.keys()], times) : []
  const filter = { sources: undefined, superseded: false, ...times }
  const blocks = found.length > 0 ? await blocksOf(scope, filter, found) : []
  const hits = new Map(found.map(({ tenantId, blockId, hits: terms }) => [`${tenantId}.${blockId}`, terms]))
  const heldBy = ({ tenantId, blockId }: Candidate) => [
    ...new Set(hits.get(`${tenantId}.${blockId}`)!.flatMap((term) => byTerm.get(term)!)),
  ]
  return {
    question: {
      filter: { kind: 'all' },
      leaves: [],
      named: [],
      fields: [],
      bounds,
      superseded: false,
      collect: { kind: 'sweep' },
    },
    blocks: blocks.sort((a, b) => b.tMax - a.tMax),
    values: new Map(blocks.map((block) => [block, heldBy(block)])),
    reads: { timeColumns: values.some(isTimeText) },
  }
}
