import { z } from 'zod'
import { cursorInput, limitInput, skipInput } from '../keyset.ts'
import { can, canAcross, router } from '../trpc.ts'
import { listHunts } from './hunts/queries.ts'
import { getCollection, listCollections } from './queries.ts'
import { healthByTenant } from './tenants/queries.ts'
import { sharedIn, wholeness } from './whole/queries.ts'

const id = z.number().int().positive()
const name = z.string().min(1).max(300).optional()

export const collectionsRouter = router({
  list: canAcross('collection:read')
    .input(
      z.object({
        hostId: id.optional(),
        clientId: name,
        flowId: name,
        huntId: name,
        incomplete: z.boolean().optional(),
        limit: limitInput,
        skip: skipInput,
        cursor: cursorInput,
      }),
    )
    .query(({ ctx, input }) => listCollections(ctx.scope, input)),
  hunts: canAcross('collection:read')
    .input(
      z.object({
        limit: limitInput,
        /** How many were shown: the whole is reckoned for each page. */
        cursor: skipInput.nullish().transform((skip) => skip ?? undefined),
        incomplete: z.boolean().default(false),
      }),
    )
    .query(({ ctx, input: { cursor: skip, ...input } }) => listHunts(ctx.scope, { ...input, skip })),
  whole: canAcross('collection:read')
    /** With `tenants`, how each of them does as well. */
    .input(z.object({ tenants: z.boolean().default(false) }))
    .query(async ({ ctx: { scope, services, database }, input }) => {
      const share = sharedIn(database)
      const health = () => healthByTenant(scope, services.now())
      return {
        ...(await share(`whole ${scope.tenantId}`, () => wholeness(scope))),
        tenants: input.tenants ? await share(`tenants ${scope.tenantId}`, health) : [],
      }
    }),
  get: can('collection:read')
    .input(z.object({ id }))
    .query(({ ctx, input }) => getCollection(ctx.scope, input.id)),
})
