import { Link } from '@tanstack/react-router'
import type { Outputs } from '../../api.ts'
import { count } from '../../lib/format.ts'
import { useAllTenants } from '../../lib/tenant.ts'
import { Dot } from '../../ui/Dot.tsx'
import { List } from '../../ui/List.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { TenantName } from '../../ui/TenantName.tsx'
import { Time } from '../../ui/Time.tsx'
import { useWholeHome } from './useNeeds.ts'

type Health = Outputs['collections']['whole']['tenants'][number]

/** How each tenant in sight does, in words and numbers. */
export function HealthByTenant() {
  const all = useAllTenants()
  const found = useWholeHome()
  const title = all ? 'Tenants' : 'Health'
  return (
    <Panel
      title={title}
      actions={
        <Link className="link" to="/ingestion">
          Ingestion
        </Link>
      }
    >
      <Loaded query={found}>
        {({ tenants: rows }) =>
          rows.length === 0 ? (
            <EmptyState title="No host yet">A host is known from its first delivery on.</EmptyState>
          ) : (
            <List
              label={title}
              rows={rows}
              rowKey={({ tenantId }) => tenantId}
              columns={[
                { head: 'Tenant', wrap: true, cell: (row) => <Tenant row={row} /> },
                { head: 'Reporting', num: true, cell: (row) => `${count(row.reporting)} of ${count(row.hosts)}` },
                { head: 'Newest', cell: ({ newest }) => <Time at={newest} /> },
                { head: 'Deliveries', cell: (row) => <Deliveries row={row} /> },
              ]}
            />
          )
        }
      </Loaded>
    </Panel>
  )
}

const Tenant = ({ row: { tenantId } }: { row: Health }) =>
  useAllTenants() ? (
    <Link className="plainlink" to="/" search={{ tenant: tenantId }}>
      <TenantName id={tenantId} />
    </Link>
  ) : (
    <TenantName id={tenantId} />
  )

function Deliveries({ row: { incomplete, setAside } }: { row: Health }) {
  if (incomplete === 0 && setAside === 0) return <Dot tone="ok">Complete</Dot>
  return (
    <>
      {incomplete > 0 && <Dot tone="warn">{`${count(incomplete)} incomplete`}</Dot>}
      {incomplete > 0 && setAside > 0 && <br />}
      {setAside > 0 && <Dot tone="warn">{`${count(setAside)} set aside`}</Dot>}
    </>
  )
}
