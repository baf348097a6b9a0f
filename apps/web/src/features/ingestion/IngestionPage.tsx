import { trpc, type Outputs } from '../../api.ts'
import { count, plural } from '../../lib/format.ts'
import { useLookAgain, useTenant } from '../../lib/tenant.ts'
import { Dot } from '../../ui/Dot.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { Page } from '../../ui/Page.tsx'
import { Senders } from '../senders/Senders.tsx'
import { StoppedSenders } from '../senders/StoppedSenders.tsx'
import { Blocks } from './Blocks.tsx'
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
                <div className="stack">
                  <Senders />
                  <Blocks {...data.blocks} />
                </div>
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

function Cards({ data: { today } }: { data: Overview }) {
  const incomplete = useIncomplete().data?.total
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
        below={incompleteWords(incomplete)}
        warn={incomplete !== undefined && incomplete > 0}
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

function incompleteWords(incomplete: number | undefined) {
  if (incomplete === undefined) return 'being counted'
  return incomplete === 0 ? 'no announced row is missing' : 'fewer rows than announced'
}

interface CardProps {
  title: string
  /** Undefined until it is known: no figure stands in for another. */
  figure: number | undefined
  below: string
  warn?: boolean
}

function Card({ title, figure, below, warn }: CardProps) {
  return (
    <div className="panel">
      <div className="pad">
        <div className="meta">{title}</div>
        <div style={{ fontSize: 20, lineHeight: '28px', fontWeight: 600 }}>
          {figure === undefined ? '\u00a0' : count(figure)}
        </div>
        <div className="meta">{warn ? <Dot tone="warn">{below}</Dot> : below}</div>
      </div>
    </div>
  )
}
