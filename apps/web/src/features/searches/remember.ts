import { useEffect, useRef } from 'react'
import { trpc } from '../../api.ts'
import { store } from '../../lib/store.ts'
import { useTenantChoice } from '../../lib/tenant.ts'

/** The entry of the history that is open: what is asked next came from there. */
export const openEntry = store<number | undefined>(undefined)
/** Entries of this visit by what they ask: who goes back is there again, and has not asked something new. */
const entries = new Map<string, number>()

export interface AskedNow {
  query: string
  from?: string | undefined
  to?: string | undefined
}

interface Found {
  total: number
  totalIsExact: boolean
}

const keyOf = ({ query, from, to }: AskedNow, across: unknown) => JSON.stringify([query, from, to, across])

export function enter(id: number, asked: AskedNow, across: number | 'all' | undefined) {
  entries.set(keyOf(asked, across), id)
  openEntry.set(id)
}

/** Keeps each query in the history once its answer is there. */
export function useRemember(asked: AskedNow, found: Found | undefined) {
  const across = useTenantChoice()
  const utils = trpc.useUtils()
  const { mutate } = trpc.searches.remember.useMutation({
    onSuccess: () => void utils.searches.history.invalidate(),
  })
  const query = asked.query.trim()
  const { from, to } = asked
  const key = keyOf({ query, from, to }, across)
  const last = useRef<string>(undefined)
  const { total, totalIsExact } = found ?? {}
  useEffect(() => {
    const says = `${key} ${total}`
    if (total === undefined || totalIsExact === undefined || says === last.current) return
    if (query === '' && !from && !to) return
    last.current = says
    const parent = entries.get(key) ?? openEntry.get()
    const entry = {
      query,
      ...(from && { from }),
      ...(to && { to }),
      ...(across !== undefined && { across }),
      rows: total,
      exact: totalIsExact,
    }
    const onSuccess = ({ id }: { id: number }) => enter(id, { query, from, to }, across)
    if (parent === undefined) mutate(entry, { onSuccess })
    else
      mutate(
        { ...entry, parent },
        {
          onSuccess,
          // The history of who was here before, or an entry that made room: this one begins anew.
          onError: (error) => {
            if (error.data?.code !== 'NOT_FOUND') return
            entries.clear()
            openEntry.set(undefined)
            mutate(entry, { onSuccess })
          },
        },
      )
  }, [key, query, from, to, across, total, totalIsExact, mutate])
}
