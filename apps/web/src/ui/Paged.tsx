import { useSearch } from '@tanstack/react-router'
import { useEffect, type ReactNode } from 'react'
import { useSetSearch } from '../lib/url.ts'
import { Loaded } from './Loaded.tsx'
import { More } from './More.tsx'

interface Pages<Row> {
  data: { pages: { rows: Row[]; total?: number }[] } | undefined
  error: unknown
  refetch: () => unknown
  hasNextPage: boolean
  isFetchingNextPage: boolean
  fetchNextPage: () => unknown
}

interface PagedProps<Row> {
  query: Pages<Row>
  /** What stands here while there is no row. */
  empty: ReactNode
  children: (rows: Row[]) => ReactNode
}

/** A list that comes in pages, as many as the address says: loading, failure, nothing, the rows, and how many are shown. */
export function Paged<Row>({ query, empty, children }: PagedProps<Row>) {
  const wanted = useSearch({ strict: false, select: (search) => (search as { pages?: number }).pages }) ?? 1
  const setSearch = useSetSearch<{ pages?: number }>()
  const { hasNextPage, isFetchingNextPage, fetchNextPage, error } = query
  const loaded = query.data?.pages.length ?? 0
  useEffect(() => {
    if (loaded > 0 && loaded < wanted && hasNextPage && !isFetchingNextPage && !error) void fetchNextPage()
  }, [loaded, wanted, hasNextPage, isFetchingNextPage, fetchNextPage, error])
  return (
    <Loaded query={query}>
      {({ pages }) => {
        const rows = pages.flatMap((page) => page.rows)
        if (rows.length === 0) return empty
        return (
          <>
            {children(rows)}
            <More
              shown={rows.length}
              total={pages[0]?.total}
              hasNext={hasNextPage}
              loading={isFetchingNextPage}
              more={() => {
                setSearch({ pages: loaded + 1 }, true)
                void fetchNextPage()
              }}
            />
          </>
        )
      }}
    </Loaded>
  )
}
