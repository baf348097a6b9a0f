import { useParams, useSearch } from '@tanstack/react-router'
import { trpc } from '../../api.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { useSetSearch } from '../../lib/url.ts'
import { visible } from '../../ui/evidence.tsx'
import { FixedPage } from '../../ui/Page.tsx'
import { StatusLine } from '../../ui/StatusLine.tsx'
import { HostTabs } from './HostTabs.tsx'
import { Around } from './Around.tsx'
import { HostLines } from './HostLines.tsx'
import { timelineKeys } from './Lines.tsx'
import { OpenRow } from './OpenRow.tsx'

/** Everything of a host in the order of time; or, with `around`, what stands around one row. */
export function HostTimelinePage() {
  const id = Number(useParams({ from: '/app/hosts/$id/timeline' }).id)
  const search = useSearch({ from: '/app/hosts/$id/timeline' })
  const setSearch = useSetSearch<typeof search>()
  const host = trpc.hosts.get.useQuery({ id, ...useOneTenant() })
  const name = host.data ? visible(host.data.hostname) : 'Host'
  const onOpen = (row: { id: string } | undefined) =>
    setSearch({ row: row?.id }, search.row !== undefined && row !== undefined)
  return (
    <FixedPage
      name={`Timeline of ${name}`}
      crumbs={[
        { label: 'Hosts', to: '/hosts' },
        { label: name, to: `/hosts/${id}` },
      ]}
    >
      <div className="hosttabs">
        <HostTabs id={id} />
      </div>
      <div className="tlbody">
        {search.around === undefined ? (
          <HostLines hostId={id} search={search} onOpen={onOpen} />
        ) : (
          <>
            <Around
              row={search.around}
              span={search.span ?? '5m'}
              onSpan={(span) => setSearch({ span }, true)}
              onOpen={onOpen}
              onRow={({ id: around }) => setSearch({ around })}
            />
            <StatusLine parts={['Rows of every source of the host around one row']} keys={timelineKeys} />
          </>
        )}
        {search.row !== undefined && (
          <OpenRow id={search.row} tab={search.tab} onTab={(tab) => setSearch({ tab }, true)} onOpen={onOpen} />
        )}
      </div>
    </FixedPage>
  )
}
