import type { z } from 'zod'
import type { histogramInput } from '../input.ts'
import type { FieldRef, Query } from '../language/ast.ts'
import { parseQuery } from '../language/parse.ts'
import { timeText } from '../lines/lines.ts'
import { type Bounds, look, planRows, type Searcher } from '../rows.ts'
import { boundsOf } from './bounds.ts'

const mostSeries = 10

/** Counts of matching rows over event time, from `from` on in steps of `seconds`. */
export interface Chart {
  from: string
  to: string
  seconds: number
  /** RFC3339, and how many rows from then to the next. */
  buckets: { time: string; rows: number }[]
  /** With a field: its most common values, and what the others add up to. */
  series: { value: string; rows: number[] }[]
  others: number[] | undefined
  total: number
  /** Rows that match and are hidden as benign. */
  hidden: number
}

export async function histogram(searcher: Searcher, input: z.output<typeof histogramInput>) {
  const started = performance.now()
  const query = { ...parseQuery(input.query, searcher.now), hideBenign: input.hideBenign }
  const chart = await chartOf(searcher, query, { field: undefined, buckets: input.buckets }, boundsOf(input))
  return { ...chart, tookMs: Math.round(performance.now() - started) }
}

interface Wanted {
  field: FieldRef | undefined
  buckets: number
}

/** Over the times asked for, or where none are, over those of the blocks that can hold a match. */
export async function chartOf(
  searcher: Searcher,
  query: Query,
  { field, buckets }: Wanted,
  bounds: Bounds,
): Promise<Chart> {
  const collect = { kind: 'chart' as const, from: 0, width: 1, buckets, field }
  const plan = await planRows(searcher, query, bounds, collect)
  const from = bounds.from > -9e18 ? bounds.from : plan.blocks.reduce((low, { tMin }) => Math.min(low, tMin), Infinity)
  const to = bounds.to < 9e18 ? bounds.to : plan.blocks.reduce((high, { tMax }) => Math.max(high, tMax + 1), -Infinity)
  const none = !(from < to)
  collect.from = none ? 0 : from
  collect.width = none ? 1 : Math.ceil((to - from) / buckets)
  const found = await look(searcher, plan, { finish: { kind: 'chart', buckets, series: mostSeries }, counts: true })
  const { sums, series, others } = found.chart!
  return {
    from: timeText(collect.from),
    to: timeText(collect.from + collect.width * buckets),
    seconds: collect.width / 1e6,
    buckets: none ? [] : sums.map((rows, i) => ({ time: timeText(collect.from + i * collect.width), rows })),
    series: field ? series : [],
    others: field && !none ? others : undefined,
    total: found.total,
    hidden: found.hidden,
  }
}
