import type { Database } from '@velocicompanion/db'
import { sql } from 'kysely'
import { record } from '../audit.ts'
import { again } from '../ingestion/again.ts'
import { inTenant, type TenantScope } from '../scope.ts'
import type { Services } from '../services.ts'
import { cutoffOf } from './queries.ts'
import { removeBlocks, removeDeliveries, removeFiles, removeLinks, type Removed, type Step } from './removal/queries.ts'

interface Retaining {
  database: Database
  services: Pick<Services, 'now' | 'count'>
  /** Ends the work between two transactions; the next time goes on. */
  signal: AbortSignal
}

/** Rows first: deliveries and files go when no row of theirs is stored any longer. */
const steps: Step[] = [removeBlocks, removeDeliveries, removeLinks, removeFiles]
const restHours = 24

/** Removes what is past each tenant's retention. Several processes may do it at once, and one that dies is gone on with. */
export async function applyRetention(retaining: Retaining) {
  for (const tenantId of await tenantsToDo(retaining.database)) {
    if (retaining.signal.aborted) return
    await applyTo(retaining, tenantId)
  }
}

const tenantsToDo = ({ db, roles }: Database) =>
  db.transaction().execute(async (trx) => {
    await sql.raw(`set transaction read only; set local role ${roles.reader}`).execute(trx)
    const { rows } = await sql<{ id: number }>`
select t.id from tenants t where t.retention_days is not null
  or exists (select from retention_runs r where r.tenant_id = t.id and r.ended_at is null) order by t.id`.execute(trx)
    return rows.map((row) => row.id)
  })

interface Run {
  id: number
  cutoff: Date
}

async function applyTo(retaining: Retaining, tenantId: number) {
  const { database, services, signal } = retaining
  const scoped = <T>(work: (scope: TenantScope) => Promise<T>) =>
    again(() => inTenant(database.db, tenantId, work, { origin: { job: 'retention' }, statementTimeout: 120_000 }))
  const run = await scoped((scope) => openRun(scope, services.now()))
  if (!run) return
  for (const step of steps) {
    for (;;) {
      if (signal.aborted) return
      const removed = await scoped(async (scope) => {
        if (!(await isWanted(scope, run))) return undefined
        const some = await step(scope, database.roles, run.cutoff)
        if (some) await count(scope, run, some)
        return some
      })
      if (!removed) break
      services.count({ kind: 'removed', rows: removed.rows ?? 0, files: removed.files ?? 0 })
    }
  }
  await scoped((scope) => endRun(scope, run))
}

/** The run that is open, or a new one: each day, and at once after the setting changed. */
async function openRun(scope: TenantScope, now: Date): Promise<Run | undefined> {
  const { tenantId, db } = scope
  const open = await db
    .selectFrom('retentionRuns')
    .select(['id', 'cutoff'])
    .where('tenantId', '=', tenantId)
    .where('endedAt', 'is', null)
    .executeTakeFirst()
  if (open) return open
  const { rows } = await sql<{ days: number }>`
select t.retention_days as days from tenants t where t.id = ${tenantId} and t.retention_days is not null
  and not exists (select from retention_runs r where r.tenant_id = t.id and r.days = t.retention_days
    and r.started_at > ${now}::timestamptz - make_interval(hours => ${restHours}) and r.started_at > coalesce(t.retention_changed_at, '-infinity'))`.execute(
    db,
  )
  if (!rows[0]) return undefined
  return db
    .insertInto('retentionRuns')
    .values({ tenantId, days: rows[0].days, cutoff: cutoffOf(rows[0].days, now), startedAt: now })
    .onConflict((oc) => oc.doNothing())
    .returning(['id', 'cutoff'])
    .executeTakeFirst()
}

/** Whether the run is still open, and the tenant does not keep things longer by now. The lock holds the setting until the commit. */
async function isWanted(scope: TenantScope, run: Run) {
  const { rows } = await sql`
select from tenants t join retention_runs r on r.tenant_id = t.id
where t.id = ${scope.tenantId} and r.id = ${run.id} and r.ended_at is null and t.retention_days <= r.days for share of t`.execute(
    scope.db,
  )
  return rows.length > 0
}

const count = (scope: TenantScope, run: Run, removed: Removed) =>
  scope.db
    .updateTable('retentionRuns')
    .set((eb) => ({
      rows: eb('rows', '+', removed.rows ?? 0),
      blocks: eb('blocks', '+', removed.blocks ?? 0),
      deliveries: eb('deliveries', '+', removed.deliveries ?? 0),
      rejected: eb('rejected', '+', removed.rejected ?? 0),
      files: eb('files', '+', removed.files ?? 0),
      fileBytes: eb('fileBytes', '+', removed.fileBytes ?? 0),
    }))
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', run.id)
    .execute()

async function endRun(scope: TenantScope, run: Run) {
  const ended = await scope.db
    .updateTable('retentionRuns')
    .set({ endedAt: sql`now()` })
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', run.id)
    .where('endedAt', 'is', null)
    .returning(['days', 'cutoff', 'rows', 'blocks', 'deliveries', 'rejected', 'files', 'fileBytes'])
    .executeTakeFirst()
  if (!ended) return
  const { days, cutoff, ...counts } = ended
  // A day on which nothing was past retention is no event.
  if (Object.values(counts).every((n) => n === 0)) return
  await record(scope, 'retention.remove', { days, before: cutoff.toISOString(), ...counts })
}
