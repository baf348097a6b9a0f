import { TagsInput } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { quoteValue } from '@velocicompanion/api/rows/input'
import { useState } from 'react'
import { trpc } from '../../api.ts'
import { count, dayTime } from '../../lib/format.ts'
import { useTenant } from '../../lib/tenant.ts'
import { visible } from '../../ui/evidence.tsx'
import { List } from '../../ui/List.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { EmptyState, ErrorState } from '../../ui/states.tsx'
import { SkeletonRows } from '../../ui/Skeleton.tsx'
import { Mono } from '../../ui/Value.tsx'
import { type Rare, usualFields, useRare } from '../hosts/useRare.ts'
import { usePreference } from '../preferences/usePreference.ts'

const mostFields = 6

const readFields = (kept: unknown) =>
  Array.isArray(kept) ? kept.filter((one): one is string => typeof one === 'string').slice(0, mostFields) : usualFields

/** Values of some fields that few hosts have, and that no row of before has anywhere. */
export function RareAndNew() {
  const { value: fields, set } = usePreference('home.rare', readFields)
  const [isChoosing, setChoosing] = useState(false)
  const found = useRare(fields)
  return (
    <Panel
      title="Rare and new"
      count={`seen on ${found.mostHosts} hosts or fewer, in no row of before ${dayTime(found.since)}`}
      actions={
        <button
          type="button"
          className="linkbutton"
          aria-expanded={isChoosing}
          onClick={() => setChoosing(!isChoosing)}
        >
          Fields…
        </button>
      }
    >
      {isChoosing && (
        <div className="pad">
          <TagsInput
            label={`Fields to watch, at most ${mostFields}, as a query writes them`}
            value={fields}
            maxTags={mostFields}
            onChange={(next) => set(next)}
          />
        </div>
      )}
      {found.error ? (
        <ErrorState error={found.error} retry={found.refetch} />
      ) : found.isPending ? (
        <SkeletonRows />
      ) : found.rows.length === 0 ? (
        <EmptyState title="Nothing new that is rare">
          {`${count(fields.length)} fields of ${found.looked === 0 ? 'no value' : `${count(found.looked)} rare values`} were looked at.`}
        </EmptyState>
      ) : (
        <Values rows={found.rows} />
      )}
    </Panel>
  )
}

function Values({ rows }: { rows: Rare[] }) {
  const { data: hosts } = trpc.hosts.list.useQuery({ ...useTenant(), limit: 1 })
  const of = hosts ? ` of ${count(hosts.total)}` : ''
  return (
    <List
      label="Rare and new"
      rows={rows}
      rowKey={({ field, value }) => `${field} ${value}`}
      columns={[
        { head: 'Field', cell: ({ field }) => <span className="mono t2">{visible(field)}</span> },
        {
          head: 'Value',
          fill: true,
          cell: ({ value }) => (
            <Link className="plainlink" to="/hunt" search={{ query: quoteValue(value) }}>
              <Mono value={value} />
            </Link>
          ),
        },
        { head: 'Rows', num: true, cell: (row) => count(row.rows) },
        { head: 'Seen on hosts', num: true, cell: (row) => `${count(row.hostsTotal)}${of}` },
        {
          head: 'Where',
          wide: true,
          cell: (row) => (
            <span className="mono t2 trunc" title={row.hosts.map(visible).join(', ')}>
              {row.hosts.slice(0, 2).map(visible).join(', ')}
              {row.hosts.length > 2 && ` and ${count(row.hostsTotal - 2)} more`}
            </span>
          ),
        },
        { head: 'First seen', num: true, cell: ({ first }) => <span className="nowrap">{dayTime(first)}</span> },
      ]}
    />
  )
}
