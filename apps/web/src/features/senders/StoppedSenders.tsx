import { Link } from '@tanstack/react-router'
import { trpc } from '../../api.ts'
import { count } from '../../lib/format.ts'
import { useAllTenants, useLookAgain, useTenant } from '../../lib/tenant.ts'
import { List, type Column } from '../../ui/List.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { ErrorState } from '../../ui/states.tsx'
import { TenantName } from '../../ui/TenantName.tsx'
import { Time } from '../../ui/Time.tsx'
import { bound, kindWords, trouble, type Sender } from './words.ts'

/** Senders that need you or are refused; nothing while there is none. */
export function StoppedSenders() {
  const all = useAllTenants()
  const found = trpc.senders.list.useQuery(
    { ...useTenant(), attention: true },
    { refetchInterval: useLookAgain(30_000) },
  )
  if (found.error && !found.data) return <ErrorState error={found.error} retry={() => void found.refetch()} />
  if (!found.data || found.data.rows.length === 0) return null
  const columns: (Column<Sender> | false)[] = [
    { head: 'Sender', cell: ({ token }) => <b className="b">{token}</b> },
    all && { head: 'Tenant', cell: ({ tenantId }) => <TenantName id={tenantId} /> },
    { head: 'Server / org', cell: (row) => <span className="mono t2">{bound(row)}</span>, wide: true },
    { head: 'Kind', cell: ({ kind }) => kindWords[kind!] ?? kind, wide: true },
    { head: 'What is wrong', wrap: true, cell: trouble },
    { head: 'Last contact', cell: ({ lastAt }) => <Time at={lastAt} /> },
    {
      head: '',
      label: 'Actions',
      num: true,
      cell: (row) => (
        <Link
          className="link"
          to="/ingestion"
          search={all ? { tenant: row.tenantId } : {}}
          aria-label={`Show sender ${row.token}`}
        >
          Show sender
        </Link>
      ),
    },
  ]
  return (
    <Panel title="Senders that need you" count={count(found.data.rows.length)}>
      <List
        label="Senders that need you"
        rows={found.data.rows}
        rowKey={(row) => `${row.tenantId}.${row.tokenId}.${row.kind}`}
        edge={(row) => (row.state === 'refused' ? 'high' : 'medium')}
        columns={columns.filter((c) => c !== false)}
      />
    </Panel>
  )
}
