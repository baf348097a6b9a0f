import type { Database } from '@velocicompanion/db'
import { sql } from 'kysely'
import { asReader } from '../ingestion/imports/files.ts'
import { notify } from '../notifications/queries.ts'
import { openQueue } from '../queue.ts'
import { inTenant } from '../scope.ts'
import type { Services } from '../services.ts'
import { dropFile, noting, type Taken, takeNext } from './running/queries.ts'
import { runExport } from './running/run.ts'
import { formatNames } from './rules.ts'

interface Options {
  /** Throws while the disk has no room for more. */
  checkRoom?: (() => void) | undefined
  everyMs?: number
  /** After how many seconds without a sign of life another process begins it again. */
  staleSeconds?: number
  onError?: (error: unknown) => void
}

/** Writes the exports that people ask for. */
export function openExporter(
  database: Database,
  services: Pick<Services, 'searches' | 'count'>,
  options: Options = {},
) {
  const { checkRoom = () => {}, everyMs = 3000, staleSeconds = 15, onError = () => {} } = options
  return openQueue({
    take: (busy) => takeNext(database, staleSeconds, busy),
    run: (taken: Taken, signal) => runExport({ database, services, checkRoom, signal }, taken),
    beat: (taken) => noting(database, taken, {}, async () => {}),
    leave: (taken, again, why) => leave(database, taken, again, why),
    ended: ({ format }, outcome, ms, result) =>
      services.count({ kind: 'export', outcome, format, rows: 0, bytes: 0, ms, ...result }),
    everyMs,
    onError,
  })
}

/** What was written of it goes. */
function leave(database: Database, taken: Taken, again: boolean, why: string) {
  const set = again
    ? { state: 'queued', fileId: null }
    : { state: 'failed', fileId: null, bytes: 0, error: why, endedAt: sql`now()` }
  return noting(database, taken, set, async (scope) => {
    await dropFile(scope, taken.fileId)
    if (again) return
    const words = `Your ${formatNames[taken.format]} export failed: ${why}`
    await notify(scope, { userId: taken.userId, kind: 'export', words, link: '/exports' })
  })
}

const listedDays = 90

/** Removes the files of exports that are past their time; what they were stays listed for 90 days. */
export async function expireExports(database: Database, signal: AbortSignal) {
  await forget(database, signal)
  const past = sql<boolean>`state = 'done' and expires_at < now()`
  const found = await asReader(database, (trx) =>
    trx.selectFrom('exports').select(['tenantId', 'id']).where(past).orderBy('expiresAt').execute(),
  )
  for (const { tenantId, id } of found) {
    if (signal.aborted) return
    await inTenant(
      database.db,
      tenantId,
      async (scope) => {
        const one = await scope.db
          .selectFrom('exports')
          .select('fileId')
          .where('tenantId', '=', tenantId)
          .where('id', '=', id)
          .where(past)
          .forUpdate()
          .executeTakeFirst()
        if (!one) return
        await scope.db
          .updateTable('exports')
          .set({ state: 'expired', fileId: null })
          .where('tenantId', '=', tenantId)
          .where('id', '=', id)
          .execute()
        if (one.fileId !== null) await dropFile(scope, one.fileId)
      },
      { origin: { job: 'expired exports' }, statementTimeout: 600_000 },
    )
  }
}

async function forget(database: Database, signal: AbortSignal) {
  const old = sql<boolean>`ended_at < now() - make_interval(days => ${listedDays}) and file_id is null`
  const tenants = await asReader(database, (trx) =>
    trx.selectFrom('exports').select('tenantId').distinct().where(old).execute(),
  )
  for (const { tenantId } of tenants) {
    if (signal.aborted) return
    await inTenant(database.db, tenantId, (scope) =>
      scope.db.deleteFrom('exports').where('tenantId', '=', tenantId).where(old).execute(),
    )
  }
}
