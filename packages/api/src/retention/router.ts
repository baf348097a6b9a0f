import { z } from 'zod'
import { can, router } from '../trpc.ts'
import { days } from './input.ts'
import { getRetention, setRetention, wouldRemove } from './queries.ts'

const manage = can('retention:manage')

export const retentionRouter = router({
  get: manage.query(({ ctx }) => getRetention(ctx.scope)),
  preview: manage
    .input(z.object({ days }))
    .query(({ ctx, input }) => wouldRemove(ctx.scope, input.days, ctx.services.now())),
  set: manage
    .input(z.object({ days: days.nullable(), was: days.nullable() }))
    .mutation(({ ctx, input }) => setRetention(ctx.scope, input, ctx.services.now())),
})
