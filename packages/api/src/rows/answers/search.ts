import type { z } from 'zod'
import type { Collect, Hit } from '../engine/collect.ts'
import type { searchInput } from '../input.ts'
import { type Query, shownField } from '../language/ast.ts'
import { parseQuery } from '../language/parse.ts'
import { type Row, showRows } from '../lines/lines.ts'
import { look, planRows, type Searcher } from '../rows.ts'
import { readCursor, writeCursor } from '../rules.ts'
import { boundsOf } from './bounds.ts'
import { readSortedCursor, writeSortedCursor } from './sorted-cursor.ts'
import { type Chart, chartOf } from './chart.ts'
import { type Stack, stackOf } from './stack.ts'

type SearchInput = z.output<typeof searchInput>

/** What a query finds: a page of rows, or what its pipe makes of all of them. */
export interface Answer {
  rows: Row[]
  total: number
  totalIsExact: boolean
  /** Rows that match and are hidden as benign; on a first page, and as exact as the total. */
  hidden: number
  /** The fields of `| table`, in their order. */
  columns: string[]
  /** Of `| groupby` and `| rare`. */
  groups?: Stack & { fields: string[] }
  /** Of `| timechart`. */
  chart?: Chart
  tookMs: number
  nextCursor: string | null
}

/** The newest matching rows, or those that the query sorts first; `total` counts all of them, on later pages as the first one counted. */
export async function searchRows(searcher: Searcher, input: SearchInput): Promise<Answer> {
  const started = performance.now()
  const query = { ...parseQuery(input.query, searcher.now), hideBenign: input.hideBenign }
  const { view } = query
  if (view.kind !== 'rows')
    return { ...(await summary(searcher, query, input)), tookMs: Math.round(performance.now() - started) }
  const page =
    query.sort.length > 0 ? await sortedPage(searcher, query, input) : await newestPage(searcher, query, input)
  const { hits, next, ...counted } = page
  const rows = await showRows(searcher.scope, hits, searcher)
  return {
    rows,
    ...counted,
    columns: query.table.map(shownField),
    tookMs: Math.round(performance.now() - started),
    nextCursor: next(rows.length),
  }
}

/** What a pipe makes of all matching rows; no row is listed. */
async function summary(searcher: Searcher, query: Query, input: SearchInput) {
  const none = { rows: [] as Row[], totalIsExact: true, columns: [] as string[], nextCursor: null }
  const { view } = query
  const bounds = boundsOf(input)
  if (view.kind === 'groups') {
    const groups = await stackOf(searcher, query, { ...view, limit: input.limit }, bounds)
    return {
      ...none,
      total: groups.total,
      hidden: groups.hidden,
      groups: { fields: view.fields.map(shownField), ...groups },
    }
  }
  if (view.kind === 'chart') {
    const chart = await chartOf(searcher, query, { field: view.field, buckets: 60 }, bounds)
    return { ...none, total: chart.total, hidden: chart.hidden, chart }
  }
  const plan = await planRows(searcher, query, bounds, undefined)
  const { total, hidden } = await look(searcher, plan, { finish: { kind: 'count' }, counts: true })
  return { ...none, total, hidden }
}

interface PageOf {
  hits: Hit[]
  total: number
  totalIsExact: boolean
  hidden: number
  /** The cursor behind so many rows. */
  next(shown: number): string | null
}

async function newestPage(searcher: Searcher, query: Query, input: SearchInput): Promise<PageOf> {
  const cursor = input.cursor === undefined ? undefined : readCursor(input.cursor)
  const collect: Collect = { kind: 'page', size: input.limit + 1, after: cursor?.place }
  const plan = await planRows(searcher, query, boundsOf(input), collect)
  const blocks = cursor ? plan.blocks.filter(({ tMin }) => tMin <= cursor.place.time) : plan.blocks
  const found = await look(
    searcher,
    { ...plan, blocks },
    { finish: { kind: 'count' }, counts: !cursor, countFor: input.countFor },
  )
  const { total, totalIsExact } = cursor ?? found
  const next = (shown: number) => {
    const place = found.hits[shown - 1]
    return place && found.hits.length > shown ? writeCursor({ place, total, totalIsExact }) : null
  }
  return { hits: found.hits.slice(0, input.limit), total, totalIsExact, hidden: found.hidden, next }
}

/** A sorted list is looked for as a whole for each of its pages; each begins behind the place where the one before it ended. */
async function sortedPage(searcher: Searcher, query: Query, input: SearchInput): Promise<PageOf> {
  const after = input.cursor === undefined ? undefined : readSortedCursor(input.cursor)
  const collect: Collect = { kind: 'sorted', by: query.sort, size: input.limit + 1, after: after?.place }
  const plan = await planRows(searcher, query, boundsOf(input), collect)
  const found = await look(searcher, plan, { finish: { kind: 'sorted' }, counts: true })
  const total = after?.total ?? found.total
  const next = (shown: number) => {
    const last = found.hits[shown - 1]
    return last && found.hits.length > shown ? writeSortedCursor(last, total) : null
  }
  return { hits: found.hits.slice(0, input.limit), total, totalIsExact: true, hidden: found.hidden, next }
}
