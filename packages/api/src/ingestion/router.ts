import { z } from 'zod'
import { can, canAcross, router } from '../trpc.ts'
import { overview, rejectedPart, rejectedRows } from './queries.ts'

const id = z.number().int().positive()
const cursor = id.nullish().transform((c) => c ?? undefined)

export const ingestionRouter = router({
  overview: canAcross('ingestion:read')
    .input(z.object({ limit: z.number().int().min(1).max(200).default(50) }))
    .query(({ ctx, input }) => overview(ctx.scope, input.limit, ctx.services.now())),
  rejected: canAcross('ingestion:read')
    .input(z.object({ limit: z.number().int().min(1).max(200).default(50), cursor, deliveryId: id.optional() }))
    .query(({ ctx, input }) => rejectedRows(ctx.scope, input)),
  rejectedPart: can('ingestion:read')
    .input(z.object({ id, part: z.number().int().min(0).max(100_000) }))
    .query(({ ctx, input }) => rejectedPart(ctx.scope, input)),
})
