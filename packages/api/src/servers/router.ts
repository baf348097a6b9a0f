import { z } from 'zod'
import { can, canAcross, router } from '../trpc.ts'
import { guiUrl } from './input.ts'
import { listServers, updateServer } from './queries.ts'

export const serversRouter = router({
  list: canAcross('token:manage').query(async ({ ctx }) => ({ rows: await listServers(ctx.scope) })),
  update: can('token:manage')
    .input(z.object({ id: z.number().int().positive(), guiUrl: guiUrl.nullable() }))
    .mutation(({ ctx, input }) => updateServer(ctx.scope, input)),
})
