import { setImmediate as breathe } from 'node:timers/promises'
import { openColumn } from '../evidence/columns.ts'
import { eventTimePaths } from '../evidence/times.ts'
import { AppError, cancelled } from '../errors.ts'
import { parseQuery } from '../rows/language/parse.ts'
import type { Leaf } from '../rows/language/ast.ts'
import {
  blocksOf,
  blocksWithRuns,
  type Candidate,
  columnsOf,
  eventTimesOf,
  type Run,
  runsOf,
  timeColumnsOf,
} from '../rows/queries.ts'
import { type KnownField } from '../rows/naming/queries.ts'
import { look, planRows, type Searcher } from '../rows/rows.ts'
import { type HostSource, timeFieldsOf } from './queries.ts'
import { type Instant, instantsOf, type Moment } from './rules.ts'

/** Where a moment's bytes lie. */
export interface Placed extends Moment {
  tenantId: number
  hostId: number
  blockId: number
  blockRow: number
}

export interface Range {
  /** Both inclusive. */
  from: Instant
  to: Instant
}

export interface Scan {
  searcher: Searcher
  hostId: number
  sources: HostSource[]
  /** Whether each time of a row places it. */
  every: boolean
  range: Range
}

const always: Range = { from: { micros: -9e15, nanos: 0 }, to: { micros: 9e15, nanos: 999 } }
export const rangeOf = (from: Instant | undefined, to: Instant | undefined): Range => ({
  from: from ?? always.from,
  to: to ?? always.to,
})

const before = (a: Instant, b: Instant) => a.micros < b.micros || (a.micros === b.micros && a.nanos < b.nanos)
export const within = ({ from, to }: Range, at: Instant) => !before(at, from) && !before(to, at)

const waveBlocks = 24
const lookFor = 20_000
/** Field 0 knows times to the millisecond or microsecond, rounded; the columns know them whole. */
const slack = 1000

/** The blocks that can hold a moment of the range, oldest first. */
export async function blocksToScan({ searcher, hostId, sources, every, range }: Scan): Promise<Candidate[]> {
  const { scope } = searcher
  const keys = await blocksWithRuns(scope, { hosts: [hostId], collections: undefined })
  if (keys.length === 0) return []
  const chosen = sources.filter(({ timeField }) => timeField !== null).map(({ id }) => id)
  const all = { sources: undefined, superseded: false, since: -9e18, until: 9e18 }
  const near = { ...all, since: range.from.micros - slack, until: range.to.micros + slack }
  const found = await blocksOf(scope, every ? all : near, keys)
  const others = every || chosen.length === 0 ? [] : await blocksOf(scope, { ...all, sources: chosen }, keys)
  const blocks = [...new Map([...found, ...others].map((block) => [block.blockId, block])).values()]
  return blocks.sort((a, b) => a.tMin - b.tMin || a.blockId - b.blockId)
}

/** Visits every moment of the host in the range, block by block. */
export async function scanMoments(scan: Scan, blocks: Candidate[], visit: (moment: Placed) => void) {
  const started = performance.now()
  const { scope, signal } = scan.searcher
  const fields = Map.groupBy(await timeFieldsOf(scope, scan.sources), ({ sourceId }) => sourceId)
  const order = new Map(scan.sources.map((source) => [source.id, inOrder(source, fields.get(source.id) ?? [])]))
  for (let at = 0; at < blocks.length; at += waveBlocks) {
    if (signal?.aborted) throw cancelled()
    if (performance.now() - started > lookFor)
      throw new AppError('TIMEOUT', 'This timeline reads too much: narrow its range', 'too_expensive')
    const wave = blocks.slice(at, at + waveBlocks)
    const read = await readWave(scan, wave, order)
    for (const block of wave) {
      const lap = performance.now()
      visitBlock(scan, block, read, order.get(block.sourceId) ?? [], visit)
      if (performance.now() - lap > 5) await breathe()
    }
  }
}

/** The chosen field first, then those that are known to tell times, best first. */
function inOrder({ timeField }: HostSource, fields: KnownField[]): KnownField[] {
  const byPath = new Map(fields.map((field) => [JSON.stringify(field.path), field]))
  const paths = [...(timeField === null ? [] : [timeField]), ...eventTimePaths.map((path) => JSON.stringify(path))]
  return [...new Set(paths.flatMap((path) => byPath.get(path) ?? []))]
}

interface ReadWave {
  runs: Map<number, Run[]>
  received: Map<number, Buffer>
  columns: Map<string, Buffer>
  /** Further fields of a block with times, by its id. */
  further: Map<number, number[]>
}

async function readWave(scan: Scan, wave: Candidate[], order: Map<number, KnownField[]>): Promise<ReadWave> {
  const { scope } = scan.searcher
  const runs = Map.groupBy(
    (await runsOf(scope, wave)).filter((run) => run.hostId === scan.hostId && !run.superseded),
    ({ blockId }) => blockId,
  )
  const held = wave.filter(({ blockId }) => runs.has(blockId))
  const wanted = held.flatMap((block) =>
    (order.get(block.sourceId) ?? []).map(({ fieldId }) => ({ ...block, fieldId })),
  )
  const columns = await columnsOf(scope, wanted)
  const further = new Map<number, number[]>()
  if (scan.every)
    for (const { blockId, fieldId, chunk } of await timeColumnsOf(scope, held)) {
      columns.set(`${blockId}.${fieldId}`, chunk)
      further.set(blockId, [...(further.get(blockId) ?? []), fieldId])
    }
  return { runs, received: await eventTimesOf(scope, held), columns, further }
}

type InstantOfRow = { fieldId: number; at: (row: number) => Instant | undefined }

function visitBlock(
  scan: Scan,
  block: Candidate,
  read: ReadWave,
  order: KnownField[],
  visit: (moment: Placed) => void,
) {
  const runs = read.runs.get(block.blockId)
  if (!runs) return
  const times = openColumn(read.received.get(block.blockId)!).numbers
  const opened = (fieldIds: number[]): InstantOfRow[] =>
    fieldIds.flatMap((fieldId) => {
      const chunk = read.columns.get(`${block.blockId}.${fieldId}`)
      return chunk ? [{ fieldId, at: instantsOf(openColumn(chunk)) }] : []
    })
  const main = opened(order.map(({ fieldId }) => fieldId))
  const further = opened(read.further.get(block.blockId) ?? [])
  const { from, to } = scan.range
  // What places rows may lie far from field 0 where a field was chosen or each one counts.
  const near = !scan.every && scan.sources.every(({ id, timeField }) => id !== block.sourceId || timeField === null)
  for (const run of runs)
    for (let i = 0; i < run.n; i++) {
      const row = run.blockRow + i
      const rough = times[row]!
      if (near && (rough < from.micros - slack || rough > to.micros + slack)) continue
      for (const { fieldId, ...at } of instantsOfRow(row, main, further, rough)) {
        if (!within(scan.range, at)) continue
        const { tenantId, blockId, hostId, collectionId, sourceId } = run
        visit({
          ...at,
          fieldId,
          tenantId,
          blockId,
          blockRow: row,
          hostId,
          collectionId,
          sourceId,
          row: run.firstRow + i,
        })
      }
    }
}

/** The main time first, or that of receipt; then those of further fields. */
function instantsOfRow(row: number, main: InstantOfRow[], further: InstantOfRow[], received: number) {
  const found: (Instant & { fieldId: number })[] = []
  for (const { fieldId, at } of main) {
    const instant = at(row)
    if (instant && found.length === 0) found.push({ ...instant, fieldId })
  }
  for (const { fieldId, at } of further) {
    const instant = found[0]?.fieldId === fieldId ? undefined : at(row)
    if (instant) found.push({ ...instant, fieldId })
  }
  return found.length > 0 ? found : [{ micros: received, nanos: 0, fieldId: 0 }]
}

/** All instants of one row, the main one first; a superseded row's too. */
export async function instantsOfOne({ searcher, sources }: Omit<Scan, 'range' | 'every'>, run: Run, row: number) {
  const placed: Placed[] = []
  const [block] = await blocksOf(searcher.scope, { sources: undefined, superseded: true, since: -9e18, until: 9e18 }, [
    run,
  ])
  const scan: Scan = { searcher, hostId: run.hostId, sources, every: true, range: always }
  const fields = Map.groupBy(await timeFieldsOf(searcher.scope, sources), ({ sourceId }) => sourceId)
  const order = new Map(sources.map((source) => [source.id, inOrder(source, fields.get(source.id) ?? [])]))
  const read = await readWave(scan, [block!], order)
  const one = { ...run, blockRow: run.blockRow + row - run.firstRow, firstRow: row, n: 1 }
  visitBlock(scan, block!, { ...read, runs: new Map([[run.blockId, [one]]]) }, order.get(run.sourceId) ?? [], (m) =>
    placed.push(m),
  )
  return placed
}

const mostMatching = 50_000

/** The host's rows that match a query, by block; undefined where all do. */
export async function matchingRows(scan: Scan, query: string): Promise<Map<number, Set<number>> | undefined> {
  const { searcher, hostId, every, range, sources } = scan
  const { filter, leaves, view, sort, table } = parseQuery(query, searcher.now)
  if (view.kind !== 'rows' || sort.length > 0 || table.length > 0)
    throw new AppError('BAD_REQUEST', 'A timeline takes a query without a pipe', 'unsupported_query')
  if (filter.kind === 'all') return undefined
  const whole = every || sources.some(({ timeField }) => timeField !== null)
  const bounds = whole
    ? { from: -9e18, to: 9e18 }
    : { from: range.from.micros - slack, to: range.to.micros + slack + 1 }
  const collect = { kind: 'page' as const, size: mostMatching + 1, after: undefined }
  const plan = await planRows(searcher, { filter, leaves }, bounds, collect)
  const id = Math.max(-1, ...leaves.map((leaf) => leaf.id)) + 1
  const onHost: Leaf = { kind: 'leaf', id, on: { builtin: 'host' }, test: { kind: 'present' }, at: 0, end: 0 }
  const question = {
    ...plan.question,
    filter: { kind: 'and' as const, parts: [onHost, filter] },
    leaves: [...leaves, onHost],
    named: [
      ...plan.question.named,
      [id, { of: 'host' as const, ids: new Set([hostId]) }] as (typeof plan.question.named)[number],
    ],
  }
  const keys = await blocksWithRuns(searcher.scope, { hosts: [hostId], collections: undefined })
  const ofHost = new Set(keys.map(({ blockId }) => blockId))
  const blocks = plan.blocks.filter(({ blockId }) => ofHost.has(blockId))
  const { hits } = await look(searcher, { ...plan, question, blocks }, { finish: { kind: 'count' }, counts: false })
  if (hits.length > mostMatching)
    throw new AppError(
      'BAD_REQUEST',
      `More than ${mostMatching} rows match: narrow the query or the range`,
      'too_expensive',
    )
  const byBlock = new Map<number, Set<number>>()
  for (const { blockId, blockRow } of hits) {
    const rows = byBlock.get(blockId)
    if (rows) rows.add(blockRow)
    else byBlock.set(blockId, new Set([blockRow]))
  }
  return byBlock
}
