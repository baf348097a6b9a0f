import { useMutation } from '@tanstack/react-query'
import { client, trpc } from '../../api.ts'
import { plural } from '../../lib/format.ts'
import { sentence } from '../../lib/problem.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { toast } from '../../ui/toast.tsx'

/** One line, or all that are set aside, of a delivery if one is named. */
type What = { id: number; tenantId: number } | { deliveryId: number | undefined }

const atOnce = 50

/** Tries lines again. All of them go in parts: what passed stays stored when a later part fails. */
export function useRetry() {
  const one = useOneTenant()
  const utils = trpc.useUtils()
  const mutation = useMutation({
    mutationFn: async (what: What) => {
      if ('id' in what) return client.ingestion.retry.mutate({ tenant: what.tenantId, ids: [what.id] })
      const sum = { stored: 0, kept: 0, rows: [] as { reason: string | null }[] }
      for (let cursor: number | null | undefined; cursor !== null;) {
        const { deliveryId } = what
        const page = await client.ingestion.rejected.query({
          ...one,
          limit: atOnce,
          cursor,
          ...(deliveryId !== undefined && { deliveryId }),
        })
        if (page.rows.length === 0) break
        const { stored, kept } = await client.ingestion.retry.mutate({ ...one, ids: page.rows.map((row) => row.id) })
        sum.stored += stored
        sum.kept += kept
        cursor = page.nextCursor
      }
      return sum
    },
    onSuccess: ({ stored, kept, rows }) => {
      const why = rows.length === 1 && rows[0]!.reason ? `: ${rows[0]!.reason}` : ''
      toast({ text: `${plural(stored, 'row')} stored, ${plural(kept, 'row')} still set aside${why}.` })
    },
    onError: (error) => toast({ text: `Not every line was tried. ${sentence(error)}` }),
    onSettled: () => Promise.all([utils.ingestion.invalidate(), utils.collections.invalidate()]),
  })
  return { retry: (what: What) => mutation.mutate(what), busy: mutation.isPending }
}
