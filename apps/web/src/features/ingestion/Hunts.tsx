import { Link } from '@tanstack/react-router'
import { trpc, type Outputs } from '../../api.ts'
import { count } from '../../lib/format.ts'
import { useAllTenants, useLookAgain, useTenant } from '../../lib/tenant.ts'
import { huntAddress } from '../../lib/velociraptor.ts'
import { Dot } from '../../ui/Dot.tsx'
import { List, type Column } from '../../ui/List.tsx'
import { Meter } from '../../ui/Meter.tsx'
import { OpenInVelociraptor } from '../../ui/OpenIn.tsx'
import { Paged } from '../../ui/Paged.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { TenantName } from '../../ui/TenantName.tsx'
import { Time } from '../../ui/Time.tsx'
import { Mono } from '../../ui/Value.tsx'

type Hunt = Outputs['collections']['hunts']['rows'][number]

/** How whole each hunt is, those that lack rows first. */
export function Hunts() {
  const hunts = trpc.collections.hunts.useInfiniteQuery(
    { ...useTenant(), limit: 10 },
    { getNextPageParam: (page) => page.nextCursor, refetchInterval: useLookAgain(30_000) },
  )
  const total = hunts.data?.pages[0]?.total
  return (
    <Panel title="Hunts" count={total === undefined ? undefined : count(total)}>
      <Paged
        query={hunts}
        empty={
          <EmptyState title="No hunt yet">
            A hunt stands here with the first flow of it that arrives. A hunt that a client has not answered yet lacks
            nothing here: Velociraptor tells of it when the client does.
          </EmptyState>
        }
      >
        {(rows) => <HuntList rows={rows} />}
      </Paged>
    </Panel>
  )
}

function HuntList({ rows }: { rows: Hunt[] }) {
  const all = useAllTenants()
  const columns: (Column<Hunt> | false)[] = [
    { head: 'Hunt', fill: true, cell: (hunt) => <Name hunt={hunt} across={all} /> },
    all && { head: 'Tenant', cell: ({ tenantId }) => <TenantName id={tenantId} /> },
    {
      head: 'Server / org',
      cell: ({ server, orgId }) => (server ? `${server} / ${orgId}` : <span className="t3">not named</span>),
      wide: true,
    },
    { head: 'Hosts', num: true, cell: ({ hosts }) => count(hosts) },
    { head: 'Sources', num: true, cell: ({ sources }) => count(sources) },
    {
      head: 'Rows received of expected',
      cell: ({ rowsReceived, rowsExpected }) => <Meter received={rowsReceived} expected={rowsExpected} />,
    },
    { head: 'Collections', cell: (hunt) => <Whole hunt={hunt} across={all} /> },
    { head: 'Changed', cell: ({ updatedAt }) => <Time at={updatedAt} />, wide: true },
    {
      head: '',
      label: 'Actions',
      num: true,
      cell: (hunt) => (
        <span className="row g12">
          <Link
            className="link"
            to="/compare"
            search={{ right: `hunt:${hunt.huntId}`, tenant: all ? hunt.tenantId : undefined }}
            aria-label={`Compare hunt ${hunt.huntId}`}
          >
            Compare…
          </Link>
          <OpenInVelociraptor href={huntAddress(hunt)} what={`hunt ${hunt.huntId}`} />
        </span>
      ),
    },
  ]
  return (
    <List
      label="Hunts"
      rows={rows}
      rowKey={(hunt) => `${hunt.tenantId}.${hunt.serverId}.${hunt.huntId}`}
      edge={(hunt) => (hunt.incomplete > 0 ? 'medium' : 'none')}
      columns={columns.filter((c) => c !== false)}
    />
  )
}

const tenantOf = (hunt: Hunt, across: boolean) => (across ? { tenant: hunt.tenantId } : {})

const Name = ({ hunt, across }: { hunt: Hunt; across: boolean }) => (
  <Link to="/collections" search={{ huntId: hunt.huntId, ...tenantOf(hunt, across) }} className="plainlink b">
    <Mono value={hunt.description || hunt.huntId} />
  </Link>
)

function Whole({ hunt, across }: { hunt: Hunt; across: boolean }) {
  if (hunt.incomplete === 0)
    return hunt.rowsExpected === null ? (
      <Dot tone="hollow">{count(hunt.collections)}, nobody said how many rows</Dot>
    ) : (
      <Dot tone="ok">all {count(hunt.collections)}</Dot>
    )
  return (
    <Dot tone="warn">
      <Link
        to="/collections"
        search={{ huntId: hunt.huntId, incomplete: true, ...tenantOf(hunt, across) }}
        className="link"
      >
        {count(hunt.incomplete)} of {count(hunt.collections)} incomplete
      </Link>
    </Dot>
  )
}
