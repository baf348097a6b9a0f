import { z } from 'zod'
import { anyone, router, signedIn } from '../trpc.ts'
import * as auth from './queries.ts'
import { firstRun, register } from './registration.ts'

/** Letters, digits and a few signs: what can be told apart, typed and shown. */
export const username = z
  .string()
  .trim()
  .min(2)
  .max(64)
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}._@+ -]*$/u, 'Letters, digits, spaces and . _ @ + - only')
  .transform((name) => name.normalize('NFC'))
const password = z.string().min(1).max(1000)

export const authRouter = router({
  firstRun: anyone.query(({ ctx }) => firstRun(ctx)),
  register: anyone
    .input(
      z.object({
        username,
        password,
        tenantName: z.string().trim().min(1).max(100).optional(),
        setupCode: z.string().max(100).optional(),
      }),
    )
    .mutation(({ ctx, input }) => register(ctx, input)),
  signIn: anyone
    .input(z.object({ username: z.string().max(200), password }))
    .mutation(({ ctx, input }) => auth.signIn(ctx, input)),
  refresh: anyone.mutation(({ ctx }) => auth.refresh(ctx)),
  redeem: anyone
    .input(z.object({ code: z.string().max(100), password }))
    .mutation(({ ctx, input }) => auth.redeem(ctx, input)),
  signOut: anyone.mutation(({ ctx }) => auth.signOut(ctx)),
  me: signedIn.query(({ ctx }) => auth.me(ctx, ctx.actor)),
  changePassword: signedIn
    .input(z.object({ current: password, password }))
    .mutation(({ ctx, input }) => auth.changePassword(ctx, input)),
})
