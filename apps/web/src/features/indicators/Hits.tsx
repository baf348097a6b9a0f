import { Button } from '@mantine/core'
import { Link, useNavigate } from '@tanstack/react-router'
import { useMutation } from '@tanstack/react-query'
import { client, trpc } from '../../api.ts'
import { count, plural } from '../../lib/format.ts'
import { useMay } from '../../lib/me.ts'
import { sentence } from '../../lib/problem.ts'
import { useAllTenants, useOneTenant, useTenant } from '../../lib/tenant.ts'
import { List, type Column } from '../../ui/List.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { Severity } from '../../ui/Severity.tsx'
import { TenantName } from '../../ui/TenantName.tsx'
import { Time } from '../../ui/Time.tsx'
import { toast } from '../../ui/toast.tsx'
import { Mono } from '../../ui/Value.tsx'
import { type HitGroup, kindWord } from './words.ts'

/** Hits that nobody has acknowledged, one line for each indicator; nothing where there are none. */
export function Hits({ listId, hostId }: { listId?: number | undefined; hostId?: number | undefined }) {
  const found = trpc.indicators.hits.useQuery(
    {
      ...useTenant(),
      open: true,
      limit: 20,
      ...(listId !== undefined && { listId }),
      ...(hostId !== undefined && { hostId }),
    },
    { refetchInterval: 15_000 },
  )
  const all = useAllTenants()
  const mayWork = useMay('indicator:work') && !all
  if (!found.data || found.data.total === 0) return null
  const { rows, total, hits } = found.data
  return (
    <Panel
      title="Indicator hits"
      count={`${plural(total, 'indicator')} in ${plural(hits, 'row')}${rows.length < total ? `, ${rows.length} shown` : ''}`}
    >
      <List
        label="Indicator hits"
        rows={rows}
        rowKey={(row) => row.id}
        edge={(row) => row.severity}
        columns={columnsOf(all, mayWork, hostId)}
      />
    </Panel>
  )
}

const columnsOf = (all: boolean, mayWork: boolean, hostId: number | undefined): Column<HitGroup>[] => [
  { head: 'Severity', cell: (row) => <Severity level={row.severity} /> },
  { head: 'Kind', cell: (row) => kindWord(row.kind) },
  { head: 'Indicator', fill: true, cell: (row) => <Mono value={row.value} /> },
  {
    head: 'Host',
    cell: (row) => (
      <>
        <Link
          className="link"
          to="/hosts/$id"
          params={{ id: String(row.hostId) }}
          search={{ tenant: all ? row.tenantId : undefined }}
        >
          {row.host}
        </Link>
        {row.hosts > 1 && ` and ${count(row.hosts - 1)} more`}
      </>
    ),
  },
  ...(all ? [{ head: 'Tenant', cell: (row: HitGroup) => <TenantName id={row.tenantId} /> }] : []),
  { head: 'List', cell: (row) => row.list, wide: true },
  { head: 'Newest', cell: (row) => <Time at={row.last} /> },
  { head: 'Rows', num: true, cell: (row) => count(row.rows) },
  {
    head: '',
    label: 'Actions',
    num: true,
    cell: (row) => (
      <span className="row g4">
        <Link
          className="link"
          to="/hunt"
          search={{ row: row.row, query: `collection:${row.row.split('.')[0]}`, ...(all && { tenant: row.tenantId }) }}
        >
          Newest row
        </Link>
        {mayWork && <Work row={row} hostId={hostId} />}
      </span>
    ),
  },
]

function Work({ row, hostId }: { row: HitGroup; hostId: number | undefined }) {
  const utils = trpc.useUtils()
  const navigate = useNavigate()
  const tenant = useOneTenant()
  const acknowledge = useMutation({
    mutationFn: () =>
      client.indicators.acknowledge.mutate({
        ...tenant,
        indicators: [row.id],
        ...(hostId !== undefined && { hostId }),
      }),
    onSuccess: ({ acknowledged }) => {
      void utils.indicators.invalidate()
      toast({ text: `${plural(acknowledged, 'hit')} acknowledged.` })
    },
    onError: (error) => toast({ text: sentence(error) }),
  })
  const open = useMutation({
    mutationFn: () => client.indicators.toCase.mutate({ ...tenant, indicators: [row.id] }),
    onSuccess: ({ caseId }) => {
      void utils.invalidate()
      void navigate({ to: '/cases/$id', params: { id: String(caseId) } })
    },
    onError: (error) => toast({ text: sentence(error) }),
  })
  return (
    <>
      <Button
        variant="subtle"
        size="compact-xs"
        aria-label={`Acknowledge ${row.value}`}
        onClick={() => acknowledge.mutate()}
      >
        Acknowledge
      </Button>
      <Button
        variant="subtle"
        size="compact-xs"
        aria-label={`Open a case of ${row.value}`}
        onClick={() => open.mutate()}
      >
        Open a case
      </Button>
    </>
  )
}
