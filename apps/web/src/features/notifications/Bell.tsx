import './notifications.css'
import { Popover } from '@mantine/core'
import { IconBell } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { trpc } from '../../api.ts'
import { count } from '../../lib/format.ts'
import { Loaded } from '../../ui/Loaded.tsx'
import { NotificationList } from './NotificationList.tsx'
import { useReading, useUnread } from './unread.ts'

const most = 99

/** The bell of the top bar: how many are unread, and the newest of them. */
export function Bell() {
  const unread = useUnread()
  const [open, setOpen] = useState(false)
  const label = unread === 0 ? 'Notifications' : `Notifications, ${count(unread)} unread`
  return (
    <Popover opened={open} onChange={setOpen} width={400} position="bottom-end" trapFocus>
      <Popover.Target>
        <button type="button" className="bell" aria-label={label} title={label} onClick={() => setOpen(!open)}>
          <IconBell size={18} stroke={1.6} aria-hidden />
          {unread > 0 && (
            <span className="pip" aria-hidden>
              {unread > most ? `${most}+` : unread}
            </span>
          )}
        </button>
      </Popover.Target>
      <Popover.Dropdown p={0}>
        <Newest close={() => setOpen(false)} />
      </Popover.Dropdown>
    </Popover>
  )
}

function Newest({ close }: { close: () => void }) {
  const found = trpc.notifications.list.useQuery({ limit: 8 }, { refetchInterval: 10_000 })
  const { readAll } = useReading()
  const newest = found.data?.rows[0]?.id
  const anyUnread = found.data?.rows.some(({ readAt }) => readAt === null) ?? false
  return (
    <div className="bellpane">
      <header className="row">
        <h2 className="h3 grow">Notifications</h2>
        {anyUnread && newest !== undefined && (
          <button
            type="button"
            className="linkbutton"
            disabled={readAll.isPending}
            onClick={() => readAll.mutate({ upTo: newest })}
          >
            Mark all as read
          </button>
        )}
      </header>
      <Loaded query={found}>
        {({ rows }) =>
          rows.length === 0 ? (
            <p className="t2 pad">
              Nothing yet. Exports and other work that takes a while say here that they are done.
            </p>
          ) : (
            <NotificationList rows={rows} onFollow={close} />
          )
        }
      </Loaded>
      <footer className="row g12">
        <Link to="/notifications" className="grow" onClick={close}>
          All notifications
        </Link>
        <Link to="/exports" onClick={close}>
          Your exports
        </Link>
      </footer>
    </div>
  )
}
