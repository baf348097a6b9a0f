import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef } from 'react'
import type { Outputs } from '../../api.ts'
import { shortDay } from '../../lib/format.ts'
import { type Direction, SortHead } from '../../ui/SortHead.tsx'
import { Evidence } from '../../ui/evidence.tsx'
import { GroupLine } from './GroupLine.tsx'
import type { Pipe } from './parts.ts'
import { useGroupKeys } from './useGroupKeys.ts'
import type { Order } from './useGroups.ts'
import type { Hunt } from './useHunt.ts'

export type Stack = Outputs['rows']['stack']
export type Group = Stack['values'][number]

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

/** Virtualised; J and K go from group to group, and the letters of a value ask on from there. */
export function GroupsTable({ groups, stack, hunt, grouping, order, onEnd }: TableProps) {
  const scroller = useRef<HTMLDivElement>(null)
  const { fields } = grouping
  const keys = useGroupKeys(scroller, groups.length, fields.length)
  const { row: here } = keys.here
  // oxlint-disable-next-line react/incompatible-library -- nothing here is memoised by a compiler
  const list = useVirtualizer({
    count: groups.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    // The group with the focus stays mounted, or the focus would be lost.
    rangeExtractor: (range) => {
      const indexes = defaultRangeExtractor(range)
      if (here < 0 || here >= groups.length || indexes.includes(here)) return indexes
      return [...indexes, here].sort((a, b) => a - b)
    },
  })
  const items = list.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (groups.length > 0 && last >= groups.length - ahead) onEnd()
  }, [last, groups.length, onEnd])
  let drawn = 0
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex, jsx-a11y/prefer-tag-over-role -- what scrolls must be reached by key, and named
    <div className="grid-wrap" ref={scroller} tabIndex={0} role="group" aria-label="Groups, scrolls" {...keys.handlers}>
      <table className="tbl groups" aria-label="Groups" aria-rowcount={stack.distinct + 1}>
        <Heads {...{ fields, stack, hunt, order }} />
        <tbody>
          {items.flatMap(({ index, start, end }) => {
            const gap = start - drawn
            drawn = end
            const group = groups[index]!
            return [
              gap > 0 && <Spacer key={`before ${index}`} height={gap} />,
              <GroupLine key={JSON.stringify(group.values)} {...{ group, index, stack, fields }} />,
            ]
          })}
          {list.getTotalSize() > drawn && <Spacer height={list.getTotalSize() - drawn} />}
        </tbody>
      </table>
      {groups.length === 0 && <p className="pad t2">No row has a value of {fields.join(', ')}.</p>}
    </div>
  )
}

/** In the place of the rows that are not drawn. */
const Spacer = ({ height }: { height: number }) => <tr aria-hidden style={{ height }} />

interface HeadsProps {
  fields: string[]
  stack: Stack
  hunt: Hunt
  order: Order
}

function Heads({ fields, stack: { tenantsTotal, lastDay }, hunt, order }: HeadsProps) {
  const { from, to } = hunt.bounds
  return (
    <thead>
      <tr>
        {fields.map((field) => (
          <th key={field} scope="col" className="fill">
            <Evidence text={field} />
          </th>
        ))}
        <NumberHead {...{ hunt, order }} name="Rows" down="most" up="fewest" begins="desc" />
        <th scope="col" className="num wide">
          Share
        </th>
        <NumberHead {...{ hunt, order }} name="Seen on hosts" down="widest" up="narrowest" begins="asc" />
        {tenantsTotal !== undefined && (
          <th scope="col" className="num">
            Tenants
          </th>
        )}
        <th scope="col" title="Rows by event time, UTC, each day against the group’s largest">
          {to && lastDay ? `7 days to ${shortDay(lastDay)}` : 'Last 7 days'}
        </th>
        <th scope="col" title="By event time, UTC">
          {from ? 'First in this range' : 'First seen'}
        </th>
        <th scope="col" title="By event time, UTC">
          {to ? 'Last in this range' : 'Newest'}
        </th>
      </tr>
    </thead>
  )
}

interface NumberHeadProps {
  hunt: Hunt
  order: Order
  name: string
  down: Order
  up: Order
  begins: Direction
}

const NumberHead = ({ hunt, order, name, down, up, begins }: NumberHeadProps) => (
  <th scope="col" className="num">
    <SortHead
      active={order === down || order === up}
      direction={order === down ? 'desc' : order === up ? 'asc' : begins}
      onSort={(direction) => hunt.setSearch({ sort: direction === 'asc' ? up : down })}
    >
      {name}
    </SortHead>
  </th>
)
