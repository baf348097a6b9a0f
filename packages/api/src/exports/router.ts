import { z } from 'zod'
import { limitInput } from '../keyset.ts'
import { canOwn, router } from '../trpc.ts'
import { exportInput } from './input.ts'
import { cancelExport, createExport, getExport, listExports, removeExport } from './queries.ts'

const id = z.number().int().positive()

export const exportsRouter = router({
  create: canOwn('row:read')
    .input(exportInput)
    .mutation(({ ctx, input }) => createExport(ctx.scope, ctx.of, input, ctx.services.now())),
  list: canOwn('row:read')
    .input(z.object({ limit: limitInput, cursor: id.nullish().transform((c) => c ?? undefined) }))
    .query(({ ctx, input }) => listExports(ctx.scope, input)),
  get: canOwn('row:read')
    .input(z.object({ id }))
    .query(({ ctx, input }) => getExport(ctx.scope, input.id)),
  cancel: canOwn('row:read')
    .input(z.object({ id }))
    .mutation(({ ctx, input }) => cancelExport(ctx.scope, input.id)),
  remove: canOwn('row:read')
    .input(z.object({ id }))
    .mutation(({ ctx, input }) => removeExport(ctx.scope, input.id)),
})
