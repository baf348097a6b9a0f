import { useParams, useSearch } from '@tanstack/react-router'
import { useSetSearch } from '../../lib/url.ts'
import { StatusLine } from '../../ui/StatusLine.tsx'
import { HostFrame } from './HostFrame.tsx'
import { Around } from './Around.tsx'
import { HostLines } from './HostLines.tsx'
import { timelineKeys } from './Lines.tsx'
import { OpenRow } from './OpenRow.tsx'

/** Everything of a host in the order of time; or, with `around`, what stands around one row. */
export function HostTimelinePage() {
  const id = Number(useParams({ from: '/app/hosts/$id/timeline' }).id)
  const search = useSearch({ from: '/app/hosts/$id/timeline' })
  const setSearch = useSetSearch<typeof search>()
  const onOpen = (row: { id: string } | undefined) =>
    setSearch({ row: row?.id }, search.row !== undefined && row !== undefined)
  return (
    <HostFrame id={id} what="Timeline">
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
    </HostFrame>
  )
}
