import { z } from 'zod'
import { cursorInput, limitInput, skipInput } from '../keyset.ts'
import { can, canAcross, router } from '../trpc.ts'
import { getHost, listHosts } from './queries.ts'

const listInput = z.object({
  query: z.string().max(200).optional(),
  os: z.string().max(200).optional(),
  label: z.string().max(200).optional(),
  sort: z.enum(['lastSeen', 'hostname']).default('lastSeen'),
  order: z.enum(['asc', 'desc']).default('desc'),
  limit: limitInput,
  skip: skipInput,
  cursor: cursorInput,
})

export const hostsRouter = router({
  list: canAcross('host:read')
    .input(listInput)
    .query(({ ctx, input }) => listHosts(ctx.scope, input)),
  get: can('host:read')
    .input(z.object({ id: z.number().int().positive() }))
    .query(({ ctx, input }) => getHost(ctx.scope, input.id)),
})
