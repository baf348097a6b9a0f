import { z } from 'zod'
import { router, signedIn } from '../trpc.ts'
import { getPreferences, setPreference } from './queries.ts'

const key = z.string().regex(/^[a-z0-9.:_-]{1,300}$/i, 'letters, digits and . : _ - only')
const largest = 20_000
const value = z.json().refine((given) => JSON.stringify(given).length <= largest, `At most ${largest} characters`)

/** Of the caller, whatever their role: how they see things is their own affair. */
export const preferencesRouter = router({
  get: signedIn
    .input(z.object({ keys: z.array(key).min(1).max(20) }))
    .query(({ ctx, input }) => getPreferences(ctx, input.keys)),
  set: signedIn.input(z.object({ key, value })).mutation(({ ctx, input }) => setPreference(ctx, input)),
})
