import { Button } from '@mantine/core'
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
import { NewestProcesses } from '../processes/NewestProcesses.tsx'
import { CollectionsOfHost } from './CollectionsOfHost.tsx'
import { FirstSeen } from './FirstSeen.tsx'
import { HostTabs } from '../timeline/HostTabs.tsx'
import { LastSeen } from './LastSeen.tsx'

const hostQuery = (hostname: string) => `host:${quoteValue(hostname)}`

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
            <OpenInVelociraptor href={hostAddress(host.data)} what="this host" />
            <Button
              variant="default"
              renderRoot={(props) => <Link {...props} to="/compare" search={{ left: `host:${id}` }} />}
            >
              Compare…
            </Button>
            <Button
              renderRoot={(props) => <Link {...props} to="/hunt" search={{ query: hostQuery(host.data.hostname) }} />}
            >
              Hunt on this host
            </Button>
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
    <div className="stack">
      <Panel title="Identity" pad>
        <Identity host={host} />
      </Panel>
      <FirstSeen hostname={host.hostname} />
    </div>
    <div className="stack">
      <NewestProcesses hostId={host.id} />
      <CollectionsOfHost host={host} />
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
                  search={{ query: `${hostQuery(host.hostname)} source:${quoteValue(source.name)}` }}
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
