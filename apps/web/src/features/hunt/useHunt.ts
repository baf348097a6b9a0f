import { useSearch } from '@tanstack/react-router'
import { useCallback, useMemo, useState } from 'react'
import { trpc } from '../../api.ts'
import { useLookAgain, useTenant } from '../../lib/tenant.ts'
import { useSetSearch } from '../../lib/url.ts'
import { asked, isGrouping, isSummary, offIn, partsOf, type Part, type Pipe } from './parts.ts'
import { timeOf } from './times.ts'

/** What the address says of the hunt, and how to change it. */
export function useHunt() {
  const search = useSearch({ from: '/app/hunt' })
  const setSearch = useSetSearch<typeof search>()
  const { query = '', from, to } = search
  const [runs, setRuns] = useState(0)
  const off = useMemo(() => search.off ?? [], [search.off])
  const bounds = useBounds(from, to, runs)
  const hideBenign = search.hide === 'benign'
  /** Which of the rows are looked at, beside the query. */
  const within = useMemo(() => ({ ...bounds, ...(hideBenign && { hideBenign }) }), [bounds, hideBenign])
  const parts = useMemo(() => partsOf(query), [query])
  const isOn = (_: Part, i: number) => !off.includes(i)
  const summary = parts.filter(isOn).find(isSummary) as Pipe | undefined
  const grouping = summary && isGrouping(summary) ? summary : undefined
  const view = search.view ?? (summary ? 'groups' : 'rows')

  /** Asks another query; the same again looks anew. */
  const run = useCallback(
    (next: string, nextOff: number[] = offIn(query, off, next)) => {
      setRuns((n) => n + 1)
      const isSame = next === query && String(nextOff) === String(off)
      if (!isSame)
        setSearch({
          query: next === '' ? undefined : next,
          off: nextOff.length > 0 ? nextOff : undefined,
          row: undefined,
          view: undefined,
          around: undefined,
        })
    },
    [query, off, setSearch],
  )
  return { search, setSearch, query, off, parts, summary, grouping, view, bounds, within, hideBenign, run, runs }
}

export type Hunt = ReturnType<typeof useHunt>

/** The times of the address, those that are relative to now fixed until the query is asked again. */
function useBounds(from: string | undefined, to: string | undefined, runs: number) {
  const key = `${from} ${to} ${runs}`
  const [kept, keep] = useState(() => ({ key, ...resolved(from, to) }))
  if (kept.key === key) return kept.bounds
  const next = { key, ...resolved(from, to) }
  keep(next)
  return next.bounds
}

function resolved(from: string | undefined, to: string | undefined) {
  const now = Date.now()
  const [start, end] = [timeOf(from, now), timeOf(to, now)]
  return { bounds: { ...(start && { from: start }), ...(end && { to: end }) } }
}

export const still = { staleTime: Infinity, refetchOnWindowFocus: false, refetchOnReconnect: false } as const
/** A request that nobody waits for any more is ended, and with it the server's work. */
export const abortable = { trpc: { abortOnUnmount: true } } as const

export const pageSize = 200

/** The rows that match. Nothing moves under the reader: only who asks again sees newer ones. */
export function useRows({ query, off, within, search, runs }: Hunt, enabled: boolean) {
  const rows = rowsQuery(query, off, search.sort)
  const input = { query: rows, ...within, limit: pageSize, ...useTenant() }
  const found = trpc.rows.search.useInfiniteQuery(input, {
    getNextPageParam: (last) => last.nextCursor ?? undefined,
    placeholderData: (old) => old,
    enabled,
    ...still,
    ...abortable,
  })
  useAgain(runs, enabled ? found.refetch : undefined)
  return found
}

/** The query without what makes something else of the rows, sorted as the grid's head says. */
export function rowsQuery(query: string, off: number[], sort?: string) {
  const rows = asked(query, off, (part) => isSummary(part) || (sort !== undefined && isSort(part)))
  return sort === undefined ? rows : `${rows} | sortby ${sort}`
}

const isSort = (part: Part) => part.kind === 'pipe' && part.name === 'sortby'

/** The condition alone: what bands and the histogram count. */
export const filterOf = (query: string, off: number[]) => asked(query, off, (part) => part.kind === 'pipe')

function useAgain(runs: number, refetch: (() => unknown) | undefined) {
  const [seen, see] = useState(runs)
  if (seen === runs) return
  see(runs)
  if (refetch) queueMicrotask(() => void refetch())
}

/** How much there is to search and what of it is not whole. Looked at again by itself in the reader's own tenant only. */
export function useWhole() {
  return trpc.collections.whole.useQuery(useTenant(), { staleTime: 15_000, refetchInterval: useLookAgain(30_000) }).data
}

/** How a value's menu asks: in the same place of the history, and of all times where it says so. */
export function useAsk({ run, setSearch }: Hunt) {
  return (query: string, everywhere = false) => {
    if (!everywhere) return run(query)
    setSearch({
      query,
      off: undefined,
      from: undefined,
      to: undefined,
      row: undefined,
      view: undefined,
      around: undefined,
    })
  }
}
