import { z } from 'zod'
import { cursorInput, limitInput } from '../keyset.ts'
import { canAcross, router, signedIn } from '../trpc.ts'
import { listErrors } from './queries.ts'

const loopback = /^https?:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|\/|$)/

export const healthRouter = router({
  status: signedIn.query(({ ctx: { services } }) => ({
    version: services.version,
    publicUrl: services.publicUrl,
    publicUrlIsLoopback: loopback.test(services.publicUrl),
    warnings: services.warnings(),
  })),
  errors: canAcross('error:read')
    .input(z.object({ limit: limitInput, cursor: cursorInput }))
    .query(({ ctx, input }) => listErrors(ctx.scope, input)),
})
