import { folded } from '../evidence/terms.ts'
import { boundsOf } from '../rows/answers/bounds.ts'
import { sweepValues } from '../rows/answers/seen.ts'
import type { Searcher } from '../rows/rows.ts'
import { benignAmong, storedRows } from './matching/queries.ts'

interface Swept {
  values: string[]
  from?: string | undefined
  to?: string | undefined
}

/** Where values were seen; those that stand on a benign list are no hits, and are named apart. Nothing is kept. */
export async function sweep(searcher: Searcher, { values, ...range }: Swept) {
  const started = performance.now()
  const benign = await benignAmong(searcher.scope, values)
  const wanted = values.filter((value) => !benign.has(folded(value)))
  const hits = await sweepValues(searcher, wanted, boundsOf(range))
  const leftOut = values.flatMap((value) => {
    const list = benign.get(folded(value))
    return list === undefined ? [] : [{ value, list }]
  })
  const rows = await storedRows(searcher.scope)
  return { hits, leftOut, rows, tookMs: Math.round(performance.now() - started) }
}
