import { Link, useParams, useSearch } from '@tanstack/react-router'
import { quoteValue } from '@velocicompanion/api/rows/input'
import { useCallback, useMemo } from 'react'
import { trpc, type Outputs } from '../../api.ts'
import { count } from '../../lib/format.ts'
import { useAllTenants, useOneTenant, useTenant } from '../../lib/tenant.ts'
import { visible } from '../../ui/evidence.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { FixedPage } from '../../ui/Page.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { StatusLine } from '../../ui/StatusLine.tsx'
import type { GridColumn } from './columns.ts'
import { columnsOfPaths, tellingColumns } from './fieldColumns.tsx'
import type { Row } from './RowDrawer.tsx'
import { RowsView } from './RowsView.tsx'

const keys = [
  { keys: ['J', 'K'], label: 'move' },
  { keys: ['Enter'], label: 'open' },
  { keys: ['M'], label: 'value menu' },
  { keys: ['?'], label: 'all keys' },
]

/** A source of a collection as a table: its fields are the columns, in the order in which they were first seen. */
export function SourceRowsPage() {
  const id = useParams({ from: '/app/collections/$id/rows' }).id
  const search = useSearch({ from: '/app/collections/$id/rows' })
  const found = trpc.rows.list.useInfiniteQuery(
    { collectionId: Number(id), sourceId: search.source, limit: 200, ...useTenant() },
    { getNextPageParam: (last) => last.nextCursor },
  )
  const listed = found.data?.pages.flatMap((page) => page.rows) ?? []
  const source = listed[0]?.source
  const here = source === undefined ? undefined : `collection:${id} source:${quoteValue(source)}`
  const sorted = useSorted(here, search.sort)
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = sorted ?? found
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  const rows = sorted?.data?.pages.flatMap((page) => page.rows) ?? listed
  const { columns, defaults } = useColumnsOf(found.data?.pages)
  const collection = useCollection(Number(id))
  const total = found.data?.pages[0]!.total
  const name = source === undefined ? 'Rows' : visible(source)
  return (
    <FixedPage
      name={name}
      crumbs={[
        { label: 'Collections', to: '/collections' },
        { label: collection ? visible(collection.flowId) : `Collection ${id}`, to: `/collections/${id}` },
      ]}
    >
      <div style={{ position: 'relative', flex: 1, minHeight: 0, display: 'flex', flexDirection: 'column' }}>
        <Loaded query={sorted?.error ? { ...found, error: sorted.error, refetch: sorted.refetch } : found}>
          {() =>
            here === undefined ? (
              <EmptyState title="No row is kept of this source">
                What was set aside stands on the collection’s page.
              </EmptyState>
            ) : (
              <RowsView
                label={name}
                widths={name}
                rows={rows}
                columns={columns}
                search={search}
                here={here}
                sorts
                defaults={defaults}
                note={noteOf(rows.length, total ?? 0, hasNextPage)}
                onEnd={onEnd}
              />
            )
          }
        </Loaded>
      </div>
      <StatusLine
        parts={[
          total !== undefined && `${count(total)} rows kept`,
          `${count(rows.length)} shown`,
          (isFetchingNextPage || sorted?.isFetching) && 'updating',
          lacking(
            id,
            collection?.sources.find((one) => one.id === search.source),
          ),
        ]}
        keys={keys}
      />
    </FixedPage>
  )
}

type Pages = Outputs['rows']['list'][]

/** The fields of the last page, which knows the most, sized by the rows of the first. */
function useColumnsOf(pages: Pages | undefined) {
  const paths = pages?.at(-1)?.columns
  const sample = pages?.[0]?.rows
  return useMemo(() => {
    const fields = columnsOfPaths(paths ?? [], sample ?? [])
    const columns = [rowNumber, ...fields]
    return { columns, defaults: tellingColumns(columns, sample ?? []) }
  }, [paths, sample])
}

const rowNumber: GridColumn<Row> = { id: '#', name: 'Row', width: 72, cell: (row) => row.row }

/** The same rows in the order of a field; nothing while none is asked for. */
function useSorted(query: string | undefined, sort: string | undefined) {
  const found = trpc.rows.search.useInfiniteQuery(
    { query: `${query} | sortby ${sort}`, limit: 200, ...useTenant() },
    {
      enabled: query !== undefined && sort !== undefined,
      getNextPageParam: (last) => last.nextCursor ?? undefined,
      placeholderData: (old) => old,
    },
  )
  return sort === undefined ? undefined : found
}

const noteOf = (shown: number, total: number, hasMore: boolean) =>
  hasMore ? `${count(shown)} of ${count(total)} shown, scroll for more` : `all ${count(shown)} shown`

/** The row numbers' own collection; across all tenants its number says too little. */
const useCollection = (id: number) =>
  trpc.collections.get.useQuery({ id, ...useOneTenant() }, { enabled: !useAllTenants() }).data

interface Announced {
  rowsReceived: number
  rowsExpected: number | null
}

/** What the sender announced and has not delivered. */
const lacking = (id: string, source: Announced | undefined) =>
  source &&
  source.rowsExpected !== null &&
  source.rowsReceived < source.rowsExpected && (
    <Link className="warnlink" to="/collections/$id" params={{ id }}>
      <u>
        {count(source.rowsReceived)} of {count(source.rowsExpected)} rows received
      </u>
    </Link>
  )
