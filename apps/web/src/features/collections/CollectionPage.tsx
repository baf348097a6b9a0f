import { Link, useParams } from '@tanstack/react-router'
import { trpc, type Outputs } from '../../api.ts'
import { bytes, count } from '../../lib/format.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { flowAddress, huntAddress } from '../../lib/velociraptor.ts'
import { Facts } from '../../ui/Facts.tsx'
import { List } from '../../ui/List.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { Meter, receivedWords } from '../../ui/Meter.tsx'
import { OpenInVelociraptor } from '../../ui/OpenIn.tsx'
import { Page } from '../../ui/Page.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { Time } from '../../ui/Time.tsx'
import { Mono } from '../../ui/Value.tsx'
import { visible } from '../../ui/evidence.tsx'
import { Files } from './Files.tsx'
import { SourceName } from './SourceName.tsx'

type Collection = Outputs['collections']['get']
type Source = Collection['sources'][number]

export function CollectionPage() {
  const id = Number(useParams({ from: '/app/collections/$id' }).id)
  const found = trpc.collections.get.useQuery({ id, ...useOneTenant() })
  const { data } = found
  return (
    <Page
      title={data ? <Mono value={data.flowId} /> : 'Collection'}
      name={data ? visible(data.flowId) : 'Collection'}
      actions={data && <Elsewhere collection={data} />}
      crumbs={[{ label: 'Collections', to: '/collections' }]}
      sub={
        data && (
          <>
            on{' '}
            <Link className="link" to="/hosts/$id" params={{ id: String(data.hostId) }}>
              <Mono value={data.hostname} />
            </Link>{' '}
            · rows received: {receivedWords({ received: data.rowsReceived, expected: data.rowsExpected })} ·{' '}
            {data.rowsRemoved > 0 && <>{count(data.rowsRemoved)} of them removed by retention · </>}
            {data.incomplete ? <b style={{ color: 'var(--vc-medium)' }}>incomplete</b> : 'nothing known to be missing'}
          </>
        )
      }
    >
      <Loaded query={found}>{(collection) => <Parts collection={collection} />}</Loaded>
    </Page>
  )
}

const Elsewhere = ({ collection: { huntId, ...at } }: { collection: Collection }) => (
  <span className="row g12">
    <Link className="link" to="/compare" search={{ right: `collection:${at.id}` }}>
      Compare…
    </Link>
    <OpenInVelociraptor href={flowAddress(at)} what="this collection" />
    {huntId !== null && (
      <OpenInVelociraptor href={huntAddress({ ...at, huntId })} what="its hunt" label="Open its hunt" />
    )}
  </span>
)

const Parts = ({ collection }: { collection: Collection }) => (
  <div className="grid" style={{ gridTemplateColumns: '320px minmax(0, 1fr)', alignItems: 'start' }}>
    <Panel title="Where it came from" pad>
      <Facts
        facts={[
          ['Kind', collection.kind],
          ['State', collection.state ? <Mono value={collection.state} /> : undefined],
          ['Asked by', collection.creator ? <Mono value={collection.creator} /> : undefined],
          ['Hunt', collection.huntId ? <Mono value={collection.huntId} /> : undefined],
          ['For', collection.huntDescription ? <Mono value={collection.huntDescription} /> : undefined],
          ['Started', <Time key="s" at={collection.startedAt} form="plain" none="not known" />],
          ['Ended', <Time key="e" at={collection.endedAt} form="plain" none="not said yet" />],
          ['First rows', <Time key="f" at={collection.createdAt} form="plain" />],
          ['Last change', <Time key="l" at={collection.updatedAt} form="plain" />],
        ]}
      />
    </Panel>
    <div className="stack">
      <Sources collection={collection} />
      <Files collectionId={collection.id} />
      {collection.setAside.length > 0 && <SetAside collection={collection} />}
    </div>
  </div>
)

const Sources = ({ collection }: { collection: Collection }) => (
  <Panel title="Sources" count={count(collection.sources.length)}>
    {collection.sources.length === 0 ? (
      <EmptyState title="No rows yet">The sender has announced this collection; its rows have not arrived.</EmptyState>
    ) : (
      <List
        label="Sources"
        rows={collection.sources}
        rowKey={(source) => source.id}
        columns={[
          { head: 'Source', cell: (source) => <SourceName collectionId={collection.id} source={source} /> },
          { head: 'Rows kept', num: true, cell: (source) => count(source.rowsStored) },
          {
            head: 'Received of expected',
            cell: (source) => <Meter received={source.rowsReceived} expected={source.rowsExpected} />,
          },
          { head: 'Missing rows', wrap: true, cell: (source) => <Missing source={source} /> },
          { head: 'Set aside', num: true, cell: (source) => count(source.rowsRejected) },
          ...(collection.rowsRemoved > 0
            ? [{ head: 'Removed', num: true, cell: (source: Source) => count(source.rowsRemoved) }]
            : []),
        ]}
      />
    )}
  </Panel>
)

/** At most eight ranges on a line; the title has all that were asked for. */
function Missing({ source }: { source: Source }) {
  if (source.missing.length === 0) return <span className="t3">none known</span>
  const ranges = source.missing.map(({ from, to }) => (from === to ? count(from) : `${count(from)} to ${count(to)}`))
  const more = ranges.length - 8
  return (
    <span style={{ color: 'var(--vc-medium)' }} title={ranges.join(', ')}>
      {ranges.slice(0, 8).join(', ')}
      {more > 0 && `, and ${source.missing.length === 100 ? 'at least ' : ''}${count(more)} more ranges`}
    </span>
  )
}

const SetAside = ({ collection }: { collection: Collection }) => (
  <Panel title="Set aside" count={`${count(collection.setAside.length)} of ${count(collection.rowsRejected)} shown`}>
    <List
      label="Set aside"
      rows={collection.setAside}
      rowKey={(row) => row.id}
      columns={[
        { head: 'Row', num: true, cell: (row) => row.rowNumber ?? 'not known' },
        { head: 'Line', num: true, cell: (row) => count(row.lineNumber) },
        {
          head: 'Delivery',
          num: true,
          cell: ({ deliveryId }) => (
            <Link className="link" to="/ingestion" search={{ delivery: deliveryId }} hash="aside">
              {deliveryId}
            </Link>
          ),
        },
        { head: 'Reason', wrap: true, cell: (row) => <Mono value={row.reason} /> },
        { head: 'Size', num: true, cell: (row) => bytes(row.byteLength) },
        { head: 'When (UTC)', cell: (row) => <Time at={row.createdAt} form="day" /> },
      ]}
    />
  </Panel>
)
