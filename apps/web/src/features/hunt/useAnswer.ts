import { trpc } from '../../api.ts'
import { useTenant } from '../../lib/tenant.ts'
import type { Counted } from './HuntStatus.tsx'
import { asked } from './parts.ts'
import { useGroups } from './useGroups.ts'
import { abortable, still, useRows, type Hunt } from './useHunt.ts'

/** What the view of the hunt shows: rows, groups, or what another pipe made. Only what is shown is asked for. */
export function useAnswer(hunt: Hunt) {
  const { query, off, within, summary, grouping, view } = hunt
  const rows = useRows(hunt, view === 'rows')
  const groups = useGroups(hunt, view === 'groups' ? grouping : undefined)
  const isSummed = view === 'groups' && summary !== undefined && !grouping
  const summed = trpc.rows.search.useQuery(
    { query: asked(query, off), ...within, limit: 1, ...useTenant() },
    { placeholderData: (old) => old, enabled: isSummed, ...still, ...abortable },
  )
  const active = view === 'rows' ? rows : grouping ? groups.found : summed
  const first = view === 'rows' ? rows.data?.pages[0] : grouping ? groups.found.data?.pages[0] : summed.data
  const counted: Counted | undefined = first && {
    total: first.total,
    totalIsExact: 'totalIsExact' in first ? first.totalIsExact : true,
    tookMs: first.tookMs,
    hidden: first.hidden,
  }
  const { error, isPending, isFetching, isPlaceholderData, fetchStatus, refetch } = active
  const isAsked = view !== 'timeline'
  return {
    rows,
    groups,
    summed,
    counted,
    error,
    refetch: () => void refetch(),
    /** Nothing to show yet. */
    isEmpty: first === undefined,
    /** What is shown belongs to the query before. */
    isOld: isPlaceholderData,
    isAwaited: isAsked && isFetching && (isPending || isPlaceholderData),
    isFetching,
    isStopped: isAsked && fetchStatus === 'idle' && (isPending || isPlaceholderData) && error === null,
  }
}

export type Answer = ReturnType<typeof useAnswer>
