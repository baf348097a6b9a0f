import { z } from 'zod'
import { limitInput } from '../keyset.ts'
import { router, signedIn } from '../trpc.ts'
import { countUnread, listNotifications, readAllNotifications, readNotification } from './queries.ts'

const id = z.number().int().positive()

export const notificationsRouter = router({
  list: signedIn
    .input(
      z.object({
        limit: limitInput,
        cursor: id.nullish().transform((c) => c ?? undefined),
        unread: z.boolean().default(false),
      }),
    )
    .query(({ ctx, input }) => listNotifications(ctx, input)),
  unread: signedIn.query(({ ctx }) => countUnread(ctx)),
  read: signedIn.input(z.object({ id })).mutation(({ ctx, input }) => readNotification(ctx, input.id)),
  readAll: signedIn.input(z.object({ upTo: id })).mutation(({ ctx, input }) => readAllNotifications(ctx, input.upTo)),
})
