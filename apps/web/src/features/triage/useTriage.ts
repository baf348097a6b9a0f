import { useQueryClient } from '@tanstack/react-query'
import { getQueryKey } from '@trpc/react-query'
import type { Mark } from '@velocicompanion/api/triage/input'
import { useMemo } from 'react'
import { client, trpc, type Outputs } from '../../api.ts'
import { plural } from '../../lib/format.ts'
import { useMay, useMe } from '../../lib/me.ts'
import { sentence } from '../../lib/problem.ts'
import { useAllTenants, useOneTenant, useTenant } from '../../lib/tenant.ts'
import { toast } from '../../ui/toast.tsx'

export type Judged = Outputs['triage']['marksOf'][number]
export type RowRef = Pick<Outputs['rows']['list']['rows'][number], 'id' | 'tenantId'>

const atOnce = 200

/** What was said of the rows, by their names. */
export function useMarks(rows: RowRef[]): ReadonlyMap<string, Judged> {
  const tenant = useTenant()
  const ids = rows.map(({ id }) => id)
  const pieces = Array.from({ length: Math.ceil(ids.length / atOnce) }, (_, i) =>
    ids.slice(i * atOnce, (i + 1) * atOnce),
  )
  const found = trpc.useQueries((t) => pieces.map((piece) => t.triage.marksOf({ rows: piece, ...tenant })))
  const data = found.map((one) => one.data)
  const key = found.map((one) => one.dataUpdatedAt).join()
  // oxlint-disable-next-line react/exhaustive-deps -- the answers are as new as their times
  return useMemo(() => new Map(data.flatMap((some) => (some ?? []).map((one) => [one.id, one]))), [key, ids.join()])
}

const isHiding = (key: readonly unknown[]) => {
  const [path, of] = key as [string[]?, { input?: { hideBenign?: boolean } }?]
  return path?.[0] === 'rows' && of?.input?.hideBenign === true
}

/** What hides benign rows is asked anew when marks have changed: a row that was marked goes, and comes back by an undo. */
export function useHiddenAgain() {
  const queries = useQueryClient()
  return () => queries.invalidateQueries({ predicate: ({ queryKey }) => isHiding(queryKey) })
}

const marksKey = getQueryKey(trpc.triage.marksOf)
const saidOf = (rows: number, mark: Mark) => `${plural(rows, 'row')} marked ${mark}`

/** Rows of which tenant, for one call each. */
function useByTenant() {
  const all = useAllTenants()
  const own = useOneTenant()
  return (rows: RowRef[]) =>
    all
      ? [...Map.groupBy(rows, ({ tenantId }) => tenantId)].map(([tenant, some]) => ({ tenant, rows: some }))
      : [{ ...own, rows }]
}

type Undo = { id: number; tenant?: number }

/** Changes what is said of rows: shown at once, undone on failure with the reason, and undone by a person for ten seconds. */
export function useTriage() {
  const queries = useQueryClient()
  const utils = trpc.useUtils()
  const me = useMe()
  const mayMark = useMay('triage:work')
  const byTenant = useByTenant()
  const hiddenAgain = useHiddenAgain()
  const again = () => Promise.all([utils.triage.invalidate(), hiddenAgain()])
  const undo = async (actions: Undo[]) => {
    try {
      for (const action of actions) {
        const { kept } = await client.triage.undo.mutate(action)
        if (kept > 0) toast({ text: `${plural(kept, 'row')} stayed as somebody else has marked them since.` })
      }
    } catch (error) {
      toast({ text: `Not undone. ${sentence(error)}` })
    }
    await again()
  }
  const mark = async (rows: RowRef[], to: Mark) => {
    if (rows.length === 0) return
    await queries.cancelQueries({ queryKey: marksKey })
    const before = queries.getQueriesData<Judged[]>({ queryKey: marksKey })
    queries.setQueriesData<Judged[]>({ queryKey: marksKey }, (old) => old && marked(old, rows, to, me.username))
    try {
      const done: Undo[] = await eachPiece(rows, async (ids, tenant) => {
        const { action } = await client.triage.mark.mutate({ rows: ids, mark: to, ...tenant })
        return { id: action }
      })
      toast({ text: saidOf(rows.length, to), undo: () => void undo(done) })
    } catch (error) {
      for (const [key, data] of before) queries.setQueryData(key, data)
      toast({ text: `No row was marked. ${sentence(error)}` })
    }
    await again()
  }
  /** In pieces of what one call takes, each tenant's apart. */
  const eachPiece = async <T>(rows: RowRef[], call: (ids: string[], tenant: { tenant?: number }) => Promise<T>) => {
    const done: (T & { tenant?: number })[] = []
    for (const { rows: some, ...tenant } of byTenant(rows))
      for (let at = 0; at < some.length; at += 1000) {
        const ids = some.slice(at, at + 1000).map(({ id }) => id)
        done.push({ ...(await call(ids, tenant)), ...tenant })
      }
    return done
  }
  const tag = async (rows: RowRef[], text: string, on: boolean) => {
    try {
      const done = await eachPiece(rows, async (ids, tenant) => {
        const { action, changed } = await client.triage.tag.mutate({ rows: ids, tag: text, on, ...tenant })
        return { id: action, changed }
      })
      const changed = done.reduce((sum, one) => sum + one.changed, 0)
      const undoing = done.map(({ changed: _changed, ...action }) => action)
      toast({
        text: `${plural(changed, 'row')} ${on ? 'tagged' : 'no longer tagged'} ${text}`,
        ...(changed > 0 && { undo: () => void undo(undoing) }),
      })
    } catch (error) {
      toast({ text: `No row was tagged. ${sentence(error)}` })
    }
    await again()
  }
  const comment = async (rows: RowRef[], text: string) => {
    try {
      const done = await eachPiece(rows, (ids, tenant) =>
        client.triage.commentRows.mutate({ rows: ids, text, ...tenant }),
      )
      const remove = async () => {
        try {
          for (const one of done) await client.triage.removeComments.mutate(one)
        } catch (error) {
          toast({ text: `The comment was not removed. ${sentence(error)}` })
        }
        await again()
      }
      toast({ text: `Commented on ${plural(rows.length, 'row')}`, undo: () => void remove() })
    } catch (error) {
      toast({ text: `Not saved. ${sentence(error)}` })
    }
    await again()
  }
  return mayMark ? { mark, tag, comment, undo, again } : { undo, again }
}

function marked(old: Judged[], rows: RowRef[], mark: Mark, by: string): Judged[] {
  const known = new Map(old.map((one) => [one.id, one]))
  for (const { id } of rows) {
    const { tags = [], comments = 0 } = known.get(id) ?? {}
    known.set(id, { id, tags, comments, mark, by, at: new Date().toISOString() as unknown as Judged['at'], rule: null })
  }
  return [...known.values()]
}
