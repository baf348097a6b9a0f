import { Link, useParams } from '@tanstack/react-router'
import { quoteValue } from '@velocicompanion/api/rows/input'
import { trpc, type Outputs } from '../../api.ts'
import { count, plural } from '../../lib/format.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { hostAddress } from '../../lib/velociraptor.ts'
import { Copy } from '../../ui/Copy.tsx'
import { Facts } from '../../ui/Facts.tsx'
import { List } from '../../ui/List.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { OpenInVelociraptor } from '../../ui/OpenIn.tsx'
import { Page } from '../../ui/Page.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { Tag } from '../../ui/Tag.tsx'
import { Time } from '../../ui/Time.tsx'
import { Mono } from '../../ui/Value.tsx'
import { visible } from '../../ui/evidence.tsx'
import { Hits } from '../indicators/Hits.tsx'
import { CollectionsOfHost } from './CollectionsOfHost.tsx'
import { HostTabs } from './HostTabs.tsx'
import { LastSeen } from './LastSeen.tsx'

type Host = Outputs['hosts']['get']

export function HostPage() {
  const id = Number(useParams({ from: '/app/hosts/$id' }).id)
  const host = trpc.hosts.get.useQuery({ id, ...useOneTenant() })
  const name = host.data?.hostname
  return (
    <Page
      title={name === undefined ? 'Host' : <Mono value={name} />}
      name={name === undefined ? 'Host' : visible(name)}
      actions={
        host.data && (
          <span className="row g12">
            <Link className="link" to="/compare" search={{ left: `host:${id}` }}>
              Compare…
            </Link>
            <OpenInVelociraptor href={hostAddress(host.data)} what="this host" />
          </span>
        )
      }
      crumbs={[{ label: 'Hosts', to: '/hosts' }]}
      sub={
        host.data && (
          <>
            {host.data.os && <Mono value={host.data.os} />}
            {host.data.os && ' · '}last seen <LastSeen at={host.data.lastSeen} /> · {completeness(host.data)}
          </>
        )
      }
    >
      <HostTabs id={id} />
      <Hits hostId={id} />
      <Loaded query={host}>{(data) => <Overview host={data} />}</Loaded>
    </Page>
  )
}

const completeness = ({ collections, incomplete, rowsReceived }: Host) =>
  `${plural(collections, 'collection')}, ${plural(rowsReceived, 'row')} received, ${
    incomplete === 0 ? 'none incomplete' : `${count(incomplete)} incomplete`
  }`

const Overview = ({ host }: { host: Host }) => (
  <div className="grid" style={{ gridTemplateColumns: '320px minmax(0, 1fr)', alignItems: 'start' }}>
    <Panel title="Identity" pad>
      <Identity host={host} />
    </Panel>
    <div className="stack">
      <CollectionsOfHost hostId={host.id} total={host.collections} />
      <Panel title="Sources" count={count(host.sources.length)}>
        <List
          label="Sources"
          rows={host.sources}
          rowKey={(source) => source.id}
          columns={[
            {
              head: 'Source',
              cell: (source) => (
                <Link
                  className="link"
                  to="/hunt"
                  search={{ query: `host:${quoteValue(host.hostname)} source:${quoteValue(source.name)}` }}
                >
                  <Mono value={source.name} />
                </Link>
              ),
            },
            { head: 'Collections', num: true, cell: (source) => count(source.collections) },
            { head: 'Rows kept', num: true, cell: (source) => count(source.rowsStored) },
            { head: 'Newest', cell: (source) => <Time at={source.newest} /> },
          ]}
        />
      </Panel>
    </div>
  </div>
)

const Identity = ({ host }: { host: Host }) => (
  <div className="col g12">
    <Facts
      facts={[
        ['Client id', host.clientId ? <WithCopy text={host.clientId} /> : undefined],
        ['FQDN', host.fqdn ? <WithCopy text={host.fqdn} /> : undefined],
        ['IP', host.ipAddress ? <WithCopy text={host.ipAddress} /> : undefined],
        ['First seen', <Time key="f" at={host.createdAt} form="plain" />],
        ['First collection', <Time key="c" at={host.firstCollectionAt} form="plain" none="none" />],
        ['Last collection', <Time key="l" at={host.lastCollectionAt} form="plain" none="none" />],
      ]}
    />
    {host.labels.length > 0 && (
      <div className="row g4 wrap">
        {host.labels.map((label) => (
          <Link className="link" key={label} to="/hosts" search={{ label }}>
            <Tag>
              <Mono value={label} />
            </Tag>
          </Link>
        ))}
      </div>
    )}
  </div>
)

const WithCopy = ({ text }: { text: string }) => (
  <span className="row g4">
    <Mono value={text} />
    <Copy text={text} />
  </span>
)
