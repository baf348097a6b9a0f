import type { Database } from '@velocicompanion/db'
import { sql } from 'kysely'
import { asReader } from '../../ingestion/imports/files.ts'
import { Lost } from '../../queue.ts'
import { inTenant, type Actor, type TenantScope } from '../../scope.ts'
import type { Notes } from '../rules.ts'

const job = { origin: { job: 'exports' } }

export type Taken = NonNullable<Awaited<ReturnType<typeof takeNext>>>

/**
 * The oldest export that nobody writes, of a tenant of which this process writes none: tenants take turns. What another process
 * wrote of it goes: the file begins again, and holds the rows of the new moment.
 */
export async function takeNext(database: Database, staleSeconds: number, busy: Set<number>) {
  const waiting = sql<boolean>`(state = 'queued' or seen_at < now() - make_interval(secs => ${staleSeconds}))`
  const open = await asReader(database, (trx) =>
    trx
      .selectFrom('exports')
      .select(['tenantId', 'id'])
      .where('state', 'in', ['queued', 'running'])
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

async function take(scope: TenantScope, id: number, waiting: ReturnType<typeof sql<boolean>>) {
  const { db, tenantId } = scope
  const before = await db
    .selectFrom('exports')
    .select('fileId')
    .where('tenantId', '=', tenantId)
    .where('id', '=', id)
    .where('state', 'in', ['queued', 'running'])
    .where(waiting)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst()
  if (!before) return undefined
  const file = await db.insertInto('files').values({ tenantId }).returning('id').executeTakeFirstOrThrow()
  const taken = await db
    .updateTable('exports')
    .set({
      state: 'running',
      fileId: file.id,
      rows: 0,
      bytes: 0,
      blocks: null,
      blocksDone: 0,
      asOf: null,
      notes: '{}',
      seenAt: sql`now()`,
      attempts: sql`attempts + 1`,
    })
    .where('tenantId', '=', tenantId)
    .where('id', '=', id)
    .returning(['id', 'tenantId', 'userId', 'ofTenant', 'query', 'fromTime', 'toTime', 'format', 'columns'])
    .returning(['attempts', 'createdAt'])
    .executeTakeFirstOrThrow()
  if (before.fileId !== null) await dropFile(scope, before.fileId)
  return { ...taken, fileId: file.id }
}

export const dropFile = ({ db, tenantId }: TenantScope, id: number) =>
  db.deleteFrom('files').where('tenantId', '=', tenantId).where('id', '=', id).execute()

/** Who asked, as they are now: rights may have gone since. */
export async function askerOf(database: Database, { tenantId, userId }: Taken): Promise<Actor | undefined> {
  const user = await inTenant(database.db, tenantId, (scope) =>
    scope.db
      .selectFrom('users')
      .select(['id', 'username', 'role'])
      .where('tenantId', '=', tenantId)
      .where('id', '=', userId)
      .where('isActive', '=', true)
      .executeTakeFirst(),
  )
  return user && { userId: user.id, username: user.username, role: user.role, tenantId }
}

/** What of an export can change while it is written. */
export interface Progress {
  rows: number
  bytes: number
  blocks: number
  blocksDone: number
  asOf: Date
  notes: Notes
}

const stored = ({ notes, ...progress }: Partial<Progress>) => ({
  ...progress,
  ...(notes && { notes: JSON.stringify(notes) }),
})

/** Says that this process is at it, and how far, in the transaction of what it wrote. Throws Lost when it is not its own any more. */
export const noting = <T>(
  database: Database,
  { tenantId, id, attempts }: Pick<Taken, 'tenantId' | 'id' | 'attempts'>,
  set: Partial<Progress> & Record<string, unknown>,
  work: (scope: TenantScope) => Promise<T>,
) =>
  inTenant(
    database.db,
    tenantId,
    async (scope) => {
      const own = await scope.db
        .updateTable('exports')
        .set({ seenAt: sql`now()`, ...stored(set) })
        .where('tenantId', '=', tenantId)
        .where('id', '=', id)
        .where('state', '=', 'running')
        .where('attempts', '=', attempts)
        .returning('id')
        .executeTakeFirst()
      if (!own) throw new Lost()
      return work(scope)
    },
    job,
  )

/** A piece of the file; the last one grows until it is whole. */
export const putChunk = ({ db, tenantId }: TenantScope, fileId: number, n: number, bytes: Buffer) =>
  db
    .insertInto('fileChunks')
    .values({ tenantId, fileId, n, bytes })
    .onConflict((oc) => oc.columns(['tenantId', 'fileId', 'n']).doUpdateSet({ bytes }))
    .execute()
