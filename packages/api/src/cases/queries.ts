import { sql } from 'kysely'
import { record } from '../audit.ts'
import { AppError, notFound } from '../errors.ts'
import { beyond, holds, page, type Place } from '../keyset.ts'
import type { ReadScope, TenantScope } from '../scope.ts'
import type { CaseSeverity, CaseStatus } from './input.ts'

export const restoreDays = 30

export interface CaseFilter {
  query?: string | undefined
  status?: CaseStatus | undefined
  severity?: CaseSeverity | undefined
  order: 'asc' | 'desc'
  limit: number
  skip?: number | undefined
  cursor?: Place | undefined
}

const columns = [
  'c.id',
  'c.tenantId',
  'c.title',
  'c.status',
  'c.severity',
  'c.version',
  'c.createdAt',
  'c.updatedAt',
] as const

const userName = (column: 'created_by' | 'updated_by') =>
  sql<
    string | null
  >`(select u.username from users u where u.tenant_id = c.tenant_id and u.id = ${sql.ref(`c.${column}`)})`

const artifactCount = sql<number>`(select count(*) from artifacts a where a.tenant_id = c.tenant_id and a.case_id = c.id)`

const kept = (scope: ReadScope) =>
  scope.db
    .selectFrom('cases as c')
    .where('c.deletedAt', 'is', null)
    .$if(scope.tenantId !== 'all', (q) => q.where('c.tenantId', '=', scope.tenantId as number))

/** By last change. */
export async function listCases(scope: ReadScope, filter: CaseFilter) {
  const { query, status, severity, order, limit, cursor } = filter
  const matching = kept(scope)
    .$if(Boolean(query), (q) => q.where(holds([sql.ref('c.title'), sql.ref('c.description')], query!)))
    .$if(status !== undefined, (q) => q.where('c.status', '=', status!))
    .$if(severity !== undefined, (q) => q.where('c.severity', '=', severity!))
  const rows = await matching
    .select(columns)
    .select([userName('updated_by').as('updatedBy'), artifactCount.as('artifacts')])
    .$if(cursor !== undefined, (q) => q.where(beyond(sql.ref('c.updated_at'), sql.ref('c.id'), cursor!, 'time', order)))
    .orderBy('c.updatedAt', order)
    .orderBy('c.id', order)
    .limit(limit + 1)
    .offset(filter.skip ?? 0)
    .execute()
  const { total } = await matching.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  return { ...page(rows, limit, (row) => row.updatedAt), total }
}

const findCase = (scope: TenantScope, id: number) =>
  kept(scope)
    .select(columns)
    .select(['c.description', userName('created_by').as('createdBy'), userName('updated_by').as('updatedBy')])
    .where('c.id', '=', id)
    .executeTakeFirst()

export async function getCase(scope: TenantScope, id: number) {
  const found = await findCase(scope, id)
  if (!found) throw notFound('case')
  return found
}

/** Users are keyed by tenant, so a super-admin who acts in another tenant has no name to point to there. */
const authorIn = (scope: TenantScope) => (scope.actor?.tenantId === scope.tenantId ? scope.actor.userId : null)

interface Written {
  title: string
  description: string
  status: CaseStatus
  severity: CaseSeverity
}

export async function createCase(scope: TenantScope, input: Written) {
  const { id } = await scope.db
    .insertInto('cases')
    .values({
      tenantId: scope.tenantId,
      title: input.title,
      description: input.description,
      status: input.status,
      severity: input.severity,
      createdBy: authorIn(scope),
      updatedBy: authorIn(scope),
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await record(scope, 'case.create', { case: id, title: input.title })
  return getCase(scope, id)
}

type Change = { id: number; version: number } & { [K in keyof Written]?: Written[K] | undefined }

/** Changes the named fields. Throws CONFLICT `stale` with the saved case when someone changed it since `version`. */
export async function updateCase(scope: TenantScope, { id, version, title, description, status, severity }: Change) {
  const changed = { title, description, status, severity }
  const saved = await scope.db
    .updateTable('cases')
    .set((eb) => ({
      ...(title !== undefined && { title }),
      ...(description !== undefined && { description }),
      ...(status !== undefined && { status }),
      ...(severity !== undefined && { severity }),
      version: eb('version', '+', 1),
      updatedBy: authorIn(scope),
      updatedAt: sql<Date>`now()`,
    }))
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .where('version', '=', version)
    .where('deletedAt', 'is', null)
    .returning('version')
    .executeTakeFirst()
  if (!saved) throw await whyNot(scope, id)
  const fields = Object.entries(changed).flatMap(([name, value]) => (value === undefined ? [] : [name]))
  await record(scope, 'case.update', { case: id, version: saved.version, fields })
  return getCase(scope, id)
}

/** Hides a case; it can be restored for 30 days. */
export async function deleteCase(scope: TenantScope, { id, version }: { id: number; version: number }) {
  const gone = await scope.db
    .updateTable('cases')
    .set((eb) => ({ deletedAt: sql<Date>`now()`, version: eb('version', '+', 1), updatedBy: authorIn(scope) }))
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .where('version', '=', version)
    .where('deletedAt', 'is', null)
    .returning(['id', 'version'])
    .executeTakeFirst()
  if (!gone) throw await whyNot(scope, id)
  await record(scope, 'case.delete', { case: id })
  return gone
}

export async function restoreCase(scope: TenantScope, id: number) {
  const back = await scope.db
    .updateTable('cases')
    .set((eb) => ({ deletedAt: null, version: eb('version', '+', 1), updatedBy: authorIn(scope) }))
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .where('deletedAt', '>', sql<Date>`now() - make_interval(days => ${restoreDays})`)
    .returning('id')
    .executeTakeFirst()
  if (!back) throw notFound('deleted case')
  await record(scope, 'case.restore', { case: id })
  return getCase(scope, id)
}

async function whyNot(scope: TenantScope, id: number) {
  const theirs = await findCase(scope, id)
  if (!theirs) return notFound('case')
  const detail = { theirs, who: theirs.updatedBy, when: theirs.updatedAt }
  return new AppError('CONFLICT', 'Someone saved the case while you were writing', 'stale', detail)
}

/** For what is put into a case: the lock keeps it from being deleted meanwhile. */
export async function lockCase(scope: TenantScope, id: number) {
  const found = await scope.db
    .selectFrom('cases')
    .select('id')
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .where('deletedAt', 'is', null)
    .forShare()
    .executeTakeFirst()
  if (!found) throw notFound('case')
}
