import { Button, SegmentedControl } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { quoteValue } from '@velocicompanion/api/rows/input'
import { useMutation } from '@tanstack/react-query'
import { client, trpc } from '../../api.ts'
import { count } from '../../lib/format.ts'
import { sentence } from '../../lib/problem.ts'
import { useOneTenant, useTenant } from '../../lib/tenant.ts'
import { List, type Column } from '../../ui/List.tsx'
import { Paged } from '../../ui/Paged.tsx'
import { SearchBox } from '../../ui/SearchBox.tsx'
import { Severity } from '../../ui/Severity.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { Time } from '../../ui/Time.tsx'
import { toast } from '../../ui/toast.tsx'
import { Mono } from '../../ui/Value.tsx'
import { kindWord, type Value } from './words.ts'

type Show = 'seen' | 'never' | 'ended'
interface ValuesProps {
  listId: number | undefined
  query: string | undefined
  show: Show | undefined
  /** Whether values may be taken off the list. */
  own: boolean
  set: (parts: { query?: string | undefined; show?: Show | undefined }) => void
  total: string
}

export function Values({ listId, query, show, own, set, total }: ValuesProps) {
  const found = trpc.indicators.values.useInfiniteQuery(
    {
      ...useTenant(),
      limit: 100,
      ...(listId !== undefined && { id: listId }),
      ...(query && { query }),
      ...(show && { show }),
    },
    { getNextPageParam: (last) => last.nextCursor, placeholderData: (old) => old, refetchInterval: 15_000 },
  )
  const matching = found.data?.pages[0]?.total
  const filtered = Boolean(query) || show !== undefined
  return (
    <section className="panel" aria-label="Values">
      <div className="filterbar">
        <SearchBox label="Value, tag or source" value={query} onSearch={(text) => set({ query: text })} />
        <SegmentedControl
          aria-label="Which values"
          value={show ?? 'all'}
          data={[
            { value: 'all', label: 'All' },
            { value: 'seen', label: 'Seen' },
            { value: 'never', label: 'Never seen' },
            { value: 'ended', label: 'Ended' },
          ]}
          onChange={(value) => set({ show: value === 'all' ? undefined : (value as Show) })}
        />
        {matching !== undefined && (
          <span className="meta">
            {count(matching)} of {total}
          </span>
        )}
      </div>
      <Paged
        query={found}
        empty={
          filtered ? (
            <EmptyState title="No value matches">Values, notes, tags and sources were searched.</EmptyState>
          ) : (
            <EmptyState title="No indicator yet">Paste a report’s indicators to add them.</EmptyState>
          )
        }
      >
        {(rows) => (
          <List
            label="Values"
            rows={rows}
            rowKey={(row) => row.id}
            edge={(row) => (row.rows > 0 ? row.severity : 'none')}
            columns={columnsOf(own)}
          />
        )}
      </Paged>
    </section>
  )
}

const columnsOf = (own: boolean): Column<Value>[] => [
  { head: 'Kind', cell: (row) => `${kindWord(row.kind)}${row.match === 'exact' ? '' : `, ${row.match}`}` },
  {
    head: 'Value',
    fill: true,
    cell: (row) =>
      row.match === 'exact' ? (
        <Link to="/hunt" search={{ query: quoteValue(row.value) }} className="plainlink">
          <Mono value={row.value} />
        </Link>
      ) : (
        <Mono value={row.value} />
      ),
  },
  {
    head: 'List',
    wide: true,
    cell: (row) => (
      <>
        {row.list}
        {row.fromCase && (
          <>
            {' · '}
            <Link className="link" to="/cases/$id" params={{ id: String(row.fromCase.id) }}>
              case {row.fromCase.id}
            </Link>
          </>
        )}
      </>
    ),
  },
  { head: 'Severity', cell: (row) => (row.benign ? 'benign' : <Severity level={row.severity} />) },
  { head: 'Rows', num: true, cell: (row) => count(row.rows) },
  { head: 'Seen on hosts', num: true, cell: (row) => count(row.hosts) },
  {
    head: 'Newest',
    cell: (row) => (row.ended ? <span className="t3">ended</span> : <Time at={row.newest} none="not seen" />),
  },
  ...(own ? [{ head: '', label: 'Actions', cell: (row: Value) => <TakeOff row={row} /> }] : []),
]

function TakeOff({ row }: { row: Value }) {
  const utils = trpc.useUtils()
  const tenant = useOneTenant()
  const undo = () =>
    void client.indicators.add
      .mutate({ ...tenant, id: row.listId, indicators: [{ kind: row.kind, match: row.match, value: row.value }] })
      .then(() => utils.indicators.invalidate())
  const take = useMutation({
    mutationFn: () => client.indicators.remove.mutate({ ...tenant, id: row.listId, indicators: [row.id] }),
    onSuccess: () => {
      void utils.indicators.invalidate()
      toast({ text: 'The value is off the list.', undo })
    },
    onError: (error) => toast({ text: sentence(error) }),
  })
  return (
    <Button variant="subtle" size="compact-xs" aria-label={`Take ${row.value} off`} onClick={() => take.mutate()}>
      Take off
    </Button>
  )
}
