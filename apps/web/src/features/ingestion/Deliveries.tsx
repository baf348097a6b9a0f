import { Link } from '@tanstack/react-router'
import { bytes, count, plural } from '../../lib/format.ts'
import { useMay } from '../../lib/me.ts'
import { useAllTenants } from '../../lib/tenant.ts'
import { useTenantNames } from '../../lib/tenant-names.ts'
import { Dot } from '../../ui/Dot.tsx'
import { List, type Column } from '../../ui/List.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { Time } from '../../ui/Time.tsx'
import { Mono } from '../../ui/Value.tsx'
import type { Overview } from './IngestionPage.tsx'

type Delivery = Overview['deliveries'][number]

export function Deliveries({ rows }: { rows: Delivery[] }) {
  const all = useAllTenants()
  const { nameOf } = useTenantNames()
  const manages = useMay('token:manage')
  const columns: (Column<Delivery> | false)[] = [
    { head: 'Delivery', cell: ({ id }) => <b className="b">{id}</b> },
    { head: 'Received', cell: ({ receivedAt }) => <Time at={receivedAt} /> },
    all && { head: 'Tenant', cell: ({ tenantId }) => nameOf(tenantId) },
    { head: 'Source', fill: true, cell: (row) => <What row={row} across={all} /> },
    { head: 'Host', cell: ({ hostname }) => (hostname === null ? '' : <Mono value={hostname} />) },
    { head: 'Rows', num: true, cell: (row) => <Rows row={row} /> },
    !all && {
      head: 'Size',
      num: true,
      cell: (row) => <span title={`${count(row.bytes)} bytes`}>{bytes(row.bytes)}</span>,
      wide: true,
    },
    { head: 'Sender', cell: ({ token }) => token ?? '', wide: true },
    { head: 'State', cell: (row) => <State row={row} across={all} /> },
  ]
  return (
    <Panel title="Deliveries" count={rows.length > 0 ? `newest ${count(rows.length)} shown` : undefined}>
      {rows.length === 0 ? (
        <EmptyState
          title="Nothing arrived yet"
          action={
            manages && (
              <Link to="/admin/tokens" className="linkbutton">
                Connect a Velociraptor server
              </Link>
            )
          }
        >
          Every delivery stands here as soon as it is stored. This page looks by itself.
        </EmptyState>
      ) : (
        <List
          label="Deliveries"
          rows={rows}
          rowKey={(row) => `${row.tenantId}.${row.id}`}
          columns={columns.filter((c) => c !== false)}
        />
      )}
    </Panel>
  )
}

const kinds: Record<string, string> = {
  client: 'start of a flow',
  hunt: 'start of a flow',
  flow: 'start of a flow',
  flow_end: 'end of a flow',
  reconcile: 'list of flows',
}

function What({ row, across }: { row: Delivery; across: boolean }) {
  const name =
    row.source === null ? <span className="t2">{kinds[row.kind] ?? row.kind}</span> : <Mono value={row.source} />
  if (row.collectionId === null) return name
  return (
    <Link
      to="/collections/$id"
      params={{ id: String(row.collectionId) }}
      search={across ? { tenant: row.tenantId } : {}}
      className="plainlink"
    >
      {name}
    </Link>
  )
}

function Rows({ row: { rows, rowsStored, rowsKnown } }: { row: Delivery }) {
  if (rows === 0) return <span className="t3">none</span>
  if (rowsKnown === rows) return <span className="t2">nothing new of {count(rows)}</span>
  return rowsStored === rows ? count(rows) : `${count(rowsStored)} of ${count(rows)}`
}

function State({ row, across }: { row: Delivery; across: boolean }) {
  if (row.completedAt === null) return <Dot tone="warn">under way or broken off</Dot>
  if (row.rowsRejected > 0) {
    return (
      <Dot tone="warn">
        <Link
          to="/ingestion"
          search={{ delivery: row.id, ...(across && { tenant: row.tenantId }) }}
          hash="aside"
          className="link"
        >
          {plural(row.rowsRejected, 'set aside', 'set aside')}
        </Link>
      </Dot>
    )
  }
  return row.rows > 0 && row.rowsKnown === row.rows ? <Dot tone="hollow">repeat</Dot> : <Dot tone="ok">stored</Dot>
}
