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
    mutate(
      {
        query,
        ...(from && { from }),
        ...(to && { to }),
        ...(across !== undefined && { across }),
        ...(parent !== undefined && { parent }),
        rows: total,
        exact: totalIsExact,
      },
      { onSuccess: ({ id }) => enter(id, { query, from, to }, across) },
    )
  }, [key, query, from, to, across, total, totalIsExact, mutate])
}
