import {
  IconBell,
  IconBriefcase,
  IconDatabaseImport,
  IconDownload,
  IconMessage,
  IconTarget,
  type Icon,
} from '@tabler/icons-react'
import { useRouter } from '@tanstack/react-router'
import type { MouseEvent } from 'react'
import type { Outputs } from '../../api.ts'
import { Evidence } from '../../ui/evidence.tsx'
import { Time } from '../../ui/Time.tsx'
import { useReading } from './unread.ts'

type Notification = Outputs['notifications']['list']['rows'][number]

const icons: Record<string, Icon> = {
  export: IconDownload,
  case: IconBriefcase,
  indicator: IconTarget,
  ingestion: IconDatabaseImport,
  comment: IconMessage,
}

/** What happened, the newest first; following one marks it as read. */
export function NotificationList({ rows, onFollow }: { rows: Notification[]; onFollow?: () => void }) {
  return (
    <ul className="notifications" aria-label="Notifications">
      {rows.map((row) => (
        <One key={row.id} row={row} {...(onFollow && { onFollow })} />
      ))}
    </ul>
  )
}

function One({ row, onFollow }: { row: Notification; onFollow?: () => void }) {
  const router = useRouter()
  const { read } = useReading()
  const Icon = icons[row.kind] ?? IconBell
  const isUnread = row.readAt === null
  const follow = (event: MouseEvent) => {
    if (isUnread) read({ id: row.id })
    if (event.ctrlKey || event.metaKey || event.shiftKey || row.link === null) return
    event.preventDefault()
    router.history.push(row.link)
    onFollow?.()
  }
  const words = <Evidence text={row.words} />
  return (
    <li className={isUnread ? 'unread' : undefined}>
      <Icon size={16} stroke={1.6} aria-hidden />
      <span className="grow">
        {isUnread && <span className="sr">Unread: </span>}
        {row.link === null ? (
          words
        ) : (
          <a href={row.link} className="plainlink" onClick={follow}>
            {words}
          </a>
        )}
        <span className="meta">
          <Time at={row.createdAt} />
        </span>
      </span>
      {isUnread && (
        <button type="button" className="linkbutton" onClick={() => read({ id: row.id })}>
          Mark as read<span className="sr">: {row.words.slice(0, 60)}</span>
        </button>
      )}
    </li>
  )
}
