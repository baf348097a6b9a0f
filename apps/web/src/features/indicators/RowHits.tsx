import { Link } from '@tanstack/react-router'
import { trpc } from '../../api.ts'
import { useTenant } from '../../lib/tenant.ts'
import { Severity } from '../../ui/Severity.tsx'
import { Mono } from '../../ui/Value.tsx'
import './indicators.css'

/** The indicators that stand in a row, by its name; nothing where there are none. */
export function RowHits({ row }: { row: string }) {
  const found = trpc.indicators.hitsOf.useQuery({ ...useTenant(), rows: [row] })
  if (!found.data?.rows.length) return null
  return (
    <ul className="rowhits" aria-label="Indicators in this row">
      {found.data.rows.map(({ id, kind, value, list, listId, severity }) => (
        <li key={id}>
          <span className="hitcount" aria-hidden>
            ◆
          </span>{' '}
          <Severity level={severity} /> {kind.replaceAll('_', ' ')} <Mono value={value} /> on{' '}
          <Link className="link" to="/indicators" search={{ list: listId }}>
            {list}
          </Link>
        </li>
      ))}
    </ul>
  )
}
