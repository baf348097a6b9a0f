import { useEffect, useRef } from 'react'
import { trpc } from '../../api.ts'

const soonest = 10_000
const latest = 60_000

/** How long to wait before the next look: the longer nothing happened, the longer, up to a minute. */
export const pauseAfter = (quietMs: number) => Math.min(latest, Math.max(soonest, quietMs / 4))

/** How many are unread; asked again while the page is seen. */
export function useUnread(): number {
  const changed = useRef(0)
  const { data } = trpc.notifications.unread.useQuery(undefined, {
    refetchInterval: () => pauseAfter(performance.now() - changed.current),
  })
  const unread = data?.unread ?? 0
  useEffect(() => {
    changed.current = performance.now()
  }, [unread])
  return unread
}

/** Marks one or all as read, and says so everywhere. */
export function useReading() {
  const utils = trpc.useUtils()
  const onSettled = () => utils.notifications.invalidate()
  return {
    read: trpc.notifications.read.useMutation({ onSettled }).mutate,
    readAll: trpc.notifications.readAll.useMutation({ onSettled }),
  }
}
