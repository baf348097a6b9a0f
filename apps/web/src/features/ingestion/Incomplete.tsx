import { Link } from '@tanstack/react-router'
import { count } from '../../lib/format.ts'
import { trpc } from '../../api.ts'
import { CollectionTable } from '../collections/CollectionTable.tsx'
import { useAllTenants, useLookAgain, useTenant } from '../../lib/tenant.ts'
import { useTenantNames } from '../../lib/tenant-names.ts'
import { List, type Column } from '../../ui/List.tsx'
import { Meter } from '../../ui/Meter.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { Time } from '../../ui/Time.tsx'
import { Mono } from '../../ui/Value.tsx'
import type { Overview } from './IngestionPage.tsx'

type Source = Overview['incomplete']['rows'][number]

const most = 8

/** Collections that lack rows, as the home page and the list of collections count them. */
export function useIncomplete() {
  return trpc.collections.list.useQuery(
    { ...useTenant(), incomplete: true, limit: most },
    { refetchInterval: useLookAgain(15_000) },
  )
}

/** Nothing where nothing is missing: the card above says so. */
export function IncompleteCollections() {
  const { data } = useIncomplete()
  if (!data || data.total === 0) return null
  return (
    <Panel
      title="Incomplete collections"
      count={
        data.rows.length < data.total ? `${count(data.rows.length)} of ${count(data.total)} shown` : count(data.total)
      }
      actions={
        <Link className="link" to="/collections" search={{ incomplete: true }}>
          Show all
        </Link>
      }
    >
      <CollectionTable rows={data.rows} withHost />
    </Panel>
  )
}

/** Sources of which the sender announced more rows than arrived. */
export function Incomplete({ rows, total }: Overview['incomplete']) {
  const all = useAllTenants()
  const { nameOf } = useTenantNames()
  const columns: (Column<Source> | false)[] = [
    { head: 'Source', fill: true, cell: (row) => <SourceLink row={row} across={all} /> },
    { head: 'Host', cell: ({ hostname }) => <Mono value={hostname} /> },
    all && { head: 'Tenant', cell: ({ tenantId }) => nameOf(tenantId) },
    { head: 'Flow', cell: ({ flowId }) => <span className="mono t2">{flowId}</span>, wide: true },
    {
      head: 'Rows received of expected',
      cell: ({ rowsReceived, rowsExpected }) => <Meter received={rowsReceived} expected={rowsExpected} />,
    },
    { head: 'Last change', cell: ({ updatedAt }) => <Time at={updatedAt} /> },
  ]
  return (
    <Panel
      title="Incomplete sources"
      count={rows.length < total ? `${count(rows.length)} of ${count(total)} shown` : count(total)}
    >
      <List
        label="Incomplete sources"
        rows={rows}
        rowKey={(row) => `${row.tenantId}.${row.collectionId}.${row.sourceId}`}
        edge={() => 'medium'}
        columns={columns.filter((c) => c !== false)}
      />
    </Panel>
  )
}

function SourceLink({ row, across }: { row: Source; across: boolean }) {
  return (
    <Link
      to="/collections/$id"
      params={{ id: String(row.collectionId) }}
      search={across ? { tenant: row.tenantId } : {}}
      className="plainlink b"
    >
      <Mono value={row.source} />
      {row.kind !== 'rows' && <span className="meta"> {row.kind}</span>}
    </Link>
  )
}
