import { Link } from '@tanstack/react-router'
import type { Outputs } from '../../api.ts'
import { useAllTenants } from '../../lib/tenant.ts'
import { List, type Column } from '../../ui/List.tsx'
import { Meter } from '../../ui/Meter.tsx'
import { TenantName } from '../../ui/TenantName.tsx'
import { Time } from '../../ui/Time.tsx'
import { Mono } from '../../ui/Value.tsx'

type Row = Outputs['collections']['list']['rows'][number]

interface TableProps {
  rows: Row[]
  withHost?: boolean
  /** Another panel stands beside it: across tenants it has no room for who asked, and none for the time where it is narrow. */
  beside?: boolean
}

export function CollectionTable({ rows, withHost = false, beside = false }: TableProps) {
  const all = useAllTenants()
  const tenantOf = (row: Row) => ({ tenant: all ? row.tenantId : undefined })
  const columns: Column<Row>[] = [
    {
      head: 'Flow',
      width: 170,
      cell: (row) => (
        <Link className="link" to="/collections/$id" params={{ id: String(row.id) }} search={tenantOf(row)}>
          <Mono value={row.flowId} />
        </Link>
      ),
    },
    {
      head: 'Artifacts',
      fill: true,
      cell: ({ artifacts }) =>
        artifacts.length === 0 ? (
          <span className="t3">not known</span>
        ) : (
          <Mono
            value={artifacts.join(', ')}
            shown={artifacts.slice(0, 2).join(', ') + (artifacts.length > 2 ? ', …' : '')}
          />
        ),
    },
    ...(withHost
      ? [
          {
            head: 'Host',
            width: 130,
            cell: (row: Row) => (
              <Link className="link" to="/hosts/$id" params={{ id: String(row.hostId) }} search={tenantOf(row)}>
                <Mono value={row.hostname} />
              </Link>
            ),
          },
        ]
      : []),
    ...(all ? [{ head: 'Tenant', cell: (row: Row) => <TenantName id={row.tenantId} /> }] : []),
    ...(all && beside ? [] : [askedBy]),
    { head: 'Changed (UTC)', width: 130, wide: all && beside, cell: (row) => <Time at={row.updatedAt} form="day" /> },
    {
      head: 'Rows received of expected',
      width: 180,
      cell: (row) => <Meter received={row.rowsReceived} expected={row.rowsExpected} />,
    },
  ]
  return <List label="Collections" rows={rows} rowKey={(row) => row.id} columns={columns} />
}

const askedBy: Column<Row> = { head: 'Asked by', width: 210, wide: true, cell: (row) => <AskedBy row={row} /> }

function AskedBy({ row }: { row: Row }) {
  const who = row.huntDescription || row.huntId || row.creator
  return who ? (
    <span className="trunc askedby">
      <Mono value={who} />
    </span>
  ) : (
    <span className="t3">not known</span>
  )
}
