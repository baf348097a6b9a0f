import { AppError, cancelled } from '../errors.ts'
import type { ReadScope } from '../scope.ts'
import { bestHits, type Collect, type Hit } from './engine/collect.ts'
import type { Finish, Finished } from './engine/finish.ts'
import type { SearchPool } from './engine/pool.ts'
import { mayHold } from './engine/paths.ts'
import { type Question, fieldsOf } from './engine/task.ts'
import type { Query } from './language/ast.ts'
import { candidateBlocks, keyOf, type Told } from './plan/blocks.ts'
import { rowsMarked } from './plan/marked.ts'
import { namesCollection, namesIn, type Necessary, necessary, necessaryTimes } from './plan/named.ts'
import { verdictOf } from './plan/verdict.ts'
import { type Asking, askWave, readWave, type Reads, readsOf, type Wanted, weightOf } from './plan/waves.ts'
import { blocksWithRuns, type Candidate } from './queries.ts'
import { fieldsLike, type KnownField } from './naming/queries.ts'

/** What a search needs beside its scope. */
export interface Searcher {
  scope: ReadScope
  pool: SearchPool
  signal: AbortSignal | undefined
  now: Date
}

/** Event times in microseconds since 1970: from inclusive, to exclusive. */
export interface Bounds {
  from: number
  to: number
}

export interface Found extends Omit<Finished, 'hits' | 'count' | 'hidden'> {
  hits: Hit[]
  /** At least so many, when it is not exact. */
  total: number
  totalIsExact: boolean
  /** Rows that match and are left out; as exact as the total. */
  hidden: number
}

interface Asked {
  /** What is wanted of all that is collected. */
  finish: Finish
  /** Whether rows are counted that can't be collected any more. */
  counts: boolean
  /** How long to go on counting once the page is full, in milliseconds; no answer is given before all is counted where it is not set. */
  countFor?: number
}

export interface Plan {
  question: Question
  /** Newest first by their newest row. */
  blocks: Candidate[]
  /** Which tests each block may hold, as far as the index of values was asked. */
  told?: Told
  /** Of a sweep: which values each block may hold. */
  values?: Map<Candidate, string[]>
  /** What is read beside what the question says. */
  reads?: Partial<Reads>
}

/** How long to look for what must be whole, in milliseconds. */
const lookFor = 20_000
/** What is read at once, and before the first rows of a page are known. */
const waveBytes = 4_000_000
const waveBlocks = 256
const firstWave = 8

/** Which blocks a query looks into, and what is asked of them. No blocks when nothing can match. */
export async function planRows(
  searcher: Searcher,
  query: Pick<Query, 'filter' | 'leaves' | 'hideBenign'>,
  bounds: Bounds,
  collect: Collect | undefined,
): Promise<Plan> {
  const { scope } = searcher
  const { filter, leaves } = query
  const named = await namesIn(scope, leaves)
  const must = necessary(filter, new Map(named))
  const times = necessaryTimes(filter)
  // Who names a collection sees all of it; elsewhere a numbered copy stands in for rows without numbers.
  const superseded = namesCollection(filter)
  const hide = query.hideBenign ? await rowsMarked(scope, ['benign']) : undefined
  const question: Question = { filter, leaves, named, fields: [], bounds, superseded, hide, collect }
  if (Object.values(must).some((ids: Set<number>) => ids.size === 0)) return { question, blocks: [] }
  const sources = must.source && [...must.source]
  question.fields = await fieldsRead(scope, question, sources)
  const since = Math.max(bounds.from, times.from)
  const until = Math.min(bounds.to, times.to) - 1
  const within = await blocksOfHosts(scope, must)
  const { blocks: found, told } = await candidateBlocks(scope, filter, { sources, superseded, since, until }, within)
  const blocks = must.tenant ? found.filter(({ tenantId }) => must.tenant!.has(tenantId)) : found
  question.asked = [...told.asked]
  return { question, told, blocks: blocks.sort((a, b) => b.tMax - a.tMax || b.blockId - a.blockId) }
}

/** A plan over blocks that are known already, with which of the tests each may hold; rows that a numbered copy stands in for are part of it. */
export async function planAmong(
  { scope }: Searcher,
  { filter, leaves, named }: Pick<Question, 'filter' | 'leaves' | 'named'>,
  blocks: Candidate[],
  told: Told,
): Promise<Plan> {
  const bounds = { from: -9e18, to: 9e18 }
  const asked = [...told.asked]
  const collect = { kind: 'parts' as const }
  const question: Question = { filter, leaves, named, fields: [], bounds, superseded: true, asked, collect }
  question.fields = await fieldsRead(scope, question, [...new Set(blocks.map(({ sourceId }) => sourceId))])
  return { question, blocks, told }
}

async function fieldsRead(scope: ReadScope, { leaves, collect }: Question, sources: number[] | undefined) {
  const refs = [...leaves.flatMap(({ on }) => on ?? []), ...(collect ? fieldsOf(collect) : [])]
  const names = refs.flatMap((ref) => ('field' in ref ? [ref.field] : []))
  if (names.length === 0) return []
  const known = await fieldsLike(scope, [...new Set(names.map(({ text }) => text))], sources)
  return known.filter((field): field is KnownField => names.some((name) => mayHold(name, field.path)))
}

async function blocksOfHosts(scope: ReadScope, { host, collection }: Necessary) {
  if (!host && !collection) return undefined
  return blocksWithRuns(scope, { hosts: host && [...host], collections: collection && [...collection] })
}

/** Looks into the blocks of a plan, newest first, and collects what is asked for. */
export async function look(searcher: Searcher, plan: Plan, asked: Asked): Promise<Found> {
  const { signal } = searcher
  const asking = askingOf(searcher, plan)
  const { search } = asking
  try {
    const looking: Looking = {
      asking,
      plan,
      asked,
      signal,
      hits: [],
      counted: 0,
      hidden: 0,
      started: performance.now(),
    }
    const totalIsExact = await goThrough(looking)
    const { hits, counted, hidden } = looking
    if (asked.finish.kind === 'count') return { absent: 0, hits, total: counted, totalIsExact, hidden }
    const { count: _count, hidden: _hidden, ...finished } = await search.finish(asked.finish)
    return { ...finished, hits: finished.hits ?? hits, total: counted, totalIsExact, hidden }
  } finally {
    search.drop()
  }
}

/** Opens a search: whoever does, drops it when the end did not come. */
export function askingOf({ scope, pool, signal }: Searcher, plan: Plan): Asking {
  const { question } = plan
  return {
    scope,
    pool,
    question,
    search: pool.open(scope.tenantId, question, signal),
    reads: { ...readsOf(question), ...plan.reads },
    fields: Map.groupBy(question.fields as KnownField[], ({ sourceId }) => sourceId),
    absent: new Set(),
    wanted: (block, reaching) => wantedOf(plan, block, reaching),
  }
}

interface Looking {
  asking: Asking
  plan: Plan
  asked: Asked
  signal: AbortSignal | undefined
  /** Of a page: the best so far. */
  hits: Hit[]
  counted: number
  hidden: number
  started: number
}

/** Evaluates wave after wave, and reads the next one meanwhile where what it needs is known; whether all was counted. */
async function goThrough(looking: Looking): Promise<boolean> {
  const { asking, plan, asked, signal, started } = looking
  const { blocks } = plan
  let evaluated: Promise<void> | undefined
  const settle = async () => {
    await evaluated
    evaluated = undefined
  }
  try {
    for (let next = 0; next < blocks.length;) {
      if (signal?.aborted) throw cancelled()
      // What a page still needs is known when the waves before it were evaluated.
      if (reaches(looking, blocks[next]!) && plan.question.collect?.kind === 'page') await settle()
      const elapsed = performance.now() - started
      if (reaches(looking, blocks[next]!) || asked.countFor === undefined) {
        if (elapsed > lookFor) throw tooExpensive()
      } else if (!asked.counts) break
      else if (elapsed > asked.countFor) {
        await settle()
        return false
      }
      const { wave, end } = waveFrom(looking, next)
      next = end
      if (wave.length === 0) continue
      const ready = await readWave(asking, wave)
      await settle()
      evaluated = evaluate(looking, ready)
      evaluated.catch(() => {})
    }
  } finally {
    await settle()
  }
  return true
}

async function evaluate(looking: Looking, ready: Awaited<ReturnType<typeof readWave>>) {
  const { asking } = looking
  const { collect } = asking.question
  const full = collect?.kind === 'page' ? looking.hits[collect.size - 1]?.time : undefined
  for (const { count, hidden, hits } of await askWave(asking, ready, full)) {
    looking.counted += count
    looking.hidden += hidden
    if (collect?.kind === 'page' && hits.length > 0) looking.hits = bestHits([...looking.hits, ...hits], collect.size)
  }
}

/** The next blocks to read. Those of which all rows or none match, and that are only counted, are not read at all. */
function waveFrom(looking: Looking, start: number): { wave: Wanted[]; end: number } {
  const { asking, plan, asked } = looking
  const { blocks, question } = plan
  const named = new Map(question.named)
  const most = start === 0 && question.collect?.kind === 'page' ? firstWave : waveBlocks
  const wave: Wanted[] = []
  let bytes = 0
  let end = start
  for (; end < blocks.length && wave.length < most; end++) {
    const block = blocks[end]!
    const reaching = reaches(looking, block)
    const verdict = reaching || plan.values ? undefined : verdictOf(question, named, block)
    if (verdict !== undefined) {
      if (verdict && asked.counts) looking.counted += block.n
      continue
    }
    const weight = weightOf(asking, block)
    if (wave.length > 0 && bytes + weight > waveBytes) break
    bytes += weight
    wave.push(asking.wanted(block, reaching))
  }
  return { wave, end }
}

function wantedOf({ values, told, question }: Plan, block: Candidate, reaching: boolean): Wanted {
  const swept = values?.get(block)
  const holding = question.asked?.length ? (told?.holding.get(keyOf(block)) ?? []) : undefined
  return { block, reaching, ...(swept && { values: swept }), ...(holding && { holding }) }
}

const tooExpensive = () =>
  new AppError('TIMEOUT', 'This query reads too much: narrow it by time, host or source', 'too_expensive')

/** Whether a row of the block could still be collected. Blocks come newest first: for a page, once false, it stays false. */
function reaches({ plan, hits }: Looking, block: Candidate) {
  const { collect } = plan.question
  if (collect?.kind !== 'page') return collect !== undefined
  const { size, after } = collect
  if (after && block.tMin > after.time) return false
  return hits.length < size || block.tMax >= hits[size - 1]!.time
}
