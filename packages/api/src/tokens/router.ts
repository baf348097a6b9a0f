import { z } from 'zod'
import { can, canAcross, router } from '../trpc.ts'
import { createToken, listTokens, revokeToken } from './queries.ts'

const id = z.number().int().positive()
const name = z.string().trim().min(1).max(100)

export const tokensRouter = router({
  list: canAcross('token:manage')
    .input(
      z.object({
        limit: z.number().int().min(1).max(200).default(50),
        cursor: id.nullish().transform((c) => c ?? undefined),
      }),
    )
    .query(({ ctx, input }) => listTokens(ctx.scope, input)),
  create: can('token:manage')
    .input(
      z.object({
        name,
        scope: z.enum(['ingest', 'api']),
        server: name.optional(),
        orgId: z.string().trim().min(1).max(50).optional(),
        expiresAt: z.iso.datetime({ offset: true }).optional(),
      }),
    )
    .mutation(({ ctx, input }) => createToken(ctx.scope, input)),
  revoke: can('token:manage')
    .input(z.object({ id }))
    .mutation(({ ctx, input }) => revokeToken(ctx.scope, input.id)),
})
