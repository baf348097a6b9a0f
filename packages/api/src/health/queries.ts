import type { Database, Db } from '@velocicompanion/db'
import { sql } from 'kysely'
import { beyond, page, type Place } from '../keyset.ts'
import { inTenant, type ReadScope } from '../scope.ts'

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

/** Errors of the server that look alike, since they were written down last. */
export interface SeenError {
  fingerprint: string
  message: string
  route: string
  stack: string
  count: number
  lastSeen: Date
  requestId: string
}

/** Adds to the counts of a tenant; to those of the default tenant for errors of nobody. Before the first tenant there is no place. */
export async function keepErrors(db: Db, tenantId: number | null, seen: SeenError[]) {
  const id = tenantId ?? (await defaultTenant(db))
  if (id === null) return
  // Two servers that write the same ones must not wait for each other in a circle.
  const rows = seen.toSorted((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1))
  await inTenant(db, id, (scope) =>
    scope.db
      .insertInto('errors')
      .values(rows.map((row) => ({ tenantId: id, firstSeen: row.lastSeen, ...row })))
      .onConflict((oc) =>
        oc.columns(['tenantId', 'fingerprint']).doUpdateSet((eb) => ({
          count: eb('errors.count', '+', eb.ref('excluded.count')),
          lastSeen: eb.fn<Date>('greatest', ['errors.lastSeen', 'excluded.lastSeen']),
          requestId: eb.ref('excluded.requestId'),
        })),
      )
      .execute(),
  )
}

async function defaultTenant(db: Db) {
  const { rows } = await sql<{ id: number | null }>`select default_tenant() as id`.execute(db)
  return rows[0]!.id
}

/** Seen last first. A tenant has few: one for each place in the code that failed, so no index serves the order. */
export async function listErrors(scope: ReadScope, { limit, cursor }: { limit: number; cursor?: Place | undefined }) {
  const rows = await scope.db
    .selectFrom('errors')
    .select(['id', 'tenantId', 'message', 'route', 'stack', 'count', 'firstSeen', 'lastSeen', 'requestId'])
    .$if(scope.tenantId !== 'all', (q) => q.where('tenantId', '=', scope.tenantId as number))
    .$if(cursor !== undefined, (q) => q.where(beyond(sql`last_seen`, sql`id`, cursor!, 'time', 'desc')))
    .orderBy('lastSeen', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  return page(rows, limit, (row) => row.lastSeen)
}
