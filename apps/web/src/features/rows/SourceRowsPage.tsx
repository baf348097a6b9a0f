import { useParams, useSearch } from '@tanstack/react-router'
import { quoteValue } from '@velocicompanion/api/rows/input'
import { useCallback } from 'react'
import { trpc } from '../../api.ts'
import { count } from '../../lib/format.ts'
import { useTenant } from '../../lib/tenant.ts'
import { visible } from '../../ui/evidence.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { FixedPage } from '../../ui/Page.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { StatusLine } from '../../ui/StatusLine.tsx'
import { Cell, Omitted, textOfCell, valueAt } from './cells.tsx'
import type { GridColumn } from './columns.ts'
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
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = found
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  const rows = found.data?.pages.flatMap((page) => page.rows) ?? []
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
              <RowsView
                label={name}
                widths={name}
                rows={rows}
                columns={columnsOf(pages.at(-1)!.columns)}
                search={search}
                here={`collection:${id} source:${quoteValue(rows[0]!.source)}`}
                note={
                  hasNextPage
                    ? `${count(rows.length)} of ${count(total ?? 0)} shown, scroll for more`
                    : `all ${count(rows.length)} shown`
                }
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
          isFetchingNextPage && 'updating',
        ]}
        keys={keys}
      />
    </FixedPage>
  )
}

/** A dot inside a name is marked, so that no two paths have one id. */
const idOf = (path: string[]) => path.map((key) => key.replaceAll(/[\\.]/g, String.raw`\$&`)).join('.')

const columnsOf = (paths: string[][]): GridColumn<Row>[] => [
  { id: '#', name: 'Row', width: 80, cell: (row) => row.row },
  ...paths.map((path) => ({
    id: idOf(path),
    name: visible(path.join('.')),
    width: 190,
    cell: (row: Row) => (row.omitted ? <Omitted why={row.omitted} /> : <Cell value={valueAt(row.data, path)} />),
    value: (row: Row) => (row.omitted ? undefined : textOfCell(valueAt(row.data, path))),
  })),
]
