import { z } from 'zod'
import { cursorInput, skipInput } from '../keyset.ts'
import { permitted, router } from '../trpc.ts'
import { createTenant, getTenant, listTenants, updateTenant } from './queries.ts'

const id = z.number().int().positive()
const name = z.string().trim().min(1).max(100)
const description = z.string().max(2000)
const manage = permitted('tenant:manage')

/** Tenants are no tenant's own rows, so these open their scopes themselves. */
export const tenantsRouter = router({
  list: manage
    .input(
      z.object({ limit: z.number().int().min(1).max(200).optional(), skip: skipInput, cursor: cursorInput }).optional(),
    )
    .query(({ ctx, input }) => listTenants(ctx.database, ctx.actor, ctx.origin, input)),
  get: manage
    .input(z.object({ id }))
    .query(({ ctx, input }) => getTenant(ctx.database, ctx.actor, ctx.origin, input.id)),
  create: manage
    .input(z.object({ name, description: description.default('') }))
    .mutation(({ ctx, input }) => createTenant(ctx.database, ctx.actor, ctx.origin, input)),
  update: manage
    .input(z.object({ id, name: name.optional(), description: description.optional() }))
    .mutation(({ ctx, input }) =>
      updateTenant(ctx.database, ctx.actor, ctx.origin, {
        id: input.id,
        ...(input.name !== undefined && { name: input.name }),
        ...(input.description !== undefined && { description: input.description }),
      }),
    ),
})
