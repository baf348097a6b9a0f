import { createContext, use, useEffect, useMemo, useState } from 'react'
import { trpc } from '../../api.ts'
import { useTenant } from '../../lib/tenant.ts'
import type { Finds, Place } from './places.ts'
import type { RowHit } from './words.ts'

const atOnce = 200

export interface HitsOfRows {
  byRow: ReadonlyMap<string, RowHit[]>
  /** Once the engine of expressions is here, which is loaded when one is needed. */
  finds: Finds | undefined
}

export const noHits: HitsOfRows = { byRow: new Map(), finds: undefined }
/** What stands in the rows of a grid, or in the one of a drawer. */
export const HitsContext = createContext<HitsOfRows>(noHits)
export const useHitsOf = (row: string | undefined) => {
  const { byRow, finds } = use(HitsContext)
  return { hits: (row !== undefined && byRow.get(row)) || none, finds }
}
const none: RowHit[] = []

/** The indicators in rows, by the rows' names. */
export function useRowHits(rows: { id: string }[]): HitsOfRows {
  const tenant = useTenant()
  const ids = rows.map(({ id }) => id)
  const pieces = Array.from({ length: Math.ceil(ids.length / atOnce) }, (_, i) =>
    ids.slice(i * atOnce, (i + 1) * atOnce),
  )
  const found = trpc.useQueries((t) => pieces.map((piece) => t.indicators.hitsOf({ rows: piece, ...tenant })))
  const data = found.map((one) => one.data)
  const key = found.map((one) => one.dataUpdatedAt).join()
  // oxlint-disable-next-line react/exhaustive-deps -- the answers are as new as their times
  const all = useMemo(() => data.flatMap((some) => some?.rows ?? []), [key, ids.join()])
  const finds = useFinds(all.some(({ match }) => match === 'regex'))
  return useMemo(() => ({ byRow: Map.groupBy(all, ({ row }) => row), finds }), [all, finds])
}

/** The server's own engine, as an expression of somebody else must not hang the browser either. */
function useFinds(wanted: boolean) {
  const [finds, set] = useState<{ in: Finds }>()
  useEffect(() => {
    if (!wanted) return
    let isHere = true
    void import('re2js').then(({ RE2JS }) => {
      if (!isHere) return
      const compiled = new Map<string, ReturnType<typeof RE2JS.compile>>()
      const find = (source: string, text: string): Place[] => {
        const regex = compiled.get(source) ?? RE2JS.compile(source, RE2JS.CASE_INSENSITIVE | RE2JS.DOTALL)
        compiled.set(source, regex)
        const matcher = regex.matcher(text)
        const places: Place[] = []
        while (places.length < 100 && matcher.find()) places.push([matcher.start(), matcher.end()])
        return places
      }
      set({ in: find })
    })
    return () => {
      isHere = false
    }
  }, [wanted])
  return finds?.in
}
