import { may, type Permission } from '@velocicompanion/api/permissions'
import type { ReactNode } from 'react'
import { useMe } from '../lib/me.ts'
import { Page } from '../ui/Page.tsx'
import { ForbiddenState } from '../ui/QuietPage.tsx'
import { TabLinks } from '../ui/TabLinks.tsx'

const tabs: { to: string; label: string; permission: Permission }[] = [
  { to: '/admin/users', label: 'Users', permission: 'user:manage' },
  { to: '/admin/tokens', label: 'Tokens', permission: 'token:manage' },
  { to: '/admin/tenants', label: 'Tenants', permission: 'tenant:manage' },
  { to: '/admin/retention', label: 'Retention', permission: 'retention:manage' },
  { to: '/admin/audit', label: 'Audit log', permission: 'audit:read' },
  { to: '/admin/errors', label: 'Errors', permission: 'error:read' },
]

interface AdminPageProps {
  name: string
  sub: string
  permission: Permission
  actions?: ReactNode
  children: ReactNode
}

/** One frame for the pages of administration. What the role does not allow is said, not hidden behind an empty list. */
export function AdminPage({ name, sub, permission, actions, children }: AdminPageProps) {
  const { role } = useMe()
  const allowed = may(role, permission)
  return (
    <Page
      title="Admin"
      name={name}
      crumbs={[{ label: 'Admin', to: '/admin' }]}
      sub={sub}
      actions={allowed ? actions : undefined}
    >
      <TabLinks label="Administration" tabs={tabs.filter((tab) => may(role, tab.permission))} />
      {allowed ? <div className="stack">{children}</div> : <ForbiddenState permission={permission} />}
    </Page>
  )
}
