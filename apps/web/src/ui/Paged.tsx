import type { ReactNode } from 'react'
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

/** A list that comes in pages: loading, failure, nothing, the rows, and how many of them are shown. */
export function Paged<Row>({ query, empty, children }: PagedProps<Row>) {
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
              hasNext={query.hasNextPage}
              loading={query.isFetchingNextPage}
              more={() => void query.fetchNextPage()}
            />
          </>
        )
      }}
    </Loaded>
  )
}
