import { Link } from '@tanstack/react-router'
import { trpc, type Outputs } from '../../api.ts'
import { count } from '../../lib/format.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { Loaded } from '../../ui/Loaded.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { CollectionTable } from '../collections/CollectionTable.tsx'

type Host = Outputs['hosts']['get']

/** The newest collections of a host, and the way to all of them. */
export function CollectionsOfHost({ host }: { host: Pick<Host, 'id' | 'collections' | 'incomplete'> }) {
  const { id: hostId, collections: total, incomplete } = host
  const found = trpc.collections.list.useQuery({ hostId, limit: 20, ...useOneTenant() })
  return (
    <Panel
      title="Collections"
      count={
        total === 0
          ? 'none'
          : `${count(total)}, ${incomplete === 0 ? 'all rows received' : `${count(incomplete)} incomplete`}`
      }
      actions={
        total > 20 && (
          <Link className="link" to="/collections" search={{ hostId }}>
            Show all
          </Link>
        )
      }
    >
      <Loaded query={found}>
        {({ rows }) =>
          rows.length === 0 ? (
            <EmptyState title="No collection yet">Nothing was collected on this host.</EmptyState>
          ) : (
            <CollectionTable rows={rows} />
          )
        }
      </Loaded>
    </Panel>
  )
}
