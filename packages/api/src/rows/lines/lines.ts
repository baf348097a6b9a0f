import { createHash } from 'node:crypto'
import { openColumn } from '../../evidence/columns.ts'
import { unfold } from '../../evidence/folded.ts'
import { frameLines, linesOf } from '../../evidence/frames.ts'
import { writeTime } from '../../evidence/times.ts'
import { AppError, damaged, notFound } from '../../errors.ts'
import type { ReadScope } from '../../scope.ts'
import { eventTimesOf, type Run } from '../queries.ts'
import type { Hit } from '../engine/collect.ts'
import { openFrames, type ShownLine, showPage, withoutReturn } from '../engine/show.ts'
import type { Searcher } from '../rows.ts'
import { parseRowId, rowId, type SourceOfCollection } from '../rules.ts'
import { fieldsOf, firstFrames, foldedCollections, pageParts, runsFrom, runWithRow, storedRows } from './queries.ts'

export interface Row extends ShownLine {
  id: string
  tenantId: number
  /** The hostname. */
  host: string
  hostId: number
  source: string
  sourceId: number
  collectionId: number
  row: number
  /** RFC3339 in UTC with microseconds. */
  eventTime: string
}

/** A page ends early when its rows are this large together. */
const pageBytes = 1_000_000
const linesBytes = 4_000_000
/** A frame is opened for the rows of so many hits at a time. */
const hitsAtOnce = 200

export type Located = Omit<Hit, 'time'>

const frameOf = ({ blockRow }: Located) => Math.floor(blockRow / frameLines)
const frameKeyOf = (hit: Located) => `${hit.blockId}.${frameOf(hit)}`
const framesFor = (hits: Located[]) => [
  ...new Map(hits.map((hit) => [frameKeyOf(hit), { ...hit, frame: frameOf(hit) }])).values(),
]

/** Each row's stored line in order, as `convert` makes something of it. */
export async function* readLines<T extends Located, R>(
  scope: ReadScope,
  hits: T[],
  convert: (line: Buffer, hit: T) => R,
) {
  for (let at = 0; at < hits.length;) {
    const some = hits.slice(at, at + hitsAtOnce)
    const { bytes, places, damaged: known } = await firstFrames(scope, framesFor(some))
    const placeOf = new Map(places.map((place) => [place.key, place]))
    let open: { key: string; lines: Buffer[] } | undefined
    for (const hit of some) {
      const key = frameKeyOf(hit)
      const place = placeOf.get(key)
      // What is read at once is limited: the rest is read in its turn.
      if (!place) break
      if (known.has(hit.blockId)) throw damaged(`Row ${rowId(hit)}`)
      if (open?.key !== key) open = { key, lines: openLines(bytes.subarray(place.start, place.end), hit) }
      const line = open.lines[hit.blockRow % frameLines]
      if (!line) throw damaged(`Row ${rowId(hit)}`)
      yield { hit, made: convert(line, hit) }
      at++
    }
  }
}

function openLines(frame: Uint8Array, hit: Located): Buffer[] {
  try {
    return linesOf(frame)
  } catch {
    throw damaged(`Row ${rowId(hit)}`)
  }
}

/** Makes a stored line the row as it was sent, its line end stripped. */
async function asSent(scope: ReadScope, hits: Located[]) {
  const folded = await foldedCollections(scope, [...new Set(hits.map((hit) => hit.collectionId))])
  return (line: Buffer, hit: Located) => (folded.has(hit.collectionId) ? unfold(line) : withoutReturn(line))
}

/** RFC3339 in UTC with microseconds. */
export const timeText = (micros: number) => {
  const seconds = Math.floor(micros / 1e6)
  return writeTime({ seconds, nanos: Math.round(micros - seconds * 1e6) * 1000, digits: 6 })
}

/** Whose threads make rows ready; the server's own where there are none. */
type Showing = Pick<Searcher, 'pool' | 'signal'>

/** The rows as a list shows them: all of the hits, or fewer when they are large; at least one. */
export async function showRows(scope: ReadScope, hits: Hit[], showing?: Showing): Promise<Row[]> {
  const rows: Row[] = []
  let room = pageBytes
  while (rows.length < hits.length) {
    const some = hits.slice(rows.length, rows.length + hitsAtOnce)
    const parts = await pageParts(scope, {
      hosts: unique(some, 'hostId'),
      sources: unique(some, 'sourceId'),
      collections: unique(some, 'collectionId'),
      frames: framesFor(some),
    })
    const { wanted, count } = rowsToShow(some, parts, room, rows.length > 0)
    const shown = showing
      ? await showing.pool.show(scope.tenantId, wanted, showing.signal)
      : showPage(wanted, openFrames())
    for (const [i, line] of (JSON.parse(shown.json) as ShownLine[]).entries())
      rows.push(rowOf(some[i]!, line, parts.names))
    room -= shown.size
    if (shown.rows < count) break
  }
  return rows
}

type PageParts = Awaited<ReturnType<typeof pageParts>>

/** As many of the rows as have their frames here. */
function rowsToShow(hits: Hit[], { frames, folded, damaged: damagedBlocks }: PageParts, room: number, begun: boolean) {
  const placeOf = new Map(frames.places.map(({ key }, i) => [key, i]))
  const here = hits.findIndex((hit) => !placeOf.has(frameKeyOf(hit)))
  const rows = hits.slice(0, here < 0 ? hits.length : here).map((hit) => ({
    frame: placeOf.get(frameKeyOf(hit))!,
    line: hit.blockRow % frameLines,
    folded: folded.has(hit.collectionId),
    damaged: damagedBlocks.has(hit.blockId),
  }))
  return { wanted: { bytes: frames.bytes, frames: frames.places, rows, room, begun }, count: rows.length }
}

function rowOf(hit: Hit, line: ShownLine, names: PageParts['names']): Row {
  const { tenantId, hostId, sourceId, collectionId, row } = hit
  const [host, source] = [names.hosts.get(hostId)!, names.sources.get(sourceId)!]
  const eventTime = timeText(hit.time)
  return { id: rowId(hit), tenantId, host, hostId, source, sourceId, collectionId, row, eventTime, ...line }
}

const unique = (hits: Hit[], key: 'hostId' | 'sourceId' | 'collectionId') => [...new Set(hits.map((hit) => hit[key]))]

/** Rows of runs by their place in the block; times are read apart. */
export function locate(runs: Run[], from: number, limit: number): Located[] {
  const rows: Located[] = []
  for (const { tenantId, blockId, hostId, collectionId, sourceId, firstRow, blockRow, n } of runs) {
    for (let i = Math.max(0, from - firstRow); i < n && rows.length < limit; i++)
      rows.push({ tenantId, blockId, blockRow: blockRow + i, hostId, collectionId, sourceId, row: firstRow + i })
  }
  return rows
}

/** The row exactly as sent, without its line end. */
export async function rawRow(scope: ReadScope, { id, as }: { id: string; as: 'text' | 'base64' }): Promise<string> {
  const name = parseRowId(id)
  const [located] = name ? locate(await runsFrom(scope, name, name.row, 1), name.row, 1) : []
  if (!located || located.row !== name!.row) throw notFound('row')
  await checkRun(scope, located)
  const exact = await asSent(scope, [located])
  const read = readLines(scope, [located], (line, hit) => {
    const row = exact(line, hit)
    return as === 'base64' ? row.toString('base64') : exactText(row)
  })
  return (await read.next()).value!.made
}

/** A row that is shown as evidence is held against the hash of what was delivered. */
async function checkRun(scope: ReadScope, located: Located) {
  const run = await runWithRow(scope, located)
  if (!run) throw damaged(`Row ${rowId(located)}`)
  const lines: Buffer[] = []
  const last = run.first + run.n
  for (let frame = Math.floor(run.first / frameLines); frame * frameLines < last; frame++) {
    const opened = openLines(run.raw.subarray(run.frames[frame], run.frames[frame + 1]), located)
    const at = frame * frameLines
    lines.push(...opened.slice(Math.max(0, run.first - at), last - at))
  }
  const hash = createHash('sha256')
  for (const [i, line] of lines.entries()) hash.update(i === 0 ? '' : '\n').update(line)
  // What was delivered may have had no line end behind its last line.
  const hashes = [hash.copy().digest(), hash.update('\n').digest()]
  if (lines.length !== run.n || !hashes.some((one) => one.equals(run.sha256))) throw damaged(`Row ${rowId(located)}`)
}

function exactText(line: Buffer): string {
  const text = line.toString()
  if (Buffer.compare(Buffer.from(text), line) === 0) return text
  throw new AppError('UNPROCESSABLE_CONTENT', 'This row has bytes that are not UTF-8: ask for it as base64')
}

export interface LinesOfSource {
  /**
   * In base64, as bytes need not be UTF-8; `\n` behind each. A row that was sent over several lines is one line here: each line
   * end in its white space is a carriage return and a space or tab. `rows.raw` has its bytes.
   */
  lines: string
  rows: number
  nextCursor: number | null
}

/** Exact rows of one source in row order, as many as one answer may hold. */
export async function exactLines(scope: ReadScope, wanted: RowsOfSource): Promise<LinesOfSource> {
  if (!(await storedRows(scope, wanted))) throw notFound('source of this collection')
  const { cursor, limit } = wanted
  const located = locate(await runsFrom(scope, wanted, cursor, limit + 1), cursor, limit + 1)
  const parts: Buffer[] = []
  let size = 0
  for await (const { made } of readLines(scope, located.slice(0, limit), withoutReturn)) {
    if (size > 0 && size + made.length > linesBytes) break
    parts.push(made, newline)
    size += made.length + 1
  }
  const rows = parts.length / 2
  return { lines: Buffer.concat(parts).toString('base64'), rows, nextCursor: located[rows]?.row ?? null }
}

const newline = Buffer.from('\n')

export interface RowsOfSource extends SourceOfCollection {
  /** The number of the first row wanted. */
  cursor: number
  limit: number
}

/** A collection's table: rows of one source in row order, and the source's fields as columns. */
export async function listRows(scope: ReadScope, wanted: RowsOfSource) {
  const stored = await storedRows(scope, wanted)
  if (!stored) throw notFound('source of this collection')
  const located = locate(
    await runsFrom(scope, wanted, wanted.cursor, wanted.limit + 1),
    wanted.cursor,
    wanted.limit + 1,
  )
  const rows = await showRows(scope, await withTimes(scope, located.slice(0, wanted.limit)))
  const next = located[rows.length]
  return {
    rows,
    columns: await fieldsOf(scope, wanted.sourceId),
    total: stored.rowsStored,
    nextCursor: next ? next.row : null,
  }
}

async function withTimes(scope: ReadScope, located: Located[]): Promise<Hit[]> {
  const blocks = new Map(located.map((row) => [row.blockId, row]))
  const chunks = await eventTimesOf(scope, [...blocks.values()])
  const times = new Map([...chunks].map(([blockId, chunk]) => [blockId, openColumn(chunk).numbers]))
  return located.map((row) => ({ ...row, time: times.get(row.blockId)![row.blockRow]! }))
}
