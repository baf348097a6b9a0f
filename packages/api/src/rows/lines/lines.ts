import { openColumn } from '../../evidence/columns.ts'
import { unfold } from '../../evidence/folded.ts'
import { frameLines, linesOf } from '../../evidence/frames.ts'
import { type Shown, shownRow } from '../../evidence/shown.ts'
import { writeTime } from '../../evidence/times.ts'
import { AppError, notFound } from '../../errors.ts'
import type { ReadScope } from '../../scope.ts'
import { eventTimesOf, type Run } from '../queries.ts'
import type { Hit } from '../engine/collect.ts'
import { parseRowId, rowId, type SourceOfCollection } from '../rules.ts'
import { fieldsOf, foldedCollections, framesOf, namesOf, runsFrom, storedRows } from './queries.ts'

export interface Row extends Shown {
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
  /** Size of the row as sent. */
  bytes: number
  /** Its first characters as sent: keys in their order, numbers as they were written. */
  start: string
}

const startLength = 300

/** A page ends early when its rows are this large together; a frame is opened for the rows of so many hits at a time. */
const pageBytes = 4_000_000
const hitsAtOnce = 25

export type Located = Omit<Hit, 'time'>

/** Each row's stored line in order, as `convert` makes something of it. */
export async function* readLines<T extends Located, R>(
  scope: ReadScope,
  hits: T[],
  convert: (line: Buffer, hit: T) => R,
) {
  const frameOf = (hit: T) => Math.floor(hit.blockRow / frameLines)
  const keyOf = (hit: T) => `${hit.blockId}.${frameOf(hit)}`
  for (let at = 0; at < hits.length; at += hitsAtOnce) {
    const some = hits.slice(at, at + hitsAtOnce)
    const keys = new Map(some.map((hit) => [keyOf(hit), { ...hit, frame: frameOf(hit) }]))
    const frames = await framesOf(scope, [...keys.values()])
    // A frame is opened once and let go: a page of long rows must not fill the memory.
    const made = new Map<T, R>()
    for (const [key, ofFrame] of Map.groupBy(some, keyOf)) {
      const lines = linesOf(frames.get(key)!)
      for (const hit of ofFrame) made.set(hit, convert(lines[hit.blockRow % frameLines]!, hit))
    }
    for (const hit of some) yield { hit, made: made.get(hit)! }
  }
}

/** Makes a stored line the row as it was sent, its line end stripped. */
async function asSent(scope: ReadScope, hits: Located[]) {
  const folded = await foldedCollections(scope, [...new Set(hits.map((hit) => hit.collectionId))])
  return (line: Buffer, hit: Located) => (folded.has(hit.collectionId) ? unfold(line) : withoutReturn(line))
}

const withoutReturn = (line: Buffer) => (line.at(-1) === 13 ? line.subarray(0, -1) : line)

/** RFC3339 in UTC with microseconds. */
export const timeText = (micros: number) => {
  const seconds = Math.floor(micros / 1e6)
  return writeTime({ seconds, nanos: Math.round(micros - seconds * 1e6) * 1000, digits: 6 })
}

/** The rows as a list shows them: all of the hits, or fewer when they are large; at least one. */
export async function showRows(scope: ReadScope, hits: Hit[]): Promise<Row[]> {
  if (hits.length === 0) return []
  const names = await namesOf(scope, unique(hits, 'hostId'), unique(hits, 'sourceId'))
  const rows: Row[] = []
  let size = 0
  const exact = await asSent(scope, hits)
  const show = (line: Buffer, hit: Hit) => {
    const sent = exact(line, hit)
    return { bytes: sent.length, start: startOf(sent), ...shownRow(line) }
  }
  for await (const { hit, made } of readLines(scope, hits, show)) {
    size += made.data === null ? 0 : made.bytes
    if (rows.length > 0 && size > pageBytes) break
    const { tenantId, hostId, sourceId, collectionId, row } = hit
    const [host, source] = [names.hosts.get(hostId)!, names.sources.get(sourceId)!]
    const eventTime = timeText(hit.time)
    rows.push({ id: rowId(hit), tenantId, host, hostId, source, sourceId, collectionId, row, eventTime, ...made })
  }
  return rows
}

/** A character takes at most four bytes, and none is cut in two. */
const startOf = (line: Buffer) =>
  line
    .subarray(0, 4 * startLength)
    .toString()
    .slice(0, startLength)
    .replace(/[\ud800-\udbff]$/, '')

const unique = (hits: Hit[], key: 'hostId' | 'sourceId') => [...new Set(hits.map((hit) => hit[key]))]

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
  const exact = await asSent(scope, [located])
  const read = readLines(scope, [located], (line, hit) => {
    const row = exact(line, hit)
    return as === 'base64' ? row.toString('base64') : exactText(row)
  })
  return (await read.next()).value!.made
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
    if (size > 0 && size + made.length > pageBytes) break
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
