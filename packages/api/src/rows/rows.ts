import { AppError } from '../errors.ts'
import type { ReadScope } from '../scope.ts'
import { type Collect, type Gathered, merge, nothingYet } from './engine/collect.ts'
import { cancelled, type SearchPool } from './engine/pool.ts'
import { mayHold } from './engine/paths.ts'
import { type Question, fieldsOf } from './engine/task.ts'
import type { Query } from './language/ast.ts'
import { candidateBlocks } from './plan/blocks.ts'
import { namesCollection, namesIn, type Necessary, necessary, necessaryTimes } from './plan/named.ts'
import { type Asking, askWave, type Reads, readsOf } from './plan/waves.ts'
import { blocksWithRuns, type Candidate, fieldsLike, type KnownField } from './queries.ts'

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

export interface Found extends Gathered {
  /** At least so many, when it is not exact. */
  total: number
  totalIsExact: boolean
}

interface Asked {
  collect: Collect | undefined
  /** Whether rows are counted that can't be collected any more. */
  counts: boolean
  /** How long to go on counting once the page is full, in milliseconds; no answer is given before all is counted where it is not set. */
  countFor?: number
}

export interface Plan {
  question: Question
  /** Newest first by their newest row. */
  blocks: Candidate[]
  /** Of a sweep: which values each block may hold. */
  values?: Map<Candidate, string[]>
  /** What is read beside what the question says. */
  reads?: Partial<Reads>
}

/** How long to look for what must be whole, in milliseconds. */
const lookFor = 20_000
/** What is read at once. */
const waveBytes = 24_000_000
const waveBlocks = 128

/** Which blocks a query looks into, and what is asked of them. No blocks when nothing can match. */
export async function planRows(
  searcher: Searcher,
  query: Pick<Query, 'filter' | 'leaves'>,
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
  const question: Question = { filter, leaves, named, fields: [], bounds, superseded, collect }
  if (Object.values(must).some((ids: Set<number>) => ids.size === 0)) return { question, blocks: [] }
  const sources = must.source && [...must.source]
  question.fields = await fieldsRead(scope, question, sources)
  const since = Math.max(bounds.from, times.from)
  const until = Math.min(bounds.to, times.to) - 1
  const within = await blocksOfHosts(scope, must)
  const found = await candidateBlocks(scope, filter, { sources, superseded, since, until }, within)
  const blocks = must.tenant ? found.filter(({ tenantId }) => must.tenant!.has(tenantId)) : found
  return { question, blocks: blocks.sort((a, b) => b.tMax - a.tMax || b.blockId - a.blockId) }
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
  const started = performance.now()
  const { question, blocks } = plan
  const { scope, pool, signal } = searcher
  const asking: Asking = {
    scope,
    pool,
    signal,
    question,
    reads: { ...readsOf(question), ...plan.reads },
    absent: new Set(),
  }
  const total = nothingYet()
  const reach = reachOf(asked.collect, total)
  for (let next = 0; next < blocks.length;) {
    if (signal?.aborted) throw cancelled()
    const elapsed = performance.now() - started
    if (reach(blocks[next]!) || asked.countFor === undefined) {
      if (elapsed > lookFor) throw tooExpensive()
    } else if (!asked.counts) break
    else if (elapsed > asked.countFor) return { ...total, total: total.count, totalIsExact: false }
    const wave = waveFrom(blocks, next, next === 0 ? 8 : waveBlocks)
    next += wave.length
    const part = await askWave(
      asking,
      wave.map((block) => {
        const values = plan.values?.get(block)
        return { block, reaching: reach(block), ...(values && { values }) }
      }),
    )
    merge(total, part, asked.collect)
  }
  return { ...total, total: total.count, totalIsExact: true }
}

const tooExpensive = () =>
  new AppError('TIMEOUT', 'This query reads too much: narrow it by time, host or source', 'too_expensive')

function waveFrom(blocks: Candidate[], start: number, most: number): Candidate[] {
  let end = start
  let bytes = 0
  while (end < blocks.length && end - start < most && (end === start || bytes + blocks[end]!.rawBytes <= waveBytes))
    bytes += blocks[end++]!.rawBytes
  return blocks.slice(start, end)
}

/** Whether a row of the block could still be collected. Blocks come newest first: for a page, once false, it stays false. */
const reachOf = (collect: Collect | undefined, total: Gathered) => (block: Candidate) => {
  if (collect?.kind !== 'page') return collect !== undefined
  const { size, after } = collect
  if (after && block.tMin > after.time) return false
  return total.hits.length < size || block.tMax >= total.hits[size - 1]!.time
}
