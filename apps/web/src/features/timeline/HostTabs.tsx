import { Link } from '@tanstack/react-router'
import { quoteValue } from '@velocicompanion/api/rows/input'
import { trpc } from '../../api.ts'
import { count } from '../../lib/format.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import './host-pages.css'

/** What there is of one host, each at its own address. */
export function HostTabs({ id }: { id: number }) {
  const params = { id: String(id) }
  const { data } = trpc.hosts.get.useQuery({ id, ...useOneTenant() })
  return (
    <nav className="tablinks" aria-label="Of this host">
      <Link to="/hosts/$id" params={params} activeOptions={{ exact: true, includeSearch: false }}>
        Overview
      </Link>
      {data && (
        <>
          <Link to="/hunt" search={{ query: `host:${quoteValue(data.hostname)}` }}>
            Rows {count(data.sources.reduce((sum, { rowsStored }) => sum + rowsStored, 0))}
          </Link>
          <Link to="/collections" search={{ hostId: id }}>
            Collections {count(data.collections)}
          </Link>
        </>
      )}
      <Link to="/hosts/$id/timeline" params={params} activeOptions={{ includeSearch: false }}>
        Timeline
      </Link>
      <Link to="/hosts/$id/processes" params={params} activeOptions={{ includeSearch: false }}>
        Processes
      </Link>
    </nav>
  )
}
