import { dayOf, readTime } from '../../evidence/times.ts'
import { folded, hashDay, hashTerm, termSeed } from '../../evidence/terms.ts'
import { AppError } from '../../errors.ts'
import type { Seen } from '../engine/collect.ts'
import { isTimeText } from '../engine/tests.ts'
import type { Leaf } from '../language/ast.ts'
import { namesOf } from '../lines/queries.ts'
import { timeText } from '../lines/lines.ts'
import { type AnyOf, blocksWithAny, termKey } from '../queries.ts'
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
  const found = await look(searcher, plan, { finish: { kind: 'seen', most }, counts: true })
  const { whole, hosts, hostsTotal, sources, sourcesTotal } = found.seen!
  const names = await namesOf(
    searcher.scope,
    hosts.map(({ hostId }) => hostId),
    sources.map(({ sourceId }) => sourceId),
  )
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
    hostsTotal,
    sources: sources.map((seen) => ({
      tenantId: seen.tenantId,
      sourceId: seen.sourceId,
      source: names.sources.get(seen.sourceId)!,
      ...sighting(seen),
    })),
    sourcesTotal,
  }
}

const sighting = ({ rows, first, last }: Seen): Sighting => ({ rows, first: timeText(first), last: timeText(last) })

/** Which of very many exact values were seen, on which hosts, first and last. */
export async function sweepValues(searcher: Searcher, values: string[], bounds: Bounds) {
  const plan = await planSweep(
    searcher,
    [...new Set(values.map(folded))].filter((value) => value !== ''),
    bounds,
  )
  const found = await look(searcher, plan, { finish: { kind: 'sweep' }, counts: true })
  const hits = found.swept!
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
  const filter = { sources: undefined, superseded: false, ...times }
  const blocks = byTerm.size > 0 ? await blocksWithAny(scope, [...byTerm.keys()], filter) : []
  const heldBy = ({ hits }: AnyOf) => [...new Set(hits.flatMap((term) => byTerm.get(term)!))]
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
