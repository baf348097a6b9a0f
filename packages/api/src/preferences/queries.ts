import { sql } from 'kysely'
import { AppError } from '../errors.ts'
import { type Actor, inTenant } from '../scope.ts'
import type { Context } from '../trpc.ts'

type Signed = Context & { actor: Actor }

/** A person has so many at most: their own browser could fill the database otherwise. */
const most = 500

/** Somebody's own, wherever they look: a super-admin in another tenant sees it as at home. */
const ofOwn = <T>({ database, actor }: Signed, work: Parameters<typeof inTenant<T>>[2]) =>
  inTenant(database.db, actor.tenantId, work, { actor })

/** Values by key; those that were never set are left out. */
export async function getPreferences(ctx: Signed, keys: string[]): Promise<Record<string, unknown>> {
  const rows = await ofOwn(ctx, ({ db, tenantId }) =>
    db
      .selectFrom('preferences')
      .select(['key', 'value'])
      .where('tenantId', '=', tenantId)
      .where('userId', '=', ctx.actor.userId)
      .where('key', 'in', keys)
      .execute(),
  )
  return Object.fromEntries(rows.map(({ key, value }) => [key, value]))
}

/** Keeps a value, or forgets it (null). The last writer wins: two windows of one person are no conflict. */
export async function setPreference(ctx: Signed, { key, value }: { key: string; value: unknown }) {
  const { userId } = ctx.actor
  await ofOwn(ctx, async ({ db, tenantId }) => {
    if (value === null) {
      await sql`delete from preferences where tenant_id = ${tenantId} and user_id = ${userId} and key = ${key}`.execute(
        db,
      )
      return
    }
    const kept = await sql<{ key: string }>`
insert into preferences (tenant_id, user_id, key, value)
select ${tenantId}::int, ${userId}::bigint, ${key}::text, ${JSON.stringify(value)}::jsonb
where (select count(*) from preferences where tenant_id = ${tenantId} and user_id = ${userId} and key <> ${key}) < ${most}
on conflict (tenant_id, user_id, key) do update set value = excluded.value, updated_at = now()
returning key`.execute(db)
    if (kept.rows.length === 0) throw new AppError('BAD_REQUEST', `A person keeps ${most} preferences at most`)
  })
  return { key }
}
