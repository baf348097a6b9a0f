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
  const columns = useColumnsOf(found.data?.pages)
  const collection = useCollection(Number(id))
  const total = found.data?.pages[0]!.total
  const name = rows[0] ? visible(rows[0].source) : 'Rows'
  return (
    <FixedPage
      name={name}
      crumbs={[
        { label: 'Collections', to: '/collections' },
        { label: collection ? visible(collection.flowId) : `Collection ${id}`, to: `/collections/${id}` },
      ]}
    >
      <div style={{ position: 'relative', flex: 1, minHeight: 0, display: 'flex', flexDirection: 'column' }}>
        <Loaded query={found}>
          {() =>
            rows.length === 0 ? (
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

/** A dot inside a name is marked, so that no two paths have one id. */
const idOf = (path: string[]) => path.map((key) => key.replaceAll(/[\\.]/g, String.raw`\$&`)).join('.')

const charWidth = 7.9
const padding = 22

/** As wide as the first page needs, within reason. */
const widthOf = (texts: string[]) => {
  const longest = Math.max(...texts.map((text) => text.length))
  return Math.max(72, Math.min(380, Math.ceil(longest * charWidth) + padding))
}

type Pages = Outputs['rows']['list'][]

/** The fields of the last page, which knows the most, sized by the rows of the first. */
function useColumnsOf(pages: Pages | undefined): GridColumn<Row>[] {
  const paths = pages?.at(-1)?.columns
  const sample = pages?.[0]?.rows
  return useMemo(() => {
    const shownPaths = (paths ?? []).map((path) => {
      const value = (row: Row) => (row.omitted ? undefined : valueAt(row.data, path))
      const name = visible(path.join('.'))
      return {
        id: idOf(path),
        name,
        width: widthOf([name, ...(sample ?? []).slice(0, 50).map((row) => textOfCell(value(row)) ?? 'not present')]),
        cell: (row: Row) => (row.omitted ? <Omitted why={row.omitted} /> : <Cell value={value(row)} />),
        value: (row: Row) => textOfCell(value(row)),
      }
    })
    return [{ id: '#', name: 'Row', width: 72, cell: (row: Row) => row.row }, ...shownPaths]
  }, [paths, sample])
}

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
