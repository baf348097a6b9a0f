import { useState } from 'react'
import { Link } from '@tanstack/react-router'
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
import { Mono } from '../../ui/Value.tsx'
import { CollectionTable } from '../collections/CollectionTable.tsx'
import { LastSeen, isLate } from '../hosts/LastSeen.tsx'
import { Pinned } from '../searches/Pinned.tsx'
import { StoppedSenders } from '../senders/StoppedSenders.tsx'
import { NextToken } from '../tokens/NextToken.tsx'

export function HomePage() {
  const [opened] = useState(() => new Date())
  const tenant = useTenant()
  const hosts = trpc.hosts.list.useQuery({ ...tenant, limit: 8 })
  const sub = `${plainTime(opened)}.${hosts.data ? ` ${plural(hosts.data.total, 'host')}.` : ''}`
  return (
    <Page title="Home" sub={sub}>
      <div className="grid" style={{ gridTemplateColumns: 'minmax(0, 1fr) 400px', alignItems: 'start' }}>
        <div className="stack">
          <StoppedSenders />
          <Incomplete />
          <Arrived />
        </div>
        <div className="stack">
          <Pinned />
          <RecentCases />
          <QuietHosts />
        </div>
      </div>
    </Page>
  )
}

function Incomplete() {
  const found = trpc.collections.list.useQuery({ ...useTenant(), incomplete: true, limit: 8 })
  return (
    <Panel
      title="Needs you now"
      count={found.data && `${plural(found.data.total, 'incomplete collection')}`}
      actions={
        <Link className="link" to="/collections" search={{ incomplete: true }}>
          Show all
        </Link>
      }
    >
      <Loaded query={found}>
        {({ rows }) =>
          rows.length === 0 ? (
            <EmptyState title="Nothing is incomplete">No announced row is missing.</EmptyState>
          ) : (
            <CollectionTable rows={rows} withHost beside />
          )
        }
      </Loaded>
    </Panel>
  )
}

function Arrived() {
  const found = trpc.collections.list.useQuery({ ...useTenant(), limit: 12 })
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

/** The hosts that have been silent for longest, where that is more than a day. */
function QuietHosts() {
  const found = trpc.hosts.list.useQuery({ ...useTenant(), order: 'asc', limit: 6 })
  const all = useAllTenants()
  return (
    <Panel
      title="Quiet for more than a day"
      actions={
        <Link className="link" to="/hosts" search={{ direction: 'asc' }}>
          Show hosts
        </Link>
      }
    >
      <Loaded query={found}>
        {({ rows }) => {
          const late = rows.filter((host) => isLate(host.lastSeen))
          if (rows.length === 0)
            return <EmptyState title="No host yet">A host is known from its first delivery on.</EmptyState>
          if (late.length === 0)
            return <EmptyState title="No host is late">Every known host was seen within 24 hours.</EmptyState>
          return (
            <List
              label="Quiet hosts"
              rows={late}
              rowKey={(host) => host.id}
              columns={[
                {
                  head: 'Host',
                  cell: (host) => (
                    <Link
                      className="link"
                      to="/hosts/$id"
                      params={{ id: String(host.id) }}
                      search={{ tenant: all ? host.tenantId : undefined }}
                    >
                      <Mono value={host.hostname} />
                    </Link>
                  ),
                },
                { head: 'Last seen', cell: (host) => <LastSeen at={host.lastSeen} /> },
              ]}
            />
          )
        }}
      </Loaded>
    </Panel>
  )
}
