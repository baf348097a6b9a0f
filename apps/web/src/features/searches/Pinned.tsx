import { parametersOf } from '@velocicompanion/api/searches/input'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { trpc } from '../../api.ts'
import { plural } from '../../lib/format.ts'
import { useTenant } from '../../lib/tenant.ts'
import { List } from '../../ui/List.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { rangeWords, stateOf, timeOf, type SavedSearch } from './state.ts'

/** The searches that one pinned, each with how many rows it finds now; nothing while there is none. */
export function Pinned() {
  const { data: pins = [] } = trpc.searches.pinned.useQuery({})
  if (pins.length === 0) return null
  return (
    <Panel title="Pinned searches">
      <List
        label="Pinned searches"
        rows={pins}
        rowKey={(saved) => saved.id}
        two
        columns={[
          {
            head: 'Search',
            wrap: true,
            cell: (saved) => (
              <>
                <Link
                  className="link b"
                  to="/hunt"
                  search={parametersOf(saved.query).length > 0 ? { search: saved.id } : stateOf(saved)}
                >
                  {saved.name}
                </Link>
                <div className="meta">{rangeWords(stateOf(saved))}</div>
              </>
            ),
          },
          { head: 'Found now', num: true, cell: (saved) => <Count saved={saved} /> },
        ]}
      />
    </Panel>
  )
}

function Count({ saved }: { saved: SavedSearch }) {
  const asks = parametersOf(saved.query)
  // Fixed while the page is open: a time that moves would ask again and again.
  const [now] = useState(() => Date.now())
  const [from, to] = [timeOf(saved.timeFrom, now), timeOf(saved.timeTo, now)]
  // What a pipe makes of the rows is not asked for: they are counted.
  const found = trpc.rows.search.useQuery(
    { query: saved.query, limit: 1, ...(from && { from }), ...(to && { to }), ...useTenant() },
    { enabled: asks.length === 0 && saved.off.length === 0, staleTime: 60_000, retry: false },
  )
  if (asks.length > 0) return <span className="t3">asks for {asks.join(', ')}</span>
  if (found.error) return <span className="t3">can not be counted</span>
  if (!found.data) return <span className="t3">{saved.off.length > 0 ? 'parts are off' : 'counting'}</span>
  return <>{`${found.data.totalIsExact ? '' : 'at least '}${plural(found.data.total, 'row')}`}</>
}
