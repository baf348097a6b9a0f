import { z } from 'zod'
import { can, canAcross, router } from '../trpc.ts'
import { listSenders, watchSender } from './queries.ts'
import { senderKinds } from './rules.ts'

const id = z.number().int().positive()
const kind = z.enum(senderKinds)
/** A month. */
const longestSilence = 31 * 24 * 60

export const sendersRouter = router({
  list: canAcross('ingestion:read')
    .input(z.object({ attention: z.boolean().default(false) }))
    .query(({ ctx, input }) => listSenders(ctx.scope, input, ctx.services.now())),
  watch: can('token:manage')
    .input(z.object({ id, kind, silentAfter: z.number().int().min(0).max(longestSilence).nullable() }))
    .mutation(({ ctx, input }) => watchSender(ctx.scope, input)),
})
