import { Button, Checkbox } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
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
import { ToCase } from './ToCase.tsx'
import { type HitGroup, kindWord } from './words.ts'
import './indicators.css'

interface HitsProps {
  listId?: number | undefined
  hostId?: number | undefined
}

/** Hits that nobody has acknowledged, one line for each indicator; nothing where there are none. */
export function Hits({ listId, hostId }: HitsProps) {
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
  const mayOpen = useMay('case:work') && mayWork
  const [ticked, setTicked] = useState<ReadonlySet<number>>(new Set())
  const [adding, setAdding] = useState<HitGroup[]>()
  const acknowledge = useAcknowledge(hostId, () => setTicked(new Set()))
  if (!found.data || found.data.total === 0) return null
  const { rows, total, hits } = found.data
  const chosen = rows.filter(({ id }) => ticked.has(id))
  const tick = (id: number) =>
    setTicked(ticked.has(id) ? new Set([...ticked].filter((one) => one !== id)) : new Set([...ticked, id]))
  const actions = chosen.length > 0 && (
    <>
      <Button variant="subtle" onClick={() => acknowledge(chosen)}>
        Acknowledge {plural(chosen.length, 'indicator')}
      </Button>
      {mayOpen && (
        <Button variant="subtle" onClick={() => setAdding(chosen)}>
          Add to case…
        </Button>
      )}
    </>
  )
  return (
    <Panel
      title="Indicator hits"
      count={`${plural(total, 'indicator')} in ${plural(hits, 'row')}${rows.length < total ? `, ${rows.length} shown` : ''}`}
      actions={actions}
    >
      {adding && <ToCase hits={adding} done={() => setTicked(new Set())} close={() => setAdding(undefined)} />}
      <List
        label="Indicator hits"
        rows={rows}
        rowKey={(row) => row.id}
        edge={(row) => row.severity}
        columns={[
          ...columnsOf(all),
          {
            head: '',
            label: 'Actions',
            num: true,
            cell: (row) => (
              <span className="row g4 hitacts">
                <NewestRow row={row} all={all} />
                {mayWork && <Quiet label={row.value} word="Acknowledge" run={() => acknowledge([row])} />}
                {mayOpen && <Quiet label={row.value} word="Case…" run={() => setAdding([row])} />}
                {mayWork && (
                  <Checkbox
                    size="xs"
                    aria-label={`Select ${row.value}`}
                    checked={ticked.has(row.id)}
                    onChange={() => tick(row.id)}
                  />
                )}
              </span>
            ),
          },
        ]}
      />
    </Panel>
  )
}

const Quiet = ({ label, word, run }: { label: string; word: string; run: () => void }) => (
  <Button variant="subtle" size="compact-xs" aria-label={`${word} ${label}`} onClick={run}>
    {word}
  </Button>
)

const NewestRow = ({ row, all }: { row: HitGroup; all: boolean }) => (
  <Link
    className="link"
    to="/hunt"
    search={{ row: row.row, query: `collection:${row.row.split('.')[0]}`, ...(all && { tenant: row.tenantId }) }}
  >
    Newest row
  </Link>
)

const columnsOf = (all: boolean): Column<HitGroup>[] => [
  { head: 'Severity', cell: (row) => <Severity level={row.severity} /> },
  { head: 'Kind', cell: (row) => kindWord(row.kind), wide: true },
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
  { head: 'List', cell: (row) => <ListAndCase row={row} all={all} />, wide: true },
  { head: 'Newest', cell: (row) => <Time at={row.last} /> },
  { head: 'Rows', num: true, cell: (row) => count(row.rows) },
]

/** The list, and the cases that it comes from or is in already. */
function ListAndCase({ row, all }: { row: HitGroup; all: boolean }) {
  const cases = [...new Set([...(row.fromCase ? [row.fromCase.id] : []), ...row.cases])]
  return (
    <>
      {row.list}
      {cases.map((id) => (
        <span key={id}>
          {' · '}
          <Link
            className="link"
            to="/cases/$id"
            params={{ id: String(id) }}
            search={{ tenant: all ? row.tenantId : undefined }}
          >
            case {id}
          </Link>
        </span>
      ))}
    </>
  )
}

function useAcknowledge(hostId: number | undefined, done: () => void) {
  const utils = trpc.useUtils()
  const tenant = useOneTenant()
  const { mutate } = useMutation({
    mutationFn: (rows: HitGroup[]) =>
      client.indicators.acknowledge.mutate({
        ...tenant,
        indicators: rows.map(({ id }) => id),
        ...(hostId !== undefined && { hostId }),
      }),
    onSuccess: ({ acknowledged }) => {
      void utils.indicators.invalidate()
      done()
      toast({ text: `${plural(acknowledged, 'hit')} acknowledged.` })
    },
    onError: (error) => toast({ text: sentence(error) }),
  })
  return mutate
}
