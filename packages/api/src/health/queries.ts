import type { Database } from '@velocicompanion/db'
import { sql } from 'kysely'

/** Users of every tenant whose sign-in was used in the last minutes: its refresh token was made or rotated. */
export const activeUsers = ({ db, roles }: Database, minutes: number) =>
  db.transaction().execute(async (trx) => {
    await sql.raw(`set transaction read only; set local role ${roles.reader}`).execute(trx)
    const { rows } = await sql<{ n: number }>`
      select count(distinct (tenant_id, user_id)) as n from sessions
      where ended_at is null and expires_at > now() and rotated_at > now() - make_interval(mins => ${minutes}::int)`.execute(
      trx,
    )
    return rows[0]!.n
  })
