import { Button, TextInput } from '@mantine/core'
import { Link, useSearch } from '@tanstack/react-router'
import { trpc, type Outputs } from '../../api.ts'
import { count, plural } from '../../lib/format.ts'
import { useAllTenants, useTenant } from '../../lib/tenant.ts'
import { useSetSearch } from '../../lib/url.ts'
import { List, type Column } from '../../ui/List.tsx'
import { Paged } from '../../ui/Paged.tsx'
import { Meter } from '../../ui/Meter.tsx'
import { Page } from '../../ui/Page.tsx'
import { SearchBox } from '../../ui/SearchBox.tsx'
import { SortHead, type Direction } from '../../ui/SortHead.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { Tag } from '../../ui/Tag.tsx'
import { TenantName } from '../../ui/TenantName.tsx'
import { Mono } from '../../ui/Value.tsx'
import { NextToken } from '../tokens/NextToken.tsx'
import { LastSeen } from './LastSeen.tsx'

type Host = Outputs['hosts']['list']['rows'][number]

const hostsWords = (total: number, filtered: boolean) =>
  filtered ? plural(total, 'host matches', 'hosts match') : plural(total, 'host')

export function HostsPage() {
  const search = useSearch({ from: '/app/hosts' })
  const setSearch = useSetSearch<typeof search>()
  const { query, os, label, sort = 'lastSeen', direction = 'desc' } = search
  const filter = { ...(query && { query }), ...(os && { os }), ...(label && { label }) }
  const found = trpc.hosts.list.useInfiniteQuery(
    { ...useTenant(), ...filter, sort, order: direction, limit: 100 },
    { getNextPageParam: (last) => last.nextCursor, placeholderData: (old) => old },
  )
  const all = useAllTenants()
  const sorted = (by: 'lastSeen' | 'hostname') => (to: Direction) => setSearch({ sort: by, direction: to })
  const filtered = Object.keys(filter).length > 0
  return (
    <Page title="Hosts" sub={found.data && hostsWords(found.data.pages[0]!.total, filtered)}>
      <section className="panel" aria-label="Hosts">
        <div className="filterbar">
          <SearchBox
            label="Name, IP, label or client id"
            value={query}
            onSearch={(text) => setSearch({ query: text }, true)}
          />
          <TextInput
            key={`os ${os ?? ''}`}
            aria-label="System"
            placeholder="Any system"
            defaultValue={os ?? ''}
            onBlur={(e) =>
              e.currentTarget.value !== (os ?? '') && setSearch({ os: e.currentTarget.value || undefined })
            }
            onKeyDown={(e) => e.key === 'Enter' && e.currentTarget.blur()}
          />
          {label && <Tag tone="acc">{label}</Tag>}
          {filtered && (
            <Button variant="subtle" onClick={() => setSearch({ query: undefined, os: undefined, label: undefined })}>
              Clear the filter
            </Button>
          )}
        </div>
        <Paged query={found} empty={<NoHosts filtered={filtered} />}>
          {(rows) => {
            const columns = columnsOf(all, sort, direction, sorted, (l) => setSearch({ label: l }))
            return <List label="Hosts" rows={rows} rowKey={(host) => host.id} columns={columns} />
          }}
        </Paged>
      </section>
    </Page>
  )
}

const NoHosts = ({ filtered }: { filtered: boolean }) =>
  filtered ? (
    <EmptyState title="No host matches">Names, FQDNs, addresses, labels and client ids were searched.</EmptyState>
  ) : (
    <EmptyState title="No host yet" action={<NextToken />}>
      A host appears with the first rows that a sender delivers.
    </EmptyState>
  )

function columnsOf(
  all: boolean,
  sort: string,
  direction: Direction,
  sorted: (by: 'lastSeen' | 'hostname') => (to: Direction) => void,
  choose: (label: string) => void,
): Column<Host>[] {
  return [
    {
      head: (
        <SortHead
          active={sort === 'hostname'}
          direction={sort === 'hostname' ? direction : 'asc'}
          onSort={sorted('hostname')}
        >
          Host
        </SortHead>
      ),
      cell: (host) => (
        <Link
          to="/hosts/$id"
          params={{ id: String(host.id) }}
          search={{ tenant: all ? host.tenantId : undefined }}
          className="link b"
        >
          <Mono value={host.hostname} />
        </Link>
      ),
    },
    ...(all ? [{ head: 'Tenant', cell: (host: Host) => <TenantName id={host.tenantId} /> }] : []),
    { head: 'System', cell: (host) => (host.os ? <Mono value={host.os} /> : <span className="t3">not known</span>) },
    { head: 'IP', cell: (host) => host.ipAddress && <Mono value={host.ipAddress} /> },
    {
      head: 'Labels',
      wide: true,
      cell: (host) => (
        <span className="row g4">
          {host.labels.map((l) => (
            <button key={l} type="button" className="tag" onClick={() => choose(l)} title={`Only hosts with ${l}`}>
              <Mono value={l} />
            </button>
          ))}
        </span>
      ),
    },
    {
      head: (
        <SortHead
          active={sort === 'lastSeen'}
          direction={sort === 'lastSeen' ? direction : 'desc'}
          onSort={sorted('lastSeen')}
        >
          Last seen
        </SortHead>
      ),
      cell: (host) => <LastSeen at={host.lastSeen} />,
    },
    { head: 'Collections', num: true, cell: (host) => count(host.collections) },
    {
      head: 'Rows received of expected',
      cell: (host) => <Meter received={host.rowsReceived} expected={host.rowsExpected} />,
    },
  ]
}
