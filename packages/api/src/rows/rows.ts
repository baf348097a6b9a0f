import { setImmediate as nextTurn } from 'node:timers/promises'
import { openColumn } from '../evidence/columns.ts'
import { type Wanted, allOf, countOf, masksOf, wantedValue } from '../evidence/match.ts'
import { termOf, termOfDay } from '../evidence/terms.ts'
import { AppError } from '../errors.ts'
import type { ReadScope } from '../scope.ts'
import {
  blocksOf,
  blocksWithTerms,
  type BlockFilter,
  type Candidate,
  eventTimesOf,
  hostIdsOf,
  type Run,
  runsOf,
  runsWhere,
  sourceIdsOf,
  termKey,
  textsOf,
  timeColumnsOf,
} from './queries.ts'
import { comparePlaces, type Cursor, type Place, type RowQuery } from './rules.ts'

/** A row of an answer and where its bytes lie. */
export interface Hit extends Place {
  tenantId: number
  blockId: number
  blockRow: number
  hostId: number
}

/** Event times in microseconds since 1970: from inclusive, to exclusive. */
export interface Bounds {
  from: number
  to: number
}

export interface Found {
  hits: Hit[]
  /** At least so many, when it is not exact. */
  total: number
  totalIsExact: boolean
}

interface Asked {
  bounds: Bounds
  limit: number
  cursor: Cursor | undefined
}

interface Plan extends Asked {
  wanted: Wanted[]
  /** Newest first by their newest row. */
  blocks: Candidate[]
  /** The runs of `host:` and `collection:` by block; undefined when neither is asked for. */
  runs: Map<number, Run[]> | undefined
  /** Whether superseded rows are part of the answer. */
  superseded: boolean
  started: number
}

/** How long to go on counting once the page is full, and to look for a full page, in milliseconds. */
const countFor = 1_500
const lookFor = 20_000
/** What is read at once. */
const waveBytes = 32_000_000
const waveBlocks = 256
/** Evaluation lets other requests have their turn this often, in milliseconds. */
const turnEvery = 8
const mostTimes = 8

/** Finds the newest rows behind the cursor, one more than the limit if there are, and on the first page counts all. */
export async function findRows(scope: ReadScope, query: RowQuery, asked: Asked): Promise<Found> {
  const started = performance.now()
  const wanted = query.values.map(wantedValue)
  if (wanted.filter(({ time }) => time).length > mostTimes)
    throw new AppError('BAD_REQUEST', `A query may hold ${mostTimes} times at most`, 'too_expensive')
  const narrowed = await narrow(scope, query)
  if (!narrowed) return { hits: [], total: 0, totalIsExact: true }
  // Who names a collection sees all of it; elsewhere a numbered copy stands in for rows without numbers.
  const superseded = query.collections.length > 0
  const filter = { sources: narrowed.sources, superseded, since: asked.bounds.from, until: asked.bounds.to - 1 }
  const blocks = await candidates(scope, wanted, filter, narrowed.runs)
  const runs = narrowed.runs && Map.groupBy(narrowed.runs, (run) => run.blockId)
  return search(scope, { ...asked, wanted, blocks, runs, superseded, started })
}

/** Source ids and runs that `source:`, `host:` and `collection:` leave; undefined when nothing can match. */
async function narrow(scope: ReadScope, query: RowQuery) {
  const sources = await meet(query.sources, (name) => sourceIdsOf(scope, name))
  const hosts = await meet(query.hosts, (name) => hostIdsOf(scope, name))
  const collections = await meet(query.collections, (id) => Promise.resolve([id]))
  if ([sources, hosts, collections].some((ids) => ids?.length === 0)) return undefined
  const runs = hosts || collections ? await runsWhere(scope, { hosts, collections }) : undefined
  return { sources, runs }
}

/** What all of the asked have in common; undefined when nothing is asked. */
async function meet<T>(asked: T[], find: (one: T) => Promise<number[]>): Promise<number[] | undefined> {
  let common: number[] | undefined
  for (const one of asked) {
    const found = new Set(await find(one))
    common = common === undefined ? [...found] : common.filter((id) => found.has(id))
  }
  return common
}

async function candidates(scope: ReadScope, wanted: Wanted[], filter: BlockFilter, runs: Run[] | undefined) {
  const inRuns = runs && new Map(runs.map((run) => [run.blockId, run]))
  const found =
    wanted.length > 0
      ? (await blocksWithValues(scope, wanted, filter)).filter(({ blockId }) => !inRuns || inRuns.has(blockId))
      : await blocksOf(scope, filter, inRuns && [...inRuns.values()])
  return found.sort((a, b) => b.tMax - a.tMax || b.blockId - a.blockId)
}

/** A time may stand in a time column, where its day is the term, or as text in a list. */
async function blocksWithValues(scope: ReadScope, wanted: Wanted[], filter: BlockFilter): Promise<Candidate[]> {
  const key = await termKey(scope)
  const plain = wanted.filter(({ time }) => !time).map(({ value }) => termOf(value, key))
  let found = plain.length > 0 ? await blocksWithTerms(scope, plain, filter) : undefined
  for (const { value, time } of wanted) {
    if (!time) continue
    const asText = await blocksWithTerms(scope, [termOf(value, key)], filter)
    const asTime = await blocksWithTerms(scope, [termOfDay(time.day, key)], filter)
    const either = new Map([...asText, ...asTime].map((block) => [block.blockId, block]))
    found = found?.filter(({ blockId }) => either.has(blockId)) ?? [...either.values()]
  }
  return found ?? []
}

interface Page {
  hits: Hit[]
  /** One more than the limit, to know whether there is a next page. */
  size: number
}

async function search(scope: ReadScope, plan: Plan): Promise<Found> {
  const { cursor } = plan
  const page: Page = { hits: [], size: plan.limit + 1 }
  const blocks = cursor ? plan.blocks.filter((block) => block.tMin <= cursor.place.time) : plan.blocks
  let total = cursor?.total ?? 0
  for (let next = 0; next < blocks.length;) {
    const elapsed = performance.now() - plan.started
    if (inReach(page, blocks[next]!)) {
      if (elapsed > lookFor)
        throw new AppError('TIMEOUT', 'This query reads too much: narrow it by time, host or source', 'too_expensive')
    } else if (cursor) break
    else if (elapsed > countFor) return { hits: page.hits, total, totalIsExact: false }
    const wave = waveFrom(blocks, next, next === 0 ? 8 : waveBlocks)
    next += wave.length
    const count = await evaluate(scope, plan, page, wave)
    if (!cursor) total += count
  }
  return { hits: page.hits, total, totalIsExact: cursor?.totalIsExact ?? true }
}

function waveFrom(blocks: Candidate[], start: number, most: number): Candidate[] {
  let end = start
  let bytes = 0
  while (end < blocks.length && end - start < most && (end === start || bytes + blocks[end]!.rawBytes <= waveBytes))
    bytes += blocks[end++]!.rawBytes
  return blocks.slice(start, end)
}

/** Whether a row of the block could still stand on the page. Blocks come newest first: once false, it stays false. */
const inReach = ({ hits, size }: Page, block: Candidate) => hits.length < size || block.tMax >= hits[size - 1]!.time

const isCut = ({ bounds }: Plan, block: Candidate) => block.tMin < bounds.from || block.tMax >= bounds.to

/** Reads of each block only what it needs: text for values, times where they decide, runs to name rows. Counts its matches. */
async function evaluate(scope: ReadScope, plan: Plan, page: Page, wave: Candidate[]): Promise<number> {
  const reaching = wave.filter((block) => inReach(page, block))
  const timed = wave.filter((block) => reaching.includes(block) || isCut(plan, block))
  const texts = plan.wanted.length > 0 ? await textsOf(scope, wave) : undefined
  const columns = plan.wanted.some(({ time }) => time) ? await timeColumnsOf(scope, wave) : undefined
  const times = await eventTimesOf(scope, timed)
  const masked = plan.superseded ? [] : wave.filter((block) => block.superseded > 0)
  const named = [...new Set([...reaching, ...masked])]
  const runs = plan.runs ?? Map.groupBy(await runsOf(scope, named), (run) => run.blockId)
  let count = 0
  let turn = performance.now()
  for (const block of wave) {
    if (performance.now() - turn > turnEvery) {
      await nextTurn()
      turn = performance.now()
    }
    const chunk = times.get(block.blockId)
    const read: Read = { block, times: chunk && openColumn(chunk).numbers, runs: runs.get(block.blockId) ?? [] }
    const masks = texts ? masksOf(plan.wanted, must(texts, block), columns?.get(block.blockId) ?? []) : []
    const mask = allOf([...masks, ...otherMasks(plan, read)])
    count += mask ? countOf(mask) : block.n
    if (inReach(page, block)) addHits(plan, page, read, mask)
  }
  return count
}

function must(texts: Map<number, Buffer>, { blockId }: Candidate): Buffer {
  const text = texts.get(blockId)
  if (!text) throw new Error(`block ${blockId} has no text`)
  return text
}

/** A block and what was read of it. */
interface Read {
  block: Candidate
  times: Float64Array | undefined
  runs: Run[]
}

function otherMasks(plan: Plan, { block, times, runs }: Read): Uint8Array[] {
  const masks: Uint8Array[] = []
  const leftOut = block.superseded > 0 && !plan.superseded
  if (plan.runs || leftOut) {
    const mask = new Uint8Array(block.n)
    for (const run of runs) if (!leftOut || !run.superseded) mask.fill(1, run.blockRow, run.blockRow + run.n)
    masks.push(mask)
  }
  if (isCut(plan, block)) {
    if (!times) throw new Error(`block ${block.blockId} has no event times`)
    masks.push(Uint8Array.from(times, (time) => (time >= plan.bounds.from && time < plan.bounds.to ? 1 : 0)))
  }
  return masks
}

function addHits({ cursor }: Plan, page: Page, { block, times, runs }: Read, mask: Uint8Array | undefined) {
  if (!times) throw new Error(`block ${block.blockId} has no event times`)
  const last = page.hits[page.size - 1]?.time ?? -Infinity
  for (const { collectionId, sourceId, hostId, firstRow, blockRow: first, n } of runs) {
    for (let blockRow = first; blockRow < first + n; blockRow++) {
      const time = times[blockRow]!
      if (mask?.[blockRow] === 0 || time < last) continue
      const place = { time, collectionId, sourceId, row: firstRow + blockRow - first }
      if (cursor && comparePlaces(place, cursor.place) <= 0) continue
      page.hits.push({ ...place, tenantId: block.tenantId, blockId: block.blockId, blockRow, hostId })
    }
  }
  page.hits = page.hits.sort(comparePlaces).slice(0, page.size)
}
