import type { Bucket } from './axis.ts'
import { partsOf } from './parts.ts'

/** More rows than so many are not counted once more only to tell gaps from zeros. */
const mostRows = 5_000_000

const places = /^(artifact|source|host|collection|hunt|label|os|tenant)$/i

/** The query's conditions on where rows come from: what arrived from there at all. */
export const sourcesOnly = (query: string) =>
  partsOf(query)
    .filter((part) => part.kind === 'condition' && part.field !== undefined && places.test(part.field))
    .map(({ text }) => text)
    .join(' ')

/**
 * Which buckets hold data of any kind: told by the counts themselves, to be asked for, not told of so many rows, or not known yet.
 */
export function hasData(query: string, chart: { buckets: Bucket[] } | undefined, kept: number | undefined) {
  if (!chart || kept === undefined) return undefined
  if (sourcesOnly(query).trim() === query.trim()) return chart.buckets
  if (!chart.buckets.some(({ rows }) => rows === 0)) return undefined
  return kept > mostRows ? 'untold' : 'ask'
}
