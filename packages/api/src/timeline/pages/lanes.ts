import type { z } from 'zod'
import type { Searcher } from '../../rows/rows.ts'
import type { lanesInput } from '../input.ts'
import { fieldsById, hostOf, sourcesOfHost } from '../queries.ts'
import { instantText } from '../rules.ts'
import { blocksToScan, matchingRows, scanMoments } from '../timeline.ts'
import { rangeOfInput } from './pages.ts'

export interface Lane {
  id: number
  name: string
  rows: number
  /** Of `rows`, those that the query matches. */
  matching: number
  /** Matching rows by bucket. */
  buckets: number[]
  /** Which fields placed rows, as JSON arrays of keys, with how many each. */
  fields: { field: string; rows: number }[]
  /** The field that somebody chose; null where the rows themselves suggest it. */
  timeField: string | null
}

/** How a host's rows spread over time, source by source. */
export async function lanes(searcher: Searcher, input: z.output<typeof lanesInput>) {
  const started = performance.now()
  const host = await hostOf(searcher.scope, input.hostId)
  const sources = await sourcesOfHost(searcher.scope, input.hostId)
  const scan = { searcher, hostId: host.id, sources, every: input.every, range: rangeOfInput(input) }
  const matched = await matchingRows(scan, input.query)
  const seen = new Map(
    sources.map(({ id }) => [id, { rows: 0, times: [] as number[], fields: new Map<number, number>() }]),
  )
  let untimed = 0
  await scanMoments(scan, await blocksToScan(scan), ({ sourceId, fieldId, micros, blockId, blockRow }) => {
    if (fieldId === 0) untimed++
    if (fieldId === 0 && !input.untimed) return
    const lane = seen.get(sourceId)
    if (!lane) return
    lane.rows++
    lane.fields.set(fieldId, (lane.fields.get(fieldId) ?? 0) + 1)
    if (!matched || matched.get(blockId)?.has(blockRow)) lane.times.push(micros)
  })
  const ids = [...new Set([...seen.values()].flatMap(({ fields }) => [...fields.keys()]))]
  const names = new Map(
    (await fieldsById(searcher.scope, sources, ids)).map(({ fieldId, path }) => [fieldId, JSON.stringify(path)]),
  )
  const { from, width } = extentOf(
    scan.range,
    [...seen.values()].map(({ times }) => times),
    input,
  )
  return {
    from: instantText({ micros: from, nanos: 0 }),
    to: instantText({ micros: from + width * input.buckets, nanos: 0 }),
    seconds: width / 1e6,
    lanes: sources.map(({ id, name, timeField }): Lane => {
      const { rows, times, fields } = seen.get(id)!
      return {
        id,
        name,
        rows,
        matching: times.length,
        buckets: bucketsOf(times, from, width, input.buckets),
        fields: [...fields].flatMap(([fieldId, n]) => ({ field: names.get(fieldId) ?? 'null', rows: n })),
        timeField,
      }
    }),
    untimed,
    tookMs: Math.round(performance.now() - started),
  }
}

type Range = ReturnType<typeof rangeOfInput>

/** The range asked for; where an end is open, up to the first or last of the rows. */
function extentOf(range: Range, times: number[][], { from, to, buckets }: z.output<typeof lanesInput>) {
  let [low, high] = [Infinity, -Infinity]
  for (const list of times)
    for (const time of list) {
      low = Math.min(low, time)
      high = Math.max(high, time)
    }
  const start = from !== undefined ? range.from.micros : low
  const end = to !== undefined ? range.to.micros : high
  if (!(start <= end) || !Number.isFinite(start) || !Number.isFinite(end)) return { from: 0, width: 1 }
  return { from: start, width: Math.max(1, Math.ceil((end - start + 1) / buckets)) }
}

function bucketsOf(times: number[], from: number, width: number, n: number) {
  const buckets = Array.from({ length: n }, () => 0)
  for (const time of times) {
    const at = Math.floor((time - from) / width)
    if (at >= 0 && at < n) buckets[at]!++
  }
  return buckets
}
