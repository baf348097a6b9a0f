import { z } from 'zod'
import { username } from '../auth/router.ts'
import { limitInput, skipInput } from '../keyset.ts'
import { roles } from '../permissions.ts'
import { can, canAcross, router } from '../trpc.ts'
import { createUser, getUser, listUsers, resetUser, updateUser } from './queries.ts'

const id = z.number().int().positive()
const ref = z.object({ id })
const role = z.enum(roles)

export const usersRouter = router({
  list: canAcross('user:manage')
    .input(
      z.object({
        limit: limitInput,
        skip: skipInput,
        cursor: id.nullish().transform((c) => c ?? undefined),
        query: z.string().max(100).optional(),
        isActive: z.boolean().optional(),
      }),
    )
    .query(({ ctx, input }) => listUsers(ctx.scope, input)),
  get: can('user:manage')
    .input(ref)
    .query(({ ctx, input }) => getUser(ctx.scope, input.id)),
  create: can('user:manage')
    .input(z.object({ username, role, password: z.string().min(1).max(1000).optional() }))
    .mutation(({ ctx, input }) =>
      createUser(ctx.scope, input).then(({ user, code }) => ({
        user,
        link: code && linkOf(ctx.services.publicUrl, code),
      })),
    ),
  update: can('user:manage')
    .input(z.object({ id, role: role.optional(), isActive: z.boolean().optional() }))
    .mutation(({ ctx, input }) => updateUser(ctx.scope, input)),
  deactivate: can('user:manage')
    .input(ref)
    .mutation(({ ctx, input }) => updateUser(ctx.scope, { id: input.id, isActive: false })),
  reset: can('user:manage')
    .input(ref)
    .mutation(({ ctx, input }) =>
      resetUser(ctx.scope, ctx.services, input.id).then(({ user, code }) => ({
        user,
        link: linkOf(ctx.services.publicUrl, code),
      })),
    ),
})

/** The code stands in the fragment, which no proxy logs. */
const linkOf = (publicUrl: string, code: string) => `${publicUrl}/welcome#${code}`
