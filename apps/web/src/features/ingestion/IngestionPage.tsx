import { trpc, type Outputs } from '../../api.ts'
import { count, plural } from '../../lib/format.ts'
import { useLookAgain, useTenant } from '../../lib/tenant.ts'
import { Dot } from '../../ui/Dot.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { Page } from '../../ui/Page.tsx'
import { Senders } from '../senders/Senders.tsx'
import { StoppedSenders } from '../senders/StoppedSenders.tsx'
import { Deliveries } from './Deliveries.tsx'
import { Hunts } from './Hunts.tsx'
import { Imports } from './Imports.tsx'
import { Incomplete, IncompleteCollections, useIncomplete } from './Incomplete.tsx'
import { Rejected } from './Rejected.tsx'

export type Overview = Outputs['ingestion']['overview']

export function IngestionPage() {
  const overview = trpc.ingestion.overview.useQuery(
    { ...useTenant(), limit: 20 },
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
              <StoppedSenders />
              <div className="grid ingestion">
                <div className="stack">
                  <IncompleteCollections />
                  {data.incomplete.total > 0 && <Incomplete {...data.incomplete} />}
                  <Hunts />
                  <Deliveries />
                </div>
                <Senders />
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
