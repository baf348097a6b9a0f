import { memo } from 'react'
import { count, dayTime } from '../../lib/format.ts'
import { NotPresent } from '../../ui/Value.tsx'
import { Value } from '../rows/Values.tsx'
import type { Group, Stack } from './GroupsTable.tsx'
import { ofTenants, share } from './shares.ts'
import { Week } from './Week.tsx'

interface LineProps {
  group: Group
  index: number
  stack: Stack
  fields: string[]
}

export const GroupLine = memo(function GroupLine({ group, index, stack, fields }: LineProps) {
  const { rows, hosts, tenants, first, last, days } = group
  return (
    <tr aria-rowindex={index + 2}>
      {fields.map((field, i) => (
        <td key={field} className="fill" data-group={`${index} ${i}`}>
          <GroupValue value={group.values[i] ?? null} field={field} />
        </td>
      ))}
      <td className="num">{count(rows)}</td>
      <td className="num wide t2">{share(rows, stack.total)}</td>
      <td className="num">
        {count(hosts)} of {count(stack.hostsTotal)}
      </td>
      {tenants !== undefined && <td className="num">{ofTenants(tenants, stack.tenantsTotal)}</td>}
      <td>{days && stack.lastDay && <Week days={days} lastDay={stack.lastDay} />}</td>
      <td className="nowrap">{first !== undefined && <FirstSeen at={first} />}</td>
      <td className="nowrap t2">{last !== undefined && <EventTime at={last} />}</td>
    </tr>
  )
})

/** What is new today is strong, and nothing else here: it is what the eye looks for. */
const FirstSeen = ({ at }: { at: string }) => (
  <span className={dayTime(at).startsWith('today') ? 'b' : 't2'}>
    <EventTime at={at} />
  </span>
)

const EventTime = ({ at }: { at: string }) => (
  <time dateTime={at} title={at.replace('T', ' ').replace('Z', ' UTC')}>
    {dayTime(at)}
  </time>
)

const most = 300

const GroupValue = ({ value, field }: { value: string | null; field: string }) =>
  value === null ? <NotPresent /> : <Value field={field} value={value} most={most} />
