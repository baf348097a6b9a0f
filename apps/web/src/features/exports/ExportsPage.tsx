import './exports.css'
import { Link } from '@tanstack/react-router'
import { trpc } from '../../api.ts'
import { bytes, count, plural } from '../../lib/format.ts'
import { useMe } from '../../lib/me.ts'
import { useTenantNames } from '../../lib/tenant-names.ts'
import { Dot } from '../../ui/Dot.tsx'
import { List, type Column } from '../../ui/List.tsx'
import { Page } from '../../ui/Page.tsx'
import { Paged } from '../../ui/Paged.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { Time } from '../../ui/Time.tsx'
import { Mono } from '../../ui/Value.tsx'
import { ExportActions } from './ExportActions.tsx'
import { Progress } from './Progress.tsx'
import { type Export, formatName, isOpen, stateOf } from './words.ts'

export function ExportsPage() {
  const found = trpc.exports.list.useInfiniteQuery(
    { limit: 50 },
    {
      getNextPageParam: (page) => page.nextCursor,
      refetchInterval: ({ state }) => (state.data?.pages.some(({ rows }) => rows.some(isOpen)) ? 1000 : 15_000),
    },
  )
  const total = found.data?.pages[0]?.total
  return (
    <Page
      title="Exports"
      sub="Files of rows that you asked for. Only you see them; each is kept for 3 days and holds the rows that were stored when it began."
    >
      <Panel title="Your exports" count={total === undefined ? undefined : count(total)}>
        <Paged
          query={found}
          empty={
            <EmptyState title="No export yet" action={<Link to="/hunt">Hunt</Link>}>
              Search for rows, then choose Export above them.
            </EmptyState>
          }
        >
          {(rows) => <ExportList rows={rows} />}
        </Paged>
      </Panel>
    </Page>
  )
}

function ExportList({ rows }: { rows: Export[] }) {
  const me = useMe()
  const { nameOf } = useTenantNames()
  const others = rows.some(({ ofTenant }) => ofTenant !== me.tenantId)
  const columns: (Column<Export> | false)[] = [
    { head: 'Rows of', fill: true, cell: (row) => <Asked row={row} /> },
    others && {
      head: 'Tenant',
      cell: ({ ofTenant }) => (ofTenant === null ? 'all tenants' : ofTenant === me.tenantId ? 'own' : nameOf(ofTenant)),
    },
    { head: 'Format', cell: ({ format }) => formatName[format] },
    { head: 'Asked', cell: ({ createdAt }) => <Time at={createdAt} /> },
    { head: 'As of', cell: ({ asOf }) => <Time at={asOf} form="day" none="not begun" />, wide: true },
    { head: 'Rows', num: true, cell: ({ rows: n, of }) => (of === 'group' ? plural(n, of) : count(n)) },
    { head: 'Size', num: true, cell: (row) => <span title={`${count(row.bytes)} bytes`}>{bytes(row.bytes)}</span> },
    { head: 'State', wrap: true, cell: (row) => <State row={row} /> },
    { head: '', label: 'Actions', num: true, cell: (row) => <ExportActions row={row} /> },
  ]
  return (
    <List
      label="Your exports"
      rows={rows}
      rowKey={({ id }) => id}
      columns={columns.filter((column) => column !== false)}
    />
  )
}

function Asked({ row: { query, fromTime, toTime } }: { row: Export }) {
  const times = [fromTime && `from ${fromTime}`, toTime && `to ${toTime}`].filter(Boolean).join(' ')
  return (
    <>
      <Link
        to="/hunt"
        search={{ query: query || undefined, from: fromTime ?? undefined, to: toTime ?? undefined }}
        className="plainlink"
      >
        {query === '' ? 'every row' : <Mono value={query} />}
      </Link>
      {times && <span className="meta"> {times}</span>}
    </>
  )
}

function State({ row }: { row: Export }) {
  const { tone, words } = stateOf(row)
  return (
    <>
      <Dot tone={tone}>{words}</Dot>
      {row.state === 'running' && <Progress row={row} />}
      {row.notes.map((note) => (
        <div key={note} className="meta">
          {note}
        </div>
      ))}
      {row.sha256 && (
        <div className="meta">
          SHA-256 <Mono value={row.sha256} shown={`${row.sha256.slice(0, 16)}…`} />
        </div>
      )}
    </>
  )
}
