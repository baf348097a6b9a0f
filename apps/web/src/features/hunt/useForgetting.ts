import { useQueryClient, type QueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import type { Hunt } from './useHunt.ts'

/** A hunt asks about five questions: whoever goes back meets the last six or so again at once. */
const mostKept = 30

/** Answers that are no longer on the screen make room as new ones come, so that a long day of hunting does not fill the page's memory. */
export function useForgetting({ query, off, bounds, runs }: Hunt) {
  const queries = useQueryClient()
  useEffect(() => forgetOldest(queries, mostKept), [queries, query, off, bounds, runs])
}

export function forgetOldest(queries: QueryClient, most: number) {
  const cache = queries.getQueryCache()
  const left = cache.findAll({ queryKey: [['rows']], type: 'inactive' })
  const oldest = left.toSorted((a, b) => b.state.dataUpdatedAt - a.state.dataUpdatedAt).slice(most)
  for (const one of oldest) if (one.state.fetchStatus === 'idle') cache.remove(one)
}
