import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { trpc, type Outputs } from '../../api.ts'
import { count, plural } from '../../lib/format.ts'
import { useMay } from '../../lib/me.ts'
import { useAllTenants, useLookAgain, useTenant } from '../../lib/tenant.ts'
import { useTenantNames } from '../../lib/tenant-names.ts'
import { Dot } from '../../ui/Dot.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { Page } from '../../ui/Page.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { Time } from '../../ui/Time.tsx'
import { Deliveries } from './Deliveries.tsx'
import { Imports } from './Imports.tsx'
import { Incomplete, IncompleteCollections, useIncomplete } from './Incomplete.tsx'
import { Rejected } from './Rejected.tsx'

export type Overview = Outputs['ingestion']['overview']

export function IngestionPage() {
  const overview = trpc.ingestion.overview.useQuery(
    { ...useTenant(), limit: 50 },
    { refetchInterval: useLookAgain(15_000) },
  )
  return (
    <Page
      title="Ingestion"
      sub="Every delivery that arrived, whether it is whole, and what was set aside. Times in UTC."
    >
      <div className="stack">
        <Loaded query={overview}>
          {(data) => (
            <>
              <Cards data={data} />
              <div className="grid ingestion">
                <div className="stack">
                  <IncompleteCollections />
                  {data.incomplete.total > 0 && <Incomplete {...data.incomplete} />}
                  <Deliveries rows={data.deliveries} />
                </div>
                <Senders senders={data.senders} />
              </div>
            </>
          )}
        </Loaded>
        <Imports />
        <Rejected />
      </div>
    </Page>
  )
}

function Cards({ data: { today, incomplete: sources } }: { data: Overview }) {
  const incomplete = useIncomplete().data?.total ?? sources.total
  return (
    <div className="grid" style={{ gridTemplateColumns: 'repeat(3, minmax(0, 1fr))' }}>
      <Card
        title="Rows today"
        figure={today.rowsStored}
        below={`from ${plural(today.deliveries, 'delivery', 'deliveries')}`}
      />
      <Card
        title="Incomplete collections"
        figure={incomplete}
        below={incomplete === 0 ? 'every announced row is here' : 'fewer rows than announced'}
        warn={incomplete > 0}
      />
      <Card
        title="Set aside today"
        figure={today.rowsRejected}
        below={today.rowsRejected === 0 ? 'no line was set aside' : 'kept, with the reason'}
        warn={today.rowsRejected > 0}
      />
    </div>
  )
}

function Card({ title, figure, below, warn }: { title: string; figure: number; below: string; warn?: boolean }) {
  return (
    <div className="panel">
      <div className="pad">
        <div className="meta">{title}</div>
        <div style={{ fontSize: 20, lineHeight: '28px', fontWeight: 600 }}>{count(figure)}</div>
        <div className="meta">{warn ? <Dot tone="warn">{below}</Dot> : below}</div>
      </div>
    </div>
  )
}

function Senders({ senders }: { senders: Overview['senders'] }) {
  const all = useAllTenants()
  const { nameOf } = useTenantNames()
  const manages = useMay('token:manage')
  const add = manages && (
    <Link to="/admin/tokens" className="linkbutton">
      Add a sender
    </Link>
  )
  return (
    <Panel title="Senders" count={count(senders.length)} actions={add}>
      {senders.length === 0 ? (
        <EmptyState
          title="No sender yet"
          action={
            manages && (
              <Button component={Link} to="/admin/tokens">
                Make a token
              </Button>
            )
          }
        >
          Rows come from whoever holds a token of this tenant.{!manages && ' An admin can make one.'}
        </EmptyState>
      ) : (
        <ul className="list">
          {senders.map((sender) => (
            <li key={sender.id}>
              <div className="grow">
                <Dot tone={sender.lastUsedAt ? 'ok' : 'hollow'}>
                  <b className="b trunc">{sender.name}</b>
                </Dot>
                <div className="meta trunc">
                  {[all && nameOf(sender.tenantId), sender.server && `${sender.server} / ${sender.orgId}`]
                    .filter(Boolean)
                    .join(' · ') || 'no server named'}
                </div>
              </div>
              <div className="meta" style={{ textAlign: 'right' }}>
                <Time at={sender.lastUsedAt} none="never used" />
                <div>{plural(sender.rowsToday ?? 0, 'row')} today</div>
              </div>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
