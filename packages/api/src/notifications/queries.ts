import { sql } from 'kysely'
import { notFound } from '../errors.ts'
import { inTenant, type Actor, type TenantScope } from '../scope.ts'
import type { Context } from '../trpc.ts'
import { mostWords, type NotificationKind } from './rules.ts'

interface Told {
  /** A user of the scope's tenant. */
  userId: number
  kind: NotificationKind
  /** One sentence; evidence in it is text. */
  words: string
  /** A place in this web that shows more: `/exports`. */
  link?: string
}

/** Tells a user something, in the transaction of what happened: neither stands without the other. */
export async function notify(trx: TenantScope, { userId, kind, words, link }: Told) {
  // PostgreSQL keeps no U+0000, and no half of a pair.
  const text = words.replaceAll('\0', '\u2400').toWellFormed()
  const kept = text.length > mostWords ? `${text.slice(0, mostWords - 1).toWellFormed()}…` : text
  await trx.db
    .insertInto('notifications')
    .values({ tenantId: trx.tenantId, userId, kind, words: kept, link: link ?? null })
    .execute()
}

type Own = Context & { actor: Actor }

/** Notifications are a person's own, in the tenant of their account, whichever tenant they look at. */
const own = <T>({ database, actor, origin }: Own, work: (scope: TenantScope) => Promise<T>) =>
  inTenant(database.db, actor.tenantId, work, { actor, origin })

const ofActor = ({ db, tenantId }: TenantScope, userId: number) =>
  db.selectFrom('notifications').where('tenantId', '=', tenantId).where('userId', '=', userId)

interface Wanted {
  limit: number
  cursor?: number | undefined
  unread: boolean
}

/** Newest first. */
export const listNotifications = (ctx: Own, { limit, cursor, unread }: Wanted) =>
  own(ctx, async (scope) => {
    const all = ofActor(scope, ctx.actor.userId).$if(unread, (q) => q.where('readAt', 'is', null))
    const rows = await all
      .select(['id', 'kind', 'words', 'link', 'createdAt', 'readAt'])
      .$if(cursor !== undefined, (q) => q.where('id', '<', cursor!))
      .orderBy('id', 'desc')
      .limit(limit + 1)
      .execute()
    const { total } = await all.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
    return { rows: rows.slice(0, limit), nextCursor: rows.length > limit ? rows[limit - 1]!.id : null, total }
  })

export const countUnread = (ctx: Own) =>
  own(ctx, async (scope) => {
    const { unread } = await ofActor(scope, ctx.actor.userId)
      .where('readAt', 'is', null)
      .select(({ fn }) => fn.countAll<number>().as('unread'))
      .executeTakeFirstOrThrow()
    return { unread }
  })

/** Marks one as read; one that was read before stays so. */
export const readNotification = (ctx: Own, id: number) =>
  own(ctx, async ({ db, tenantId }) => {
    const read = await db
      .updateTable('notifications')
      .set({ readAt: sql`coalesce(read_at, now())` })
      .where('tenantId', '=', tenantId)
      .where('userId', '=', ctx.actor.userId)
      .where('id', '=', id)
      .returning(['id', 'readAt'])
      .executeTakeFirst()
    if (!read) throw notFound('notification')
    return read
  })

/** Marks what is unread up to one of them: what came since then, nobody has seen. */
export const readAllNotifications = (ctx: Own, upTo: number) =>
  own(ctx, async ({ db, tenantId }) => {
    const read = await db
      .updateTable('notifications')
      .set({ readAt: sql`now()` })
      .where('tenantId', '=', tenantId)
      .where('userId', '=', ctx.actor.userId)
      .where('readAt', 'is', null)
      .where('id', '<=', upTo)
      .executeTakeFirstOrThrow()
    return { read: Number(read.numUpdatedRows) }
  })
