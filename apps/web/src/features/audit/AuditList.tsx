import { useTenantNames } from '../../lib/tenant-names.ts'
import { List, type Column } from '../../ui/List.tsx'
import { Time } from '../../ui/Time.tsx'
import { Mono } from '../../ui/Value.tsx'

/** The recorded detail is any JSON: its inferred type is endless, so it is unknown here. */
export interface Event {
  id: number
  tenantId: number
  at: string
  actor: string
  action: string
  detail: unknown
  address: string | null
}

export function AuditList({ rows, withTenant }: { rows: Event[]; withTenant: boolean }) {
  const { nameOf } = useTenantNames()
  const columns: (Column<Event> | false)[] = [
    {
      head: 'Time (UTC)',
      cell: ({ at }) => (
        <span className="mono">
          <Time at={at} form="exact" />
        </span>
      ),
    },
    { head: 'Who', cell: ({ actor }) => actor },
    { head: 'Action', cell: ({ action }) => <span className="mono">{action}</span> },
    withTenant && { head: 'Tenant', cell: ({ tenantId }) => nameOf(tenantId) },
    { head: 'What', wrap: true, cell: ({ detail }) => <Detail detail={detail} /> },
    { head: 'From', cell: ({ address }) => address && <span className="mono t2">{address}</span>, wide: true },
  ]
  return <List label="Audit log" rows={rows} rowKey={(e) => e.id} columns={columns.filter((c) => c !== false)} />
}

/** The recorded facts as they are: key, value, key, value. */
function Detail({ detail }: { detail: unknown }) {
  if (!detail || typeof detail !== 'object') return null
  return (
    <span className="row wrap" style={{ gap: '0 12px' }}>
      {Object.entries(detail).map(([key, value]) => (
        <span key={key}>
          <span className="t3">{key}</span>{' '}
          <Mono value={typeof value === 'string' ? value : (JSON.stringify(value) ?? '')} />
        </span>
      ))}
    </span>
  )
}
