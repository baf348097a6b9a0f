import { Select } from '@mantine/core'
import { mayGrant, roles, type Role } from '@velocicompanion/api/permissions'
import { useState } from 'react'
import { client, trpc, type Outputs } from '../../api.ts'
import { useMe } from '../../lib/me.ts'
import { sentence } from '../../lib/problem.ts'
import { roleName } from '../../lib/roles.ts'
import { useTenantNames } from '../../lib/tenant-names.ts'
import { Avatar } from '../../ui/Avatar.tsx'
import { confirm } from '../../ui/Confirm.tsx'
import { Dot } from '../../ui/Dot.tsx'
import { List, type Column } from '../../ui/List.tsx'
import { Time } from '../../ui/Time.tsx'
import { toast } from '../../ui/toast.tsx'
import type { ShownLink } from './LinkDialog.tsx'

type User = Outputs['users']['list']['rows'][number]

interface UserListProps {
  rows: User[]
  withTenant: boolean
  showLink: (link: ShownLink) => void
}

export function UserList({ rows, withTenant, showLink }: UserListProps) {
  const me = useMe()
  const { nameOf } = useTenantNames()
  const { change, error } = useChange()
  const mine = (user: User) => user.id === me.id || !mayGrant(me.role, user.role)
  const columns: (Column<User> | false)[] = [
    { head: 'Name', cell: (user) => <Name user={user} /> },
    withTenant && { head: 'Tenant', cell: (user) => nameOf(user.tenantId) },
    {
      head: 'Role',
      width: 180,
      cell: (user) =>
        mine(user) ? roleName[user.role] : <RoleSelect user={user} change={(role) => change(user, { role })} />,
    },
    {
      head: 'State',
      cell: (user) => (user.isActive ? <Dot tone="ok">Active</Dot> : <Dot tone="hollow">Deactivated</Dot>),
    },
    { head: 'Last active', cell: (user) => <Time at={user.lastSeenAt} none="never signed in" /> },
    { head: 'Since', cell: (user) => <Time at={user.createdAt} />, wide: true },
    {
      head: '',
      label: 'Actions',
      num: true,
      cell: (user) => !mine(user) && <Actions user={user} change={change} showLink={showLink} />,
    },
  ]
  return (
    <>
      {error && (
        <div className="note bad failure" role="alert">
          {error}
        </div>
      )}
      <List label="Users" two rows={rows} rowKey={(user) => user.id} columns={columns.filter((c) => c !== false)} />
    </>
  )
}

type Change = { role?: Role; isActive?: boolean }

/** Both changes can be taken back, so they get an undo and no question. */
function useChange() {
  const utils = trpc.useUtils()
  const [error, setError] = useState<string>()
  const send = async (user: User, values: Change) => {
    setError(undefined)
    try {
      await client.users.update.mutate({ tenant: user.tenantId, id: user.id, ...values })
      return true
    } catch (failure) {
      setError(`${user.username} was not changed. ${sentence(failure)}`)
      return false
    } finally {
      await utils.users.list.invalidate()
    }
  }
  const change = async (user: User, values: Change) => {
    if (!(await send(user, values))) return
    const before = { role: user.role, isActive: user.isActive }
    toast({ text: changed(user, values), undo: () => void send(user, before) })
  }
  return { change, error }
}

const changed = (user: User, { role, isActive }: Change) => {
  if (role) return `${user.username} is now ${roleName[role]}.`
  return isActive ? `${user.username} may sign in again.` : `${user.username} is deactivated and signed out everywhere.`
}

const Name = ({ user }: { user: User }) => (
  <span className="row">
    <Avatar name={user.username} />
    <b className="b trunc">{user.username}</b>
  </span>
)

function RoleSelect({ user, change }: { user: User; change: (role: Role) => Promise<void> }) {
  const me = useMe()
  const [busy, setBusy] = useState(false)
  return (
    <Select
      className="quiet-select"
      aria-label={`Role of ${user.username}`}
      value={user.role}
      disabled={busy}
      data={roles.filter((role) => mayGrant(me.role, role)).map((role) => ({ value: role, label: roleName[role] }))}
      onChange={(role) => {
        if (!role || role === user.role) return
        setBusy(true)
        void change(role).finally(() => setBusy(false))
      }}
    />
  )
}

interface ActionsProps {
  user: User
  change: (user: User, values: Change) => Promise<void>
  showLink: (link: ShownLink) => void
}

function Actions({ user, change, showLink }: ActionsProps) {
  const newLink = () =>
    confirm({
      title: `New link for ${user.username}?`,
      body: 'Their sessions end, and they choose a new password with the link. It works once, for 48 hours.',
      verb: 'Make the link',
      run: async () => {
        const { link } = await client.users.reset.mutate({ tenant: user.tenantId, id: user.id })
        showLink({ username: user.username, link })
      },
    })
  return (
    <span className="row g12" style={{ justifyContent: 'flex-end' }}>
      {user.isActive && (
        <button type="button" className="linkbutton" onClick={newLink} aria-label={`New link… for ${user.username}`}>
          New link…
        </button>
      )}
      <button
        type="button"
        className="linkbutton"
        aria-label={`${user.isActive ? 'Deactivate' : 'Activate'} ${user.username}`}
        onClick={() => void change(user, { isActive: !user.isActive })}
      >
        {user.isActive ? 'Deactivate' : 'Activate'}
      </button>
    </span>
  )
}
