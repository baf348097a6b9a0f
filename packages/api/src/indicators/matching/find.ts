import { folded } from '../../evidence/terms.ts'
import type { Hit } from '../../rows/engine/collect.ts'
import type { Leaf, Node, Test } from '../../rows/language/ast.ts'
import { type AnyOf, blocksWithAny, type Candidate } from '../../rows/queries.ts'
import { look, type Plan, planRows, type Searcher } from '../../rows/rows.ts'
import { testsOf } from '../rules.ts'
import { possibleIn } from './possible.ts'
import { type Arrived, benignAmong, type Wanted } from './queries.ts'

export interface Match {
  indicator: Wanted
  hits: Hit[]
}

export interface Matched {
  matches: Match[]
  /** What was not looked for, as it stands on a benign list. */
  hushed: Wanted[]
}

/** Of an indicator that stands in more rows the newest are kept: it is too broad for a list of them. */
const mostRows = 10_000
/** Looked through at once, so that searches of others find a gap soon. */
const blocksAtOnce = 200
const always = { from: -9e18, to: 9e18 }
const filter = { sources: undefined, superseded: false, since: always.from, until: always.to }

/** The stored rows in which indicators stand. What stands on a benign list is none. */
export async function matchesInStored(searcher: Searcher, wanted: Wanted[]): Promise<Matched> {
  const { bad, hushed } = await withoutBenign(searcher, wanted)
  const byTerm = Map.groupBy(
    bad.filter(({ term }) => term !== null),
    ({ term }) => term!,
  )
  const found = byTerm.size > 0 ? await blocksWithAny(searcher.scope, [...byTerm.keys()], filter) : []
  const matches = await verified(searcher, byTerm, found)
  for (const indicator of bad.filter(({ term }) => term === null)) {
    const { filter: node, leaves } = queryOf([indicator])
    const plan = await planRows(searcher, { filter: node, leaves }, always, collect)
    matches.push({ indicator, hits: await rowsOf(searcher, plan) })
  }
  return { matches: matches.filter(({ hits }) => hits.length > 0), hushed }
}

/** The rows of some blocks in which indicators stand; `exact` are those that the blocks' terms name. */
export async function matchesIn(
  searcher: Searcher,
  blocks: Arrived[],
  { exact, patterns }: { exact: Wanted[]; patterns: Wanted[] },
): Promise<Matched> {
  const { bad, hushed } = await withoutBenign(searcher, [...exact, ...patterns])
  const byTerm = Map.groupBy(
    bad.filter(({ term }) => term !== null),
    ({ term }) => term!,
  )
  const matches = await verified(searcher, byTerm, blocks)
  const possible = new Map<Wanted, Arrived[]>()
  const tried = bad.filter(({ term }) => term === null)
  for (const block of blocks)
    for (const pattern of possibleIn(tried, block.grams))
      possible.set(pattern, [...(possible.get(pattern) ?? []), block])
  // Those that can stand in the same blocks are tried together.
  const together = Map.groupBy(possible.keys(), (pattern) =>
    possible
      .get(pattern)!
      .map(({ blockId }) => blockId)
      .join(),
  )
  for (const patterns of together.values()) await tryPatterns(searcher, possible.get(patterns[0]!)!, patterns, matches)
  return { matches: matches.filter(({ hits }) => hits.length > 0), hushed }
}

async function withoutBenign({ scope }: Searcher, wanted: Wanted[]) {
  const benign = await benignAmong(
    scope,
    wanted.map(({ value }) => value),
  )
  const [hushed = [], bad = []] = [true, false].map((is) =>
    wanted.filter(({ value }) => benign.has(folded(value)) === is),
  )
  return { bad, hushed }
}

const collect = { kind: 'page' as const, size: mostRows, after: undefined }

/** Hashes may agree by chance: what they name is looked for in the rows. */
async function verified(searcher: Searcher, byTerm: Map<number, Wanted[]>, blocks: AnyOf[]): Promise<Match[]> {
  const byValue = new Map<string, { indicators: Wanted[]; blocks: Set<Candidate> }>()
  for (const block of blocks)
    for (const term of block.hits)
      for (const indicator of byTerm.get(term) ?? []) {
        const value = folded(indicator.value)
        const known = byValue.get(value) ?? { indicators: [], blocks: new Set() }
        if (!known.indicators.includes(indicator)) known.indicators.push(indicator)
        known.blocks.add(block)
        byValue.set(value, known)
      }
  const matches: Match[] = []
  for (const { indicators, blocks: holding } of byValue.values()) {
    const hits = await rowsOf(searcher, planOf(indicators.slice(0, 1), [...holding]))
    for (const indicator of indicators) matches.push({ indicator, hits })
  }
  return matches
}

/** All patterns at once, as most find nothing; where some do, each half apart. */
async function tryPatterns(searcher: Searcher, blocks: Candidate[], patterns: Wanted[], into: Match[]) {
  if (patterns.length === 0 || blocks.length === 0) return
  if (patterns.length === 1) {
    into.push({ indicator: patterns[0]!, hits: await rowsOf(searcher, planOf(patterns, blocks)) })
    return
  }
  const some = patterns.length <= 256 ? planOf(patterns, blocks) : undefined
  if (
    some &&
    (await rowsOf(searcher, { ...some, question: { ...some.question, collect: { ...collect, size: 1 } } })).length === 0
  )
    return
  const half = patterns.length >> 1
  await tryPatterns(searcher, blocks, patterns.slice(0, half), into)
  await tryPatterns(searcher, blocks, patterns.slice(half), into)
}

const leafOf = (test: Test, id: number): Leaf => ({ kind: 'leaf', id, on: undefined, test, at: 0, end: 0 })

function queryOf(indicators: Wanted[]): { filter: Node; leaves: Leaf[] } {
  const leaves = indicators.flatMap(testsOf).map(leafOf)
  return { leaves, filter: leaves.length === 1 ? leaves[0]! : { kind: 'or', parts: leaves } }
}

const planOf = (indicators: Wanted[], blocks: Candidate[]): Plan => ({
  question: { ...queryOf(indicators), named: [], fields: [], bounds: always, superseded: false, collect },
  blocks: blocks.toSorted((a, b) => b.tMax - a.tMax || b.blockId - a.blockId),
})

async function rowsOf(searcher: Searcher, plan: Plan): Promise<Hit[]> {
  const { collect: what } = plan.question
  const most = what?.kind === 'page' ? what.size : mostRows
  const all: Hit[] = []
  for (let at = 0; at < plan.blocks.length && all.length < most; at += blocksAtOnce) {
    const some = { ...plan, blocks: plan.blocks.slice(at, at + blocksAtOnce) }
    const { hits } = await look(searcher, some, { finish: { kind: 'count' }, counts: false })
    for (const hit of hits) all.push(hit)
  }
  return all.slice(0, most)
}
