import { store } from './lib/store.ts'

/** The access token lives here and nowhere else: not in storage, not in a cookie that scripts can read. */
export const accessToken = store<string | undefined>(undefined)

const channel = typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('vc-session')

export const tellSignedOut = () => channel?.postMessage('signed-out')

export function onSignedOutElsewhere(run: () => void) {
  const listener = (event: MessageEvent) => event.data === 'signed-out' && run()
  channel?.addEventListener('message', listener)
  return () => channel?.removeEventListener('message', listener)
}

/** Tabs share one rotated cookie, and a second use of an old one ends the session: so they take turns. */
export function inTurn<T>(work: () => Promise<T>): Promise<T> {
  return navigator.locks ? (navigator.locks.request('vc-refresh', work) as Promise<T>) : work()
}
