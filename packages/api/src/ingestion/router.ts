import { z } from 'zod'
import { cursorInput, limitInput } from '../keyset.ts'
import { can, canAcross, router } from '../trpc.ts'
import { cancelImport, filesOf, getImport, listImports } from './imports/queries.ts'
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
  imports: canAcross('ingestion:read')
    .input(z.object({ limit: limitInput, cursor: cursorInput }))
    .query(({ ctx, input }) => listImports(ctx.scope, input)),
  import: can('ingestion:read')
    .input(z.object({ id }))
    .query(({ ctx, input }) => getImport(ctx.scope, input.id)),
  cancelImport: can('ingestion:send')
    .input(z.object({ id }))
    .mutation(({ ctx, input }) => cancelImport(ctx.scope, input.id)),
  files: can('collection:read')
    .input(z.object({ collectionId: id, limit: limitInput, cursor }))
    .query(({ ctx, input }) => filesOf(ctx.scope, input.collectionId, input)),
})
