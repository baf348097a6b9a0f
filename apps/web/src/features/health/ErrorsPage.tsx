import { trpc, type Outputs } from '../../api.ts'
import { count } from '../../lib/format.ts'
import { useAllTenants, useTenant } from '../../lib/tenant.ts'
import { useTenantNames } from '../../lib/tenant-names.ts'
import { AdminPage } from '../../shell/AdminPage.tsx'
import { Copy } from '../../ui/Copy.tsx'
import { List, type Column } from '../../ui/List.tsx'
import { Paged } from '../../ui/Paged.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { Time } from '../../ui/Time.tsx'
import { Mono } from '../../ui/Value.tsx'

type Failure = Outputs['health']['errors']['rows'][number]

export function ErrorsPage() {
  return (
    <AdminPage
      name="Errors"
      sub="Faults of the server itself, the same ones counted together. They hold no value of a request or a row."
      permission="error:read"
    >
      <ErrorsPanel />
    </AdminPage>
  )
}

function ErrorsPanel() {
  const all = useAllTenants()
  const errors = trpc.health.errors.useInfiniteQuery(
    { ...useTenant(), limit: 50 },
    { getNextPageParam: (page) => page.nextCursor },
  )
  return (
    <section className="panel" aria-label="Errors">
      <Paged
        query={errors}
        empty={
          <EmptyState title="No errors">
            When the server fails at a request, it stands here with the place in the code and the reference that the
            caller saw.
          </EmptyState>
        }
      >
        {(rows) => <ErrorList rows={rows} withTenant={all} />}
      </Paged>
    </section>
  )
}

function ErrorList({ rows, withTenant }: { rows: Failure[]; withTenant: boolean }) {
  const { nameOf } = useTenantNames()
  const columns: (Column<Failure> | false)[] = [
    { head: 'Last', cell: ({ lastSeen }) => <Time at={lastSeen} /> },
    { head: 'Times', num: true, cell: (error) => count(error.count) },
    { head: 'First', cell: ({ firstSeen }) => <Time at={firstSeen} />, wide: true },
    withTenant && { head: 'Tenant', cell: ({ tenantId }) => nameOf(tenantId) },
    { head: 'Where', cell: ({ route }) => <Mono value={route} /> },
    { head: 'What', wrap: true, cell: (error) => <What error={error} /> },
    {
      head: 'Last reference',
      cell: ({ requestId }) =>
        requestId && (
          <span className="row">
            <Mono value={requestId} />
            <Copy text={requestId} label="Copy reference" />
          </span>
        ),
    },
  ]
  return <List label="Errors" rows={rows} rowKey={(e) => e.id} columns={columns.filter((c) => c !== false)} />
}

/** The place in the code on demand: most look at the counts only. */
function What({ error: { message, stack } }: { error: Failure }) {
  return (
    <div style={{ padding: '6px 0' }}>
      <Mono value={message} />
      {stack && (
        <details>
          <summary>Place in the code</summary>
          <pre className="mono t2" style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere', margin: 0 }}>
            {stack}
          </pre>
        </details>
      )}
    </div>
  )
}
