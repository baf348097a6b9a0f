import { useParams, useSearch } from '@tanstack/react-router'
import { useCallback } from 'react'
import { trpc } from '../../api.ts'
import { count } from '../../lib/format.ts'
import { useTenant } from '../../lib/tenant.ts'
import { useSetSearch } from '../../lib/url.ts'
import { visible } from '../../ui/evidence.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { FixedPage } from '../../ui/Page.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { StatusLine } from '../../ui/StatusLine.tsx'
import { Cell, Omitted, valueAt } from './cells.tsx'
import { RowDrawer, type Row } from './RowDrawer.tsx'
import { RowGrid, type GridColumn } from './RowGrid.tsx'

const keys = [
  { keys: ['J', 'K'], label: 'move' },
  { keys: ['Enter'], label: 'open' },
  { keys: ['Esc'], label: 'close' },
]

/** A source of a collection as a table: its fields are the columns, in the order in which they were first seen. */
export function SourceRowsPage() {
  const id = useParams({ from: '/app/collections/$id/rows' }).id
  const search = useSearch({ from: '/app/collections/$id/rows' })
  const setSearch = useSetSearch<typeof search>()
  const found = trpc.rows.list.useInfiniteQuery(
    { collectionId: Number(id), sourceId: search.source, limit: 200, ...useTenant() },
    { getNextPageParam: (last) => last.nextCursor },
  )
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = found
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  const rows = found.data?.pages.flatMap((page) => page.rows) ?? []
  const open = rows.find((row) => row.id === search.row)
  const onOpen = (row: Row | undefined) => setSearch({ row: row?.id }, search.row !== undefined)
  const total = found.data?.pages[0]!.total
  const name = rows[0] ? visible(rows[0].source) : 'Rows'
  return (
    <FixedPage
      name={name}
      crumbs={[
        { label: 'Collections', to: '/collections' },
        { label: `Collection ${id}`, to: `/collections/${id}` },
      ]}
    >
      <div style={{ position: 'relative', flex: 1, minHeight: 0, display: 'flex', flexDirection: 'column' }}>
        <Loaded query={found}>
          {({ pages }) =>
            rows.length === 0 ? (
              <EmptyState title="No row is kept of this source">
                What was set aside stands on the collection’s page.
              </EmptyState>
            ) : (
              <RowGrid
                label={name}
                rows={rows}
                columns={columnsOf(pages.at(-1)!.columns)}
                rowKey={(row) => row.id}
                open={search.row}
                onOpen={onOpen}
                onEnd={onEnd}
              />
            )
          }
        </Loaded>
        {open && <RowDrawer key={open.id} row={open} onClose={() => onOpen(undefined)} />}
      </div>
      <StatusLine
        parts={[
          total !== undefined && `${count(total)} rows kept`,
          `${count(rows.length)} shown`,
          isFetchingNextPage && 'updating',
        ]}
        keys={keys}
      />
    </FixedPage>
  )
}

const columnsOf = (paths: string[][]): GridColumn<Row>[] => [
  { id: 'row', name: 'Row', width: 80, cell: (row) => row.row },
  ...paths.map((path) => ({
    id: JSON.stringify(path),
    name: visible(path.join('.')),
    width: 190,
    cell: (row: Row) => (row.omitted ? <Omitted why={row.omitted} /> : <Cell value={valueAt(row.data, path)} />),
  })),
]
