import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { trpc } from '../../api.ts'
import { count, plainTime, plural } from '../../lib/format.ts'
import { useMay } from '../../lib/me.ts'
import { useAllTenants, useTenant } from '../../lib/tenant.ts'
import { List } from '../../ui/List.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { Page } from '../../ui/Page.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { Severity } from '../../ui/Severity.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { Time } from '../../ui/Time.tsx'
import { CollectionTable } from '../collections/CollectionTable.tsx'
import { Hits } from '../indicators/Hits.tsx'
import { Pinned } from '../searches/Pinned.tsx'
import { NextToken } from '../tokens/NextToken.tsx'
import { Arriving } from './Arriving.tsx'
import { HealthByTenant } from './HealthByTenant.tsx'
import { Needs } from './Needs.tsx'
import { RareAndNew } from './RareAndNew.tsx'
import { useWholeHome } from './useNeeds.ts'
import './home.css'

export function HomePage() {
  const [opened] = useState(() => new Date())
  const whole = useWholeHome()
  const all = useAllTenants()
  const tenants = all && whole.data ? `${plural(whole.data.tenants.length, 'tenant')} with hosts, ` : ''
  const holds = whole.data
    ? ` ${tenants}${plural(whole.data.hosts, 'host')}, ${plural(whole.data.rows, 'row')} kept.`
    : ''
  return (
    <Page
      title="Home"
      sub={`${plainTime(opened)}.${holds}`}
      actions={
        <Button component={Link} to="/hunt">
          New hunt
        </Button>
      }
    >
      <div className="grid home">
        <div className="stack">
          <Hits />
          <Needs />
          <RareAndNew />
          <Arrived />
        </div>
        <div className="stack">
          <HealthByTenant />
          <Arriving />
          <Pinned />
          <RecentCases />
        </div>
      </div>
    </Page>
  )
}

function Arrived() {
  const found = trpc.collections.list.useQuery({ ...useTenant(), limit: 6 })
  return (
    <Panel
      title="What arrived"
      count="newest first"
      actions={
        <Link className="link" to="/collections">
          All collections
        </Link>
      }
    >
      <Loaded query={found}>
        {({ rows }) =>
          rows.length === 0 ? (
            <EmptyState title="Nothing has arrived yet" action={<NextToken />}>
              Rows appear here with the first delivery.
            </EmptyState>
          ) : (
            <CollectionTable rows={rows} withHost beside />
          )
        }
      </Loaded>
    </Panel>
  )
}

const openOne = (
  <Link className="link" to="/cases" search={{ create: true }}>
    Open a case…
  </Link>
)

function RecentCases() {
  const found = trpc.cases.list.useQuery({ ...useTenant(), limit: 6 })
  const all = useAllTenants()
  const mayWork = useMay('case:work') && !all
  return (
    <Panel
      title="Recent cases"
      count={found.data && count(found.data.total)}
      actions={
        <Link className="link" to="/cases">
          All cases
        </Link>
      }
    >
      <Loaded query={found}>
        {({ rows }) =>
          rows.length === 0 ? (
            <EmptyState title="No case yet" action={mayWork && openOne}>
              A case keeps what an investigation found.
            </EmptyState>
          ) : (
            <List
              label="Recent cases"
              rows={rows}
              rowKey={(row) => row.id}
              edge={(row) => (row.status === 'closed' ? 'none' : row.severity)}
              columns={[
                {
                  head: 'Case',
                  wrap: true,
                  cell: (row) => (
                    <Link
                      className="link"
                      to="/cases/$id"
                      params={{ id: String(row.id) }}
                      search={{ tenant: all ? row.tenantId : undefined }}
                    >
                      {row.title}
                    </Link>
                  ),
                },
                { head: 'Severity', cell: (row) => <Severity level={row.severity} /> },
                { head: 'Saved', cell: (row) => <Time at={row.updatedAt} /> },
              ]}
            />
          )
        }
      </Loaded>
    </Panel>
  )
}
