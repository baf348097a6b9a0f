import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { IndicatorKind } from '@velocicompanion/api/indicators/input'
import { quoteValue } from '@velocicompanion/api/rows/input'
import { useState } from 'react'
import { client, trpc, type Outputs } from '../../api.ts'
import { count, plural } from '../../lib/format.ts'
import { useMay } from '../../lib/me.ts'
import { sentence } from '../../lib/problem.ts'
import { useAllTenants, useTenant } from '../../lib/tenant.ts'
import { List, type Column } from '../../ui/List.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { TenantName } from '../../ui/TenantName.tsx'
import { Time } from '../../ui/Time.tsx'
import { toast } from '../../ui/toast.tsx'
import { Mono } from '../../ui/Value.tsx'
import { AddToCase } from '../cases/AddToCase.tsx'
import { kindWord, type Swept } from './words.ts'

export interface SweptValue {
  kind: IndicatorKind
  value: string
}
type Hit = Swept['hits'][number]

interface SweepResultProps {
  values: SweptValue[]
  save: (() => void) | undefined
  close: () => void
}

/** Where pasted values were seen. Nothing of it is kept. */
export function SweepResult({ values, save, close }: SweepResultProps) {
  const found = trpc.indicators.sweep.useQuery(
    { ...useTenant(), values: values.map(({ value }) => value) },
    { staleTime: Infinity, refetchOnWindowFocus: false },
  )
  const all = useAllTenants()
  return (
    <Panel
      title="Sweep"
      actions={
        <>
          {found.data && found.data.hits.length > 0 && <OfHits swept={found.data} />}
          {save && (
            <Button variant="default" onClick={save}>
              Save as list…
            </Button>
          )}
          <Button variant="subtle" onClick={close}>
            Close
          </Button>
        </>
      }
    >
      <Loaded query={found}>{(swept) => <Answer swept={swept} values={values} all={all} />}</Loaded>
    </Panel>
  )
}

const mostAsked = 100
const mostAdded = 200

/** The rows of what was seen, to look at and to hold in a case. */
function OfHits({ swept }: { swept: Swept }) {
  const tenant = useTenant()
  const all = useAllTenants()
  const mayAdd = useMay('case:work') && !all
  const [rows, setRows] = useState<Outputs['rows']['search']['rows']>()
  const seen = [...new Set(swept.hits.map(({ value }) => value))]
  const query = seen.slice(0, mostAsked).map(quoteValue).join(' OR ')
  const add = useMutation({
    mutationFn: () => client.rows.search.query({ ...tenant, query, limit: mostAdded }),
    onSuccess: (found) => {
      setRows(found.rows)
      if (found.total > found.rows.length)
        toast({ text: `The newest ${mostAdded} of ${plural(found.total, 'row')} are taken.` })
    },
    onError: (error) => toast({ text: sentence(error) }),
  })
  return (
    <>
      <Link className="link" to="/hunt" search={{ query, ...(all && { tenant: 'all' as const }) }}>
        {seen.length > mostAsked ? `Open the rows of the first ${mostAsked} values in Hunt` : 'Open the rows in Hunt'}
      </Link>
      {mayAdd && (
        <Button variant="default" loading={add.isPending} onClick={() => add.mutate()}>
          Add hits to a case…
        </Button>
      )}
      {rows && (
        <AddToCase rows={rows} value={seen.length === 1 ? seen[0] : undefined} close={() => setRows(undefined)} />
      )}
    </>
  )
}

function Answer({ swept, values, all }: { swept: Swept; values: SweptValue[]; all: boolean }) {
  const { hits, leftOut, rows, tookMs } = swept
  const hosts = new Set(hits.map(({ hostId }) => hostId)).size
  const seen = new Set(hits.map(({ value }) => value))
  const out = new Set(leftOut.map(({ value }) => value))
  const never = values.filter(({ value }) => !seen.has(value) && !out.has(value))
  const kinds = new Map(values.map(({ value, kind }) => [value, kind]))
  const sum = hits.reduce((total, hit) => total + hit.rows, 0)
  return (
    <>
      <div className="pad">
        <output className="sweepsentence">
          {plural(values.length, 'indicator')} swept over {plural(rows, 'row')} in {count(tookMs)} ms:{' '}
          {plural(sum, 'row')} on {plural(hosts, 'host')}
        </output>
        <p className="meta">
          {all ? 'All tenants, all time.' : 'All time.'}{' '}
          {leftOut.length > 0 &&
            `${plural(leftOut.length, 'value')} left out: on the benign ${[...new Set(leftOut.map(({ list }) => `“${list}”`))].join(', ')}. `}
          Nothing of this is kept.
        </p>
      </div>
      {hits.length > 0 && (
        <List
          label="Seen"
          rows={hits}
          rowKey={(hit) => `${hit.tenantId}.${hit.hostId}.${hit.value}`}
          columns={columnsOf(all, kinds)}
        />
      )}
      {never.length > 0 && (
        <details className="pad">
          <summary>{plural(never.length, 'value')} never seen</summary>
          <ul>
            {never.map(({ value }) => (
              <li key={value}>
                <Mono value={value} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  )
}

const columnsOf = (all: boolean, kinds: Map<string, IndicatorKind>): Column<Hit>[] => [
  { head: 'Kind', cell: (hit) => kindWord(kinds.get(hit.value) ?? 'other') },
  {
    head: 'Indicator',
    fill: true,
    cell: (hit) => (
      <Link
        to="/hunt"
        search={{ query: quoteValue(hit.value), ...(all && { tenant: 'all' as const }) }}
        className="plainlink"
      >
        <Mono value={hit.value} />
      </Link>
    ),
  },
  {
    head: 'Host',
    cell: (hit) => (
      <Link
        className="link"
        to="/hosts/$id"
        params={{ id: String(hit.hostId) }}
        search={{ tenant: all ? hit.tenantId : undefined }}
      >
        {hit.host}
      </Link>
    ),
  },
  ...(all ? [{ head: 'Tenant', cell: (hit: Hit) => <TenantName id={hit.tenantId} /> }] : []),
  { head: 'First', cell: (hit) => <Time at={hit.first} /> },
  { head: 'Last', cell: (hit) => <Time at={hit.last} /> },
  { head: 'Rows', num: true, cell: (hit) => count(hit.rows) },
]
