import { Button, SegmentedControl, Select } from '@mantine/core'
import { getRouteApi, Link } from '@tanstack/react-router'
import { trpc, type Outputs } from '../../api.ts'
import { bytes, count, plural } from '../../lib/format.ts'
import { useMay } from '../../lib/me.ts'
import { useAllTenants, useLookAgain, useTenant } from '../../lib/tenant.ts'
import { useTenantNames } from '../../lib/tenant-names.ts'
import { useSetSearch } from '../../lib/url.ts'
import { Dot } from '../../ui/Dot.tsx'
import { List, type Column } from '../../ui/List.tsx'
import { Paged } from '../../ui/Paged.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { Time } from '../../ui/Time.tsx'
import { Mono } from '../../ui/Value.tsx'

type Delivery = Outputs['ingestion']['deliveries']['rows'][number]

const route = getRouteApi('/app/ingestion')

/** Every delivery, newest first, by sender, by kind or only those with problems. */
export function Deliveries() {
  const { kind, sender, problems } = route.useSearch()
  const setSearch = useSetSearch<ReturnType<typeof route.useSearch>>()
  const manages = useMay('token:manage')
  const filter = {
    ...(kind !== undefined && { kind }),
    ...(sender !== undefined && { tokenId: sender }),
    ...(problems && { problems }),
  }
  const deliveries = trpc.ingestion.deliveries.useInfiniteQuery(
    { ...useTenant(), ...filter, limit: 20 },
    {
      getNextPageParam: (page) => page.nextCursor,
      placeholderData: (old) => old,
      refetchInterval: useLookAgain(15_000),
    },
  )
  const filtered = Object.keys(filter).length > 0
  const clear = () => setSearch({ kind: undefined, sender: undefined, problems: undefined })
  return (
    <Panel title="Deliveries" count="newest first">
      <div className="filterbar">
        <SegmentedControl
          aria-label="Which deliveries"
          value={problems ? 'problems' : 'all'}
          data={[
            { value: 'all', label: 'All' },
            { value: 'problems', label: 'Only with problems' },
          ]}
          onChange={(value) => setSearch({ problems: value === 'problems' || undefined })}
        />
        <Select
          aria-label="Kind of delivery"
          placeholder="Every kind"
          clearable
          data={kindChoices}
          value={kind ?? null}
          onChange={(value) => setSearch({ kind: value ?? undefined })}
          style={{ width: 170 }}
        />
        <SenderChoice value={sender} choose={(id) => setSearch({ sender: id })} />
      </div>
      <Paged
        query={deliveries}
        empty={
          filtered ? (
            <EmptyState title="No delivery matches" action={<Button onClick={clear}>Clear the filter</Button>}>
              Looked at every delivery that is kept.
            </EmptyState>
          ) : (
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
          )
        }
      >
        {(rows) => <DeliveryList rows={rows} />}
      </Paged>
    </Panel>
  )
}

/** The tokens that something was sent with. */
function SenderChoice({ value, choose }: { value: number | undefined; choose: (id: number | undefined) => void }) {
  const senders = trpc.senders.list.useQuery({ ...useTenant() })
  const names = new Map(senders.data?.rows.map(({ tokenId, token }) => [String(tokenId), token]))
  if (value !== undefined && !names.has(String(value))) names.set(String(value), `token ${value}`)
  // Across tenants an id names several tokens.
  if (useAllTenants()) return null
  return (
    <Select
      aria-label="Sender"
      placeholder="Every sender"
      clearable
      data={[...names].map(([id, label]) => ({ value: id, label }))}
      value={value === undefined ? null : String(value)}
      onChange={(id) => choose(id === null ? undefined : Number(id))}
      style={{ width: 190 }}
    />
  )
}

function DeliveryList({ rows }: { rows: Delivery[] }) {
  const all = useAllTenants()
  const { nameOf } = useTenantNames()
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
    <List
      label="Deliveries"
      rows={rows}
      rowKey={(row) => `${row.tenantId}.${row.id}`}
      columns={columns.filter((c) => c !== false)}
    />
  )
}

const kindChoices = [
  { value: 'batch', label: 'rows of a flow' },
  { value: 'uploads', label: 'list of files' },
  { value: 'logs', label: 'logs of a flow' },
  { value: 'client', label: 'start of a flow' },
  { value: 'flow_end', label: 'end of a flow' },
  { value: 'reconcile', label: 'list of flows' },
  { value: 'events', label: 'events' },
  { value: 'elastic', label: 'Elastic' },
  { value: 'splunk', label: 'Splunk' },
  { value: 'logscale', label: 'LogScale' },
  { value: 'import', label: 'imported file' },
  { value: 'ingest', label: 'document' },
]

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
