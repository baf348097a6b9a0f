import type { z } from 'zod'
import { AppError, notFound } from '../../errors.ts'
import { runsFrom } from '../../rows/lines/queries.ts'
import { type Row, showRows } from '../../rows/lines/lines.ts'
import type { Run } from '../../rows/queries.ts'
import type { Searcher } from '../../rows/rows.ts'
import { parseRowId, type RowName } from '../../rows/rules.ts'
import type { aroundInput, aroundMoreInput, hostTimelineInput } from '../input.ts'
import { collectedUntil, fieldsById, hostOf, type HostSource, sourcesOfHost } from '../queries.ts'
import {
  compareMoments,
  type Instant,
  instantOfText,
  instantText,
  type Moment,
  readCursor,
  writeCursor,
} from '../rules.ts'
import { blocksToScan, instantsOfOne, matchingRows, type Placed, rangeOf, type Scan, scanMoments } from '../timeline.ts'

/** A row at one of its times. */
export interface Line extends Row, Instant {
  /** Names this line among others of the same row. */
  key: string
  /** RFC3339 in UTC with every digit. */
  at: string
  /** Where the time stands, a JSON array of keys; null for the time of receipt. */
  field: string | null
  /** How many rows stand between the line before it, nearer to where the page began, and this one, and are not shown. */
  hidden: number
}

export interface Page {
  /** Away from where the page began. */
  lines: Line[]
  next: string | null
  /** Rows that are not shown behind the last line, up to the end of the range; null while there is a next page. */
  hiddenBeyond: number | null
}

type Direction = 'before' | 'after'
type View = Pick<z.output<typeof hostTimelineInput>, 'off' | 'query' | 'every' | 'untimed' | 'limit'>

interface Side {
  direction: Direction
  from: Moment | undefined
}

export interface SourceCount {
  id: number
  name: string
  rows: number
}

interface Found {
  pages: Page[]
  /** Every source of the host, with its rows in the range, shown or not. */
  sources: SourceCount[]
  /** Rows in the range that tell no time and stand at their receipt. */
  untimed: number
}

/** Pages on one or both sides of a place. */
async function pagesOf(scan: Scan, view: View, sides: Side[], apart: Placed | undefined): Promise<Found> {
  const blocks = await blocksToScan(scan)
  const matched = await matchingRows(scan, view.query)
  const off = new Set(view.off)
  const counts = new Map<number, number>()
  let untimed = 0
  const isShown = (m: Placed) =>
    !off.has(m.sourceId) && (!matched || (matched.get(m.blockId)?.has(m.blockRow) ?? false))
  const isPlaced = (m: Placed) => m.fieldId !== 0 || view.untimed
  const kept = sides.map((side) => ({ side, best: [] as Placed[], more: false }))
  await scanMoments(scan, blocks, (moment) => {
    if (moment.fieldId === 0) untimed++
    if (!isPlaced(moment)) return
    counts.set(moment.sourceId, (counts.get(moment.sourceId) ?? 0) + 1)
    if (!isShown(moment) || isSame(moment, apart)) return
    for (const one of kept) {
      if (!isBeyond(moment, one.side)) continue
      one.best.push(moment)
      if (one.best.length > 4 * view.limit + 64) trim(one, view.limit)
    }
  })
  for (const one of kept) trim(one, view.limit)
  const pages: Page[] = []
  for (const { side, best, more } of kept) {
    const rows = await showRows(scan.searcher.scope, best.map(asHit))
    const shown = best.slice(0, rows.length)
    const isEnd = !more && shown.length === best.length
    const hides = off.size > 0 || matched !== undefined
    const hidden = hides
      ? await hiddenBetween(scan, blocks, side, shown, isEnd, (m) => isPlaced(m) && !isShown(m) && !isSame(m, apart))
      : shown.map(() => 0)
    pages.push({
      lines: await asLines(scan, shown, rows, hidden),
      next: isEnd ? null : writeCursor(shown.at(-1)!),
      hiddenBeyond: isEnd ? (hidden[shown.length] ?? 0) : null,
    })
  }
  const sources = scan.sources.map(({ id, name }) => ({ id, name, rows: counts.get(id) ?? 0 }))
  return { pages, sources, untimed }
}

const isSame = (a: Placed, b: Placed | undefined) => b !== undefined && compareMoments(a, b) === 0

const signOf = (direction: Direction) => (direction === 'after' ? 1 : -1)

const isBeyond = (moment: Moment, { direction, from }: Side) =>
  from === undefined || compareMoments(moment, from) * signOf(direction) > 0

function trim(one: { side: Side; best: Placed[]; more: boolean }, limit: number) {
  const sign = signOf(one.side.direction)
  one.best.sort((a, b) => sign * compareMoments(a, b))
  if (one.best.length > limit) one.more = true
  one.best.length = Math.min(one.best.length, limit)
}

const asHit = ({ micros, ...moment }: Placed) => ({ ...moment, time: micros })

/** Counts what is not shown before each line, and behind the last where the range ends there. */
async function hiddenBetween(
  scan: Scan,
  blocks: Awaited<ReturnType<typeof blocksToScan>>,
  side: Side,
  shown: Placed[],
  isEnd: boolean,
  isHidden: (moment: Placed) => boolean,
): Promise<number[]> {
  const sign = signOf(side.direction)
  const counts = Array.from({ length: shown.length + 1 }, () => 0)
  await scanMoments(scan, blocks, (moment) => {
    if (!isHidden(moment) || !isBeyond(moment, side)) return
    let [low, high] = [0, shown.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (sign * compareMoments(shown[middle]!, moment) < 0) low = middle + 1
      else high = middle
    }
    counts[low]!++
  })
  if (!isEnd) counts.length = shown.length
  return counts
}

async function asLines({ searcher, sources }: Scan, shown: Placed[], rows: Row[], hidden: number[]): Promise<Line[]> {
  const ids = [...new Set(shown.map(({ fieldId }) => fieldId))].filter((id) => id !== 0)
  const fields = await fieldsById(searcher.scope, sources, ids)
  const paths = new Map(fields.map(({ fieldId, path }) => [fieldId, JSON.stringify(path)]))
  return rows.map((row, i) => {
    const { micros, nanos, fieldId } = shown[i]!
    const at = instantText({ micros, nanos })
    return {
      ...row,
      key: writeCursor(shown[i]!),
      micros,
      nanos,
      at,
      field: paths.get(fieldId) ?? null,
      hidden: hidden[i] ?? 0,
    }
  })
}

interface Anchor {
  run: Run
  /** At each of its times, the main one first. */
  instants: Placed[]
  sources: HostSource[]
}

async function anchorOf(searcher: Searcher, id: string): Promise<Anchor & { name: RowName }> {
  const name = parseRowId(id)
  const [run] = name ? await runsFrom(searcher.scope, name, name.row, 1) : []
  if (!name || !run || run.firstRow > name.row) throw notFound('row')
  const sources = await sourcesOfHost(searcher.scope, run.hostId)
  const instants = await instantsOfOne({ searcher, hostId: run.hostId, sources }, run, name.row)
  return { run, instants, sources, name }
}

async function aroundScan(searcher: Searcher, input: z.output<typeof aroundInput>) {
  const { run, instants, sources } = await anchorOf(searcher, input.row)
  const scanned = { searcher, hostId: run.hostId, sources, every: input.every, range: rangeOf(undefined, undefined) }
  const named = await asLines(scanned, instants, await showRows(searcher.scope, instants.map(asHit)), [])
  const at = input.field === undefined ? 0 : named.findIndex(({ field }) => field === input.field)
  if (at < 0) throw new AppError('BAD_REQUEST', 'The row tells no time in this field')
  const here = instants[at]!
  const span = input.span * 1e6
  const range = {
    from: { micros: here.micros - span, nanos: here.nanos },
    to: { micros: here.micros + span, nanos: here.nanos },
  }
  return {
    scan: { ...scanned, range },
    here,
    anchor: named[at]!,
    times: named.map(({ at: time, field }) => ({ at: time, field })),
  }
}

/** The rows of a row's host around it, in all sources, merged by time. */
export async function around(searcher: Searcher, input: z.output<typeof aroundInput>) {
  const started = performance.now()
  const { scan, here, anchor, times } = await aroundScan(searcher, input)
  const sides: Side[] = [
    { direction: 'before', from: here },
    { direction: 'after', from: here },
  ]
  const { pages, sources, untimed } = await pagesOf(scan, input, sides, here)
  return {
    anchor,
    /** All times of the row, its main one first. */
    times,
    from: instantText(scan.range.from),
    to: instantText(scan.range.to),
    before: pages[0]!,
    after: pages[1]!,
    // The row itself is always shown, and counted where it is not placed otherwise.
    sources,
    untimed,
    collectedUntil: await collectedUntil(searcher.scope, scan.hostId),
    tookMs: Math.round(performance.now() - started),
  }
}

/** The next lines on one side. */
export async function aroundMore(searcher: Searcher, input: z.output<typeof aroundMoreInput>): Promise<Page> {
  const { scan, here } = await aroundScan(searcher, input)
  const side = { direction: input.direction, from: readCursor(input.cursor) }
  return (await pagesOf(scan, input, [side], here)).pages[0]!
}

/** A host's rows in all sources, from one end of the range or from a cursor. */
export async function hostTimeline(searcher: Searcher, input: z.output<typeof hostTimelineInput>) {
  const started = performance.now()
  const host = await hostOf(searcher.scope, input.hostId)
  const sources = await sourcesOfHost(searcher.scope, input.hostId)
  const scan = { searcher, hostId: host.id, sources, every: input.every, range: rangeOfInput(input) }
  const from = input.cursor === undefined ? undefined : readCursor(input.cursor)
  const found = await pagesOf(scan, input, [{ direction: input.order === 'asc' ? 'after' : 'before', from }], undefined)
  return {
    ...found.pages[0]!,
    sources: found.sources,
    untimed: found.untimed,
    collectedUntil: await collectedUntil(searcher.scope, host.id),
    tookMs: Math.round(performance.now() - started),
  }
}

export const rangeOfInput = ({ from, to }: { from?: string | undefined; to?: string | undefined }) =>
  rangeOf(from === undefined ? undefined : instantOfText(from), to === undefined ? undefined : instantOfText(to))
