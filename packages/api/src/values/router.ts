import { z } from 'zod'
import { boundsOf } from '../rows/answers/bounds.ts'
import { seenValue } from '../rows/answers/seen.ts'
import { canSearch, router } from '../trpc.ts'

const seenInput = z.object({
  value: z.string().min(1).max(10_000),
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
  /** Hosts and sources shown, those seen last first. */
  limit: z.number().int().min(1).max(200).default(100),
})

export const valuesRouter = router({
  seen: canSearch('row:read')
    .input(seenInput)
    .query(async ({ ctx, input }) => {
      const started = performance.now()
      const seen = await seenValue(ctx.searcher, input.value, boundsOf(input), input.limit)
      return { ...seen, tookMs: Math.round(performance.now() - started) }
    }),
})
