import { getRouteApi } from '@tanstack/react-router'
import { trpc, type Outputs } from '../../api.ts'
import { bytes as size, count } from '../../lib/format.ts'
import { useAllTenants, useTenant } from '../../lib/tenant.ts'
import { useTenantNames } from '../../lib/tenant-names.ts'
import { List, type Column } from '../../ui/List.tsx'
import { Paged } from '../../ui/Paged.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { Time } from '../../ui/Time.tsx'
import { Mono } from '../../ui/Value.tsx'
import { bytesOf, textOf } from './bytes.ts'
import { SaveBytes } from './SaveBytes.tsx'

type Line = Outputs['ingestion']['rejected']['rows'][number]

const route = getRouteApi('/app/ingestion')

/** Lines that are no rows: kept byte for byte, with the reason. */
export function Rejected() {
  const { delivery } = route.useSearch()
  const navigate = route.useNavigate()
  const lines = trpc.ingestion.rejected.useInfiniteQuery(
    { ...useTenant(), limit: 50, ...(delivery !== undefined && { deliveryId: delivery }) },
    { getNextPageParam: (page) => page.nextCursor },
  )
  const total = lines.data?.pages[0]?.total
  const showAll = delivery !== undefined && (
    <button
      type="button"
      className="linkbutton"
      onClick={() => void navigate({ search: ({ delivery: _, ...rest }) => rest })}
    >
      Show those of every delivery
    </button>
  )
  return (
    <Panel
      title="Set aside"
      id="aside"
      count={
        total === undefined ? undefined : `${count(total)}${delivery === undefined ? '' : ` of delivery ${delivery}`}`
      }
      actions={showAll}
    >
      <Paged
        query={lines}
        empty={
          <EmptyState title="Nothing was set aside" action={showAll}>
            A line that is not JSON, or is larger than 16 MB, would stand here with its reason and its bytes.
          </EmptyState>
        }
      >
        {(rows) => <Lines rows={rows} />}
      </Paged>
    </Panel>
  )
}

function Lines({ rows }: { rows: Line[] }) {
  const all = useAllTenants()
  const { nameOf } = useTenantNames()
  const columns: (Column<Line> | false)[] = [
    { head: 'Delivery', cell: ({ deliveryId }) => deliveryId },
    { head: 'Line', num: true, cell: ({ lineNumber }) => count(lineNumber) },
    { head: 'When', cell: ({ createdAt }) => <Time at={createdAt} /> },
    all && { head: 'Tenant', cell: ({ tenantId }) => nameOf(tenantId) },
    { head: 'Source', cell: ({ source }) => (source === null ? '' : <Mono value={source} />), wide: true },
    { head: 'Reason', cell: ({ reason }) => reason },
    { head: 'What arrived', wrap: true, cell: (line) => <Arrived line={line} /> },
    {
      head: '',
      label: 'Actions',
      num: true,
      cell: ({ id, tenantId, byteLength }) => <SaveBytes id={id} tenantId={tenantId} byteLength={byteLength} />,
    },
  ]
  return (
    <List
      label="Lines set aside"
      rows={rows}
      rowKey={(line) => `${line.tenantId}.${line.id}`}
      edge={() => 'medium'}
      columns={columns.filter((c) => c !== false)}
    />
  )
}

const shownBytes = 300

function Arrived({ line: { start, byteLength } }: { line: Line }) {
  const begin = bytesOf(start ?? '')
  const cut = byteLength > shownBytes
  return (
    <span>
      <Mono value={textOf(begin)} shown={textOf(begin.subarray(0, shownBytes))} />{' '}
      <span className="meta nowrap">
        {cut ? `first ${shownBytes} of ${count(byteLength)} bytes` : size(byteLength)}
      </span>
    </span>
  )
}
