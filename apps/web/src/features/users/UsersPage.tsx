import { Button, SegmentedControl } from '@mantine/core'
import { IconPlus } from '@tabler/icons-react'
import { getRouteApi } from '@tanstack/react-router'
import { roles } from '@velocicompanion/api/permissions'
import { useState } from 'react'
import { trpc } from '../../api.ts'
import { roleName, roleWords } from '../../lib/roles.ts'
import { useAllTenants, useTenant } from '../../lib/tenant.ts'
import { AdminPage } from '../../shell/AdminPage.tsx'
import { Paged } from '../../ui/Paged.tsx'
import { SearchBox } from '../../ui/SearchBox.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { InviteDialog } from './InviteDialog.tsx'
import { LinkDialog, type ShownLink } from './LinkDialog.tsx'
import { UserList } from './UserList.tsx'

const route = getRouteApi('/app/admin/users')

export function UsersPage() {
  const [inviting, setInviting] = useState(false)
  const [link, setLink] = useState<ShownLink>()
  return (
    <AdminPage
      name="Users"
      sub="Who may sign in, and what they may do. Each person belongs to one tenant."
      permission="user:manage"
      actions={
        <Button leftSection={<IconPlus size={15} />} onClick={() => setInviting(true)}>
          Invite a person…
        </Button>
      }
    >
      <UsersPanel showLink={setLink} />
      <RoleCards />
      {inviting && (
        <InviteDialog
          close={() => setInviting(false)}
          made={(shown) => {
            setInviting(false)
            setLink(shown)
          }}
        />
      )}
      {link && <LinkDialog link={link} close={() => setLink(undefined)} />}
    </AdminPage>
  )
}

function UsersPanel({ showLink }: { showLink: (link: ShownLink) => void }) {
  const { q, show } = route.useSearch()
  const navigate = route.useNavigate()
  const all = useAllTenants()
  const filter = { ...(q && { query: q }), ...(show && { isActive: show === 'active' }) }
  const users = trpc.users.list.useInfiniteQuery(
    { ...useTenant(), limit: 50, ...filter },
    { getNextPageParam: (page) => page.nextCursor, placeholderData: (previous) => previous },
  )
  return (
    <section className="panel" aria-label="Users">
      <div className="filterbar">
        <SearchBox
          label="User name"
          value={q}
          onSearch={(text) => void navigate({ search: (s) => ({ ...s, q: text }), replace: true })}
        />
        <SegmentedControl
          aria-label="Which users"
          value={show ?? 'all'}
          onChange={(value) =>
            void navigate({
              search: (s) => ({ ...s, show: value === 'all' ? undefined : value }),
            })
          }
          data={[
            { value: 'all', label: 'All' },
            { value: 'active', label: 'Active' },
            { value: 'inactive', label: 'Deactivated' },
          ]}
        />
      </div>
      <Paged query={users} empty={<EmptyState title="Nobody matches">Try a part of the user name.</EmptyState>}>
        {(rows) => <UserList rows={rows} withTenant={all} showLink={showLink} />}
      </Paged>
    </section>
  )
}

const RoleCards = () => (
  <div className="grid" style={{ gridTemplateColumns: 'repeat(4, minmax(0, 1fr))' }}>
    {roles.map((role) => (
      <section key={role} className="panel" aria-label={roleName[role]}>
        <div className="pad">
          <h2 className="h3">{roleName[role]}</h2>
          <p className="t2">{roleWords[role]}</p>
        </div>
      </section>
    ))}
  </div>
)
