import { z } from 'zod'
import { canAcross, router } from '../trpc.ts'
import { listAudit } from './queries.ts'

const time = z.iso.datetime({ offset: true }).optional()

export const auditRouter = router({
  list: canAcross('audit:read')
    .input(
      z.object({
        limit: z.number().int().min(1).max(200).default(50),
        cursor: z
          .number()
          .int()
          .positive()
          .nullish()
          .transform((c) => c ?? undefined),
        action: z.string().max(100).optional(),
        actor: z.string().max(100).optional(),
        from: time,
        to: time,
      }),
    )
    .query(({ ctx, input }) => listAudit(ctx.scope, input)),
})
