import type { Mark } from '@velocicompanion/api/triage/input'
import { useEffect } from 'react'
import { client, trpc } from '../../api.ts'
import { plural } from '../../lib/format.ts'
import { sentence } from '../../lib/problem.ts'
import { store } from '../../lib/store.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { toast } from '../../ui/toast.tsx'
import { useTriage } from './useTriage.ts'

/** All that a query finds, in place of rows that are named. */
export interface Whole {
  query: string
  from?: string | undefined
  to?: string | undefined
  total: number
  /** Whether all of them were counted. */
  isExact: boolean
}

export type ToAll = { mark: Mark } | { tag: string; on: boolean }

interface Under {
  id: number
  tenant?: number
  what: ToAll
  /** Rows so far, and how much of the stored blocks was gone through. */
  rows: number
  blocks: number | null
  blocksDone: number
}

/** What this page has asked for all rows of a query and that goes on; it outlives the selection and the page. */
const under = store<Under | undefined>(undefined)

const lookEvery = 500

export const wordsOf = (what: ToAll) =>
  'mark' in what ? `marked ${what.mark}` : `${what.on ? 'tagged' : 'no longer tagged'} ${what.tag}`

/** Marks or tags all rows of a query in the background. */
export function useBulk() {
  const tenant = useOneTenant()
  const now = under.use()
  const begin = async ({ query, from, to }: Whole, what: ToAll) => {
    const found = { query, ...(from && { from }), ...(to && { to }), ...tenant }
    try {
      const { action } =
        'mark' in what
          ? await client.triage.markFound.mutate({ ...found, ...what })
          : await client.triage.tagFound.mutate({ ...found, ...what })
      under.set({ id: action, ...tenant, what, rows: 0, blocks: null, blocksDone: 0 })
    } catch (error) {
      toast({ text: `No row was changed. ${sentence(error)}` })
    }
  }
  return { now, begin }
}

/** Looks how far it is, and says what came of it with the one way back. */
export function useBulkEnd() {
  const now = under.use()
  const { undo, again } = useTriage()
  const ref = now && { id: now.id, ...(now.tenant !== undefined && { tenant: now.tenant }) }
  const found = trpc.triage.action.useQuery(ref ?? { id: 1 }, {
    enabled: ref !== undefined,
    refetchInterval: lookEvery,
    gcTime: 0,
  })
  const { data, error } = found
  useEffect(() => {
    if (!now || !ref) return
    if (error) {
      under.set(undefined)
      toast({ text: `How far it is, is not known: a notification tells its end. ${sentence(error)}` })
    } else if (data?.id === now.id && !['queued', 'running'].includes(data.state)) {
      under.set(undefined)
      const done = `${plural(data.rows, 'row')} ${wordsOf(now.what)}`
      const how = data.state === 'done' ? done : `${data.state === 'failed' ? data.error : 'Stopped'}: ${done} before`
      toast({ text: how, ...(data.rows > 0 && { undo: () => void undo([ref]) }) })
      void again()
    } else if (data?.id === now.id && (data.rows !== now.rows || data.blocksDone !== now.blocksDone))
      under.set({ ...now, rows: data.rows, blocks: data.blocks, blocksDone: data.blocksDone })
  })
  const stop = async () => {
    if (!ref) return
    try {
      await client.triage.cancel.mutate(ref)
    } catch (failure) {
      toast({ text: `Not stopped. ${sentence(failure)}` })
    }
    await found.refetch()
  }
  return { now, stop }
}
