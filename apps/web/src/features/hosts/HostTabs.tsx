import { Link } from '@tanstack/react-router'
import './hosts.css'

/** What there is of one host, each at its own address. */
export function HostTabs({ id }: { id: number }) {
  const params = { id: String(id) }
  return (
    <nav className="tablinks" aria-label="Of this host">
      <Link to="/hosts/$id" params={params} activeOptions={{ exact: true, includeSearch: false }}>
        Overview
      </Link>
      <Link to="/hosts/$id/timeline" params={params} activeOptions={{ includeSearch: false }}>
        Timeline
      </Link>
      <Link to="/hosts/$id/processes" params={params} activeOptions={{ includeSearch: false }}>
        Processes
      </Link>
    </nav>
  )
}
