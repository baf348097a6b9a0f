import { useVirtualizer } from '@tanstack/react-virtual'
import { useCallback, useEffect, useRef, type ReactNode } from 'react'
import type { Outputs } from '../../api.ts'
import { count, dayTime, plural } from '../../lib/format.ts'
import { Evidence } from '../../ui/evidence.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { NotPresent } from '../../ui/Value.tsx'
import { SortHead } from '../../ui/SortHead.tsx'
import type { Pipe } from './parts.ts'
import { Value } from '../rows/Values.tsx'
import { useGroups, type Order } from './useGroups.ts'
import type { Hunt } from './useHunt.ts'

type Stack = Outputs['rows']['stack']
type Group = Stack['values'][number]

interface GroupsProps {
  hunt: Hunt
  grouping: Pipe
  /** The bar above, with what is said of what is shown. */
  bar: (note: ReactNode) => ReactNode
}

/** The answer to `groupby`: every combination, counted, with how far it is spread. Seen on few hosts first is the hunt. */
export function Groups({ hunt, grouping, bar }: GroupsProps) {
  const { found, order } = useGroups(hunt, grouping)
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = found
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])
  const first = found.data?.pages[0]
  const groups = found.data?.pages.flatMap(({ values }) => values) ?? []
  return (
    <>
      {bar(first && noteOf(groups.length, first))}
      <Loaded query={found}>
        {() => first && <Table groups={groups} stack={first} {...{ hunt, grouping, order, onEnd }} />}
      </Loaded>
    </>
  )
}

function noteOf(shown: number, { distinct, total, absent }: Stack) {
  const groups =
    shown === distinct
      ? `all ${plural(distinct, 'group')} shown, ${plural(total - absent, 'row', 'rows')} in them`
      : `${count(shown)} of ${plural(distinct, 'group')} shown, scroll for more`
  return absent > 0 ? `${groups}, ${plural(absent, 'row', 'rows')} without these fields` : groups
}

interface TableProps {
  groups: Group[]
  stack: Stack
  hunt: Hunt
  grouping: Pipe
  order: Order
  onEnd: () => void
}

const rowHeight = 34
const ahead = 10

function Table({ groups, stack, hunt, grouping, order, onEnd }: TableProps) {
  const scroller = useRef<HTMLDivElement>(null)
  // oxlint-disable-next-line react/incompatible-library -- nothing here is memoised by a compiler
  const list = useVirtualizer({
    count: groups.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  })
  const items = list.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (groups.length > 0 && last >= groups.length - ahead) onEnd()
  }, [last, groups.length, onEnd])
  const above = items[0]?.start ?? 0
  const below = list.getTotalSize() - (items.at(-1)?.end ?? 0)
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex, jsx-a11y/prefer-tag-over-role -- what scrolls must be reached by key, and named
    <div className="grid-wrap" ref={scroller} tabIndex={0} role="group" aria-label="Groups, scrolls">
      <table className="tbl groups" aria-label="Groups" aria-rowcount={stack.distinct + 1}>
        <Heads fields={grouping.fields} tenants={stack.tenantsTotal !== undefined} {...{ hunt, order }} />
        <tbody>
          {above > 0 && <Spacer height={above} />}
          {items.map(({ index }) => (
            <Line key={JSON.stringify(groups[index]!.values)} group={groups[index]!} {...{ stack, grouping }} />
          ))}
          {below > 0 && <Spacer height={below} />}
        </tbody>
      </table>
      {groups.length === 0 && <p className="pad t2">No row has a value of {grouping.fields.join(', ')}.</p>}
    </div>
  )
}

/** In the place of the rows that are not drawn. */
const Spacer = ({ height }: { height: number }) => <tr aria-hidden style={{ height }} />

interface HeadsProps {
  fields: string[]
  hunt: Hunt
  order: Order
  tenants: boolean
}

function Heads({ fields, hunt, order, tenants }: HeadsProps) {
  const sort = (to: Order) => hunt.setSearch({ sort: to })
  return (
    <thead>
      <tr>
        {fields.map((field) => (
          <th key={field} scope="col">
            <Evidence text={field} />
          </th>
        ))}
        <th scope="col" className="num">
          <SortHead
            active={order === 'most' || order === 'fewest'}
            direction={order === 'fewest' ? 'asc' : 'desc'}
            onSort={(direction) => sort(direction === 'asc' ? 'fewest' : 'most')}
          >
            Rows
          </SortHead>
        </th>
        <th scope="col" className="num">
          Share
        </th>
        <th scope="col" className="num">
          <SortHead
            active={order === 'widest' || order === 'narrowest'}
            direction={order === 'widest' ? 'desc' : 'asc'}
            onSort={(direction) => sort(direction === 'asc' ? 'narrowest' : 'widest')}
          >
            Seen on hosts
          </SortHead>
        </th>
        {tenants && (
          <th scope="col" className="num">
            Tenants
          </th>
        )}
        <th scope="col" title="By event time, UTC">
          {hunt.bounds.from ? 'First in this range' : 'First seen'}
        </th>
      </tr>
    </thead>
  )
}

interface LineProps {
  group: Group
  stack: Stack
  grouping: Pipe
}

function Line({ group, stack, grouping }: LineProps) {
  const { rows, hosts, tenants, first } = group
  return (
    <tr>
      {grouping.fields.map((field, i) => (
        <td key={field} className="fill">
          <GroupValue value={group.values[i] ?? null} field={field} />
        </td>
      ))}
      <td className="num">{count(rows)}</td>
      <td className="num t2">{share(rows, stack.total)}</td>
      <td className="num">
        {count(hosts)} of {count(stack.hostsTotal)}
      </td>
      {tenants !== undefined && <td className="num">{ofTenants(tenants, stack.tenantsTotal)}</td>}
      <td className="nowrap">{first !== undefined && <FirstSeen at={first} />}</td>
    </tr>
  )
}

/** "all 3", "1 of 3". */
export const ofTenants = (n: number, total: number | undefined) =>
  n === total ? `all ${count(n)}` : `${count(n)} of ${count(total ?? n)}`

/** What is new today is strong, and nothing else here: it is what the eye looks for. */
function FirstSeen({ at }: { at: string }) {
  const words = dayTime(at)
  return (
    <time
      dateTime={at}
      title={at.replace('T', ' ').replace('Z', ' UTC')}
      className={words.startsWith('today') ? 'b' : 't2'}
    >
      {words}
    </time>
  )
}

/** "87.9 %", never rounded to what it is not. */
export function share(rows: number, total: number) {
  const percent = (rows / total) * 100
  if (rows === total) return '100 %'
  if (percent < 0.1) return 'under 0.1 %'
  return percent > 99.9 ? 'over 99.9 %' : `${percent.toFixed(1)} %`
}

const most = 300

const GroupValue = ({ value, field }: { value: string | null; field: string }) =>
  value === null ? <NotPresent /> : <Value field={field} value={value} most={most} />
