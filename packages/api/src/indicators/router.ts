import { z } from 'zod'
import { boundsOf } from '../rows/answers/bounds.ts'
import { sweepValues } from '../rows/answers/seen.ts'
import { canSearch, router } from '../trpc.ts'

const sweepInput = z.object({
  values: z.array(z.string().max(10_000)).min(1).max(10_000),
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
})

export const indicatorsRouter = router({
  sweep: canSearch('row:read')
    .input(sweepInput)
    .query(async ({ ctx, input }) => {
      const started = performance.now()
      const hits = await sweepValues(ctx.searcher, input.values, boundsOf(input))
      return { hits, tookMs: Math.round(performance.now() - started) }
    }),
})
