import type { Database } from '@velocicompanion/db'
import { sql } from 'kysely'
import { asReader } from '../ingestion/imports/files.ts'
import { inTenant } from '../scope.ts'
import { keptDays } from './rules.ts'

/** Removes notifications that are older than 90 days. */
export async function forgetNotifications(database: Database, signal: AbortSignal) {
  const old = sql<boolean>`created_at < now() - make_interval(days => ${keptDays})`
  const tenants = await asReader(database, (trx) =>
    trx.selectFrom('notifications').select('tenantId').distinct().where(old).execute(),
  )
  for (const { tenantId } of tenants) {
    if (signal.aborted) return
    await inTenant(
      database.db,
      tenantId,
      (scope) => scope.db.deleteFrom('notifications').where('tenantId', '=', tenantId).where(old).execute(),
      { origin: { job: 'old notifications' } },
    )
  }
}
