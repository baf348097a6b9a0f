import { useMemo } from 'react'
import { client, trpc } from '../../api.ts'

/** A choice is sent when it has rested so long: a column that is dragged wider changes with every pixel. */
const rest = 600
const waiting = new Map<string, { timer: ReturnType<typeof setTimeout>; send: () => void }>()

/** Sends at once what still rests, as the window may be closing. */
export function sendPreferences() {
  for (const { timer, send } of waiting.values()) {
    clearTimeout(timer)
    send()
  }
  waiting.clear()
}

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

/** Keeps a choice with the server. One that can't be sent lasts as long as the page; nothing else depends on it. */
export function savePreference(key: string, value: Json) {
  clearTimeout(waiting.get(key)?.timer)
  const send = () => {
    waiting.delete(key)
    client.preferences.set.mutate({ key, value }).catch(() => {})
  }
  waiting.set(key, { timer: setTimeout(send, rest), send })
}

/**
 * What a person chose, wherever they sign in. `read` makes something usable of whatever is kept. Until the server has answered,
 * or when it can't, `settled` says whether to go on without it.
 */
export function usePreference<T extends Json>(key: string, read: (kept: unknown) => T) {
  const utils = trpc.useUtils()
  const asked = { keys: [key] }
  const kept = trpc.preferences.get.useQuery(asked, { staleTime: Infinity })
  const set = (next: T) => {
    utils.preferences.get.setData(asked, { [key]: next })
    savePreference(key, next)
  }
  const stored = kept.data?.[key]
  const value = useMemo(() => read(stored), [read, stored])
  return { value, set, settled: !kept.isPending }
}
