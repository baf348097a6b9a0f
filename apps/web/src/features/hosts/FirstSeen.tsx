import { Link } from '@tanstack/react-router'
import { quoteValue } from '@velocicompanion/api/rows/input'
import { trpc } from '../../api.ts'
import { count, dayTime } from '../../lib/format.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { visible } from '../../ui/evidence.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { SkeletonRows } from '../../ui/Skeleton.tsx'
import { EmptyState, ErrorState } from '../../ui/states.tsx'
import { Mono } from '../../ui/Value.tsx'
import { usualFields, useRare } from './useRare.ts'

/** Values of this host that few others have, and that no row of before holds on any host. */
export function FirstSeen({ hostname }: { hostname: string }) {
  const found = useRare(usualFields, { query: `host:${quoteValue(hostname)}`, order: 'fewest' })
  const { data: hosts } = trpc.hosts.list.useQuery({ ...useOneTenant(), limit: 1 })
  const of = hosts ? ` of ${count(hosts.total)} hosts` : ''
  return (
    <Panel title="First seen here" count={`since ${dayTime(found.since)}`}>
      {found.error ? (
        <ErrorState error={found.error} retry={found.refetch} />
      ) : found.isPending ? (
        <SkeletonRows />
      ) : found.rows.length === 0 ? (
        <EmptyState title="Nothing new that is rare">
          {`Of ${usualFields.map((field) => field.replaceAll('"', '')).join(', ')}, what few rows have was looked at.`}
        </EmptyState>
      ) : (
        <ul className="list firstseen" aria-label="First seen here">
          {found.rows.map(({ field, value, hostsTotal }) => (
            <li key={`${field} ${value}`}>
              <span className="grow">
                <Link className="plainlink trunc" to="/hunt" search={{ query: quoteValue(value) }}>
                  <Mono value={value} />
                </Link>
                <span className="meta mono">{visible(field)}</span>
              </span>
              <span className="meta nowrap">{`${count(hostsTotal)}${of}`}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
