import type { Database } from '@velocicompanion/db'
import { sql } from 'kysely'
import { asReader } from '../../ingestion/imports/files.ts'
import { Lost } from '../../queue.ts'
import { inTenant, type Actor, type TenantScope } from '../../scope.ts'

const job = { origin: { job: 'triage' }, statementTimeout: 120_000 }

export type Taken = NonNullable<Awaited<ReturnType<typeof takeNext>>>

/** The oldest action that nobody is at, of a tenant of which this process does none: tenants take turns. */
export async function takeNext(database: Database, staleSeconds: number, busy: Set<number>) {
  const waiting = sql<boolean>`state in ('queued', 'running', 'undoing')
    and (seen_at is null or seen_at < now() - make_interval(secs => ${staleSeconds}))`
  const open = await asReader(database, (trx) =>
    trx
      .selectFrom('triageActions')
      .select(['tenantId', 'id'])
      .where(waiting)
      .$if(busy.size > 0, (q) => q.where('tenantId', 'not in', [...busy]))
      .orderBy('createdAt')
      .limit(20)
      .execute(),
  )
  for (const { tenantId, id } of open) {
    const taken = await inTenant(database.db, tenantId, (scope) => take(scope, id, waiting), job)
    if (taken) return taken
  }
  return undefined
}

const take = ({ db, tenantId }: TenantScope, id: number, waiting: ReturnType<typeof sql<boolean>>) =>
  db
    .updateTable('triageActions')
    .set({
      state: sql`case when state = 'undoing' then state else 'running' end`,
      seenAt: sql`now()`,
      attempts: sql`attempts + 1`,
    })
    .where('tenantId', '=', tenantId)
    .where('id', '=', id)
    .where(waiting)
    .returning(['tenantId', 'id', 'kind', 'mark', 'tag', 'query', 'fromTime', 'toTime', 'state', 'ruleId'])
    .returning(['attempts', 'createdBy', 'author', 'createdAt'])
    .executeTakeFirst()

/** Who asked, as they are now: rights may have gone since. A person of another tenant is known by name alone. */
export async function askerOf(database: Database, taken: Taken): Promise<Actor | undefined> {
  const found = await asReader(database, (trx) =>
    trx
      .selectFrom('users')
      .select(['id', 'username', 'role', 'tenantId'])
      .where('username', '=', taken.author)
      .where('isActive', '=', true)
      .$if(taken.createdBy !== null, (q) => q.where('id', '=', taken.createdBy!).where('tenantId', '=', taken.tenantId))
      .executeTakeFirst(),
  )
  return found && { userId: found.id, username: found.username, role: found.role, tenantId: found.tenantId }
}

/** Says that this process is at it, and how far, in the transaction of what it did. */
export const noting = <T>(
  database: Database,
  { tenantId, id, attempts, state }: Pick<Taken, 'tenantId' | 'id' | 'attempts' | 'state'>,
  work: (scope: TenantScope) => Promise<{ set?: Record<string, unknown>; result: T }>,
) =>
  inTenant(
    database.db,
    tenantId,
    async (scope) => {
      const own = await scope.db
        .selectFrom('triageActions')
        .select('id')
        .where('tenantId', '=', tenantId)
        .where('id', '=', id)
        .where('state', '=', state)
        .where('attempts', '=', attempts)
        .forUpdate()
        .executeTakeFirst()
      if (!own) throw new Lost()
      const { set, result } = await work(scope)
      await scope.db
        .updateTable('triageActions')
        .set({ seenAt: sql`now()`, ...set })
        .where('tenantId', '=', tenantId)
        .where('id', '=', id)
        .execute()
      return result
    },
    job,
  )
