import { Select } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { useMemo } from 'react'
import { trpc } from '../../api.ts'
import { useAllTenants, useTenant } from '../../lib/tenant.ts'
import { AdminPage } from '../../shell/AdminPage.tsx'
import { Paged } from '../../ui/Paged.tsx'
import { SearchBox } from '../../ui/SearchBox.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { actions } from './actions.ts'
import { AuditList } from './AuditList.tsx'

const route = getRouteApi('/app/admin/audit')

export function AuditPage() {
  return (
    <AdminPage
      name="Audit log"
      sub="Every change, every refusal, and every look across tenants. Nothing is ever taken out."
      permission="audit:read"
    >
      <AuditPanel />
    </AdminPage>
  )
}

const day = 86_400_000

/** The start of the period, fixed while the filter stays, so that the pages of one answer fit together. */
function startOf(since: 'today' | '7d' | '30d' | undefined) {
  if (!since) return {}
  const today = Math.floor(Date.now() / day) * day
  const days = { today: 0, '7d': 6, '30d': 29 }[since]
  return { from: new Date(today - days * day).toISOString() }
}

function AuditPanel() {
  const { action, actor, since } = route.useSearch()
  const navigate = route.useNavigate()
  const all = useAllTenants()
  const period = useMemo(() => startOf(since), [since])
  const events = trpc.audit.list.useInfiniteQuery(
    { ...useTenant(), limit: 100, ...(action && { action }), ...(actor && { actor }), ...period },
    { getNextPageParam: (page) => page.nextCursor, placeholderData: (previous) => previous },
  )
  const filtered = Boolean(action || actor || since)
  return (
    <section className="panel" aria-label="Audit log">
      <div className="filterbar">
        <SearchBox
          label="User name, whole"
          value={actor}
          onSearch={(text) => void navigate({ search: (s) => ({ ...s, actor: text }), replace: true })}
        />
        <Select
          aria-label="Action"
          placeholder="Any action"
          searchable
          clearable
          w={190}
          value={action ?? null}
          data={action && !actions.includes(action) ? [action, ...actions] : actions}
          onChange={(value) => void navigate({ search: (s) => ({ ...s, action: value ?? undefined }) })}
        />
        <Select
          aria-label="Period"
          w={140}
          value={since ?? 'all'}
          data={[
            { value: 'all', label: 'Any time' },
            { value: 'today', label: 'Today' },
            { value: '7d', label: 'Last 7 days' },
            { value: '30d', label: 'Last 30 days' },
          ]}
          onChange={(value) =>
            void navigate({
              search: (s) => ({ ...s, since: value === 'all' ? undefined : (value as 'today' | '7d' | '30d') }),
            })
          }
        />
      </div>
      <Paged
        query={events}
        empty={
          <EmptyState
            title={filtered ? 'No entry matches' : 'No entries yet'}
            action={
              filtered && (
                <button
                  type="button"
                  className="linkbutton"
                  onClick={() => void navigate({ search: ({ action: _, actor: __, since: ___, ...s }) => s })}
                >
                  Show every entry
                </button>
              )
            }
          >
            {filtered && 'Searched with the filters above.'}
          </EmptyState>
        }
      >
        {(rows) => <AuditList rows={rows} withTenant={all} />}
      </Paged>
    </section>
  )
}
