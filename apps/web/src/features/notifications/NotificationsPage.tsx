import './notifications.css'
import { Button, SegmentedControl } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { trpc } from '../../api.ts'
import { count } from '../../lib/format.ts'
import { Page } from '../../ui/Page.tsx'
import { Paged } from '../../ui/Paged.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { NotificationList } from './NotificationList.tsx'
import { useReading } from './unread.ts'

const route = getRouteApi('/app/notifications')

export function NotificationsPage() {
  const { unread = false } = route.useSearch()
  const navigate = route.useNavigate()
  const found = trpc.notifications.list.useInfiniteQuery(
    { limit: 50, unread },
    { getNextPageParam: (page) => page.nextCursor, refetchInterval: 15_000, placeholderData: (old) => old },
  )
  const { readAll } = useReading()
  const first = found.data?.pages[0]
  const newest = first?.rows[0]?.id
  const anyUnread = found.data?.pages.some(({ rows }) => rows.some(({ readAt }) => readAt === null)) ?? false
  return (
    <Page
      title="Notifications"
      sub="What happened while you did something else. Only you see these; each goes after 90 days."
      actions={
        <Button
          variant="default"
          disabled={!anyUnread || readAll.isPending}
          onClick={() => newest !== undefined && readAll.mutate({ upTo: newest })}
        >
          Mark all as read
        </Button>
      }
    >
      <Panel
        title="Notifications"
        count={first && count(first.total)}
        actions={
          <SegmentedControl
            aria-label="Which notifications"
            value={unread ? 'unread' : 'all'}
            data={[
              { value: 'all', label: 'All' },
              { value: 'unread', label: 'Unread' },
            ]}
            onChange={(which) =>
              void navigate({
                search: (old) => ({ ...old, pages: undefined, unread: which === 'unread' || undefined }),
              })
            }
          />
        }
      >
        <Paged
          query={found}
          empty={
            <EmptyState title={unread ? 'Nothing is unread' : 'No notification yet'}>
              Exports and other work that takes a while say here that they are done.
            </EmptyState>
          }
        >
          {(rows) => <NotificationList rows={rows} />}
        </Paged>
      </Panel>
    </Page>
  )
}
