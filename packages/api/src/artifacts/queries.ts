import { sql } from 'kysely'
import { record } from '../audit.ts'
import { AppError, notFound } from '../errors.ts'
import { beyond, holds, page, type Place } from '../keyset.ts'
import { lockCase } from '../cases/queries.ts'
import type { ReadScope, TenantScope } from '../scope.ts'
import type { ArtifactType } from './input.ts'

export interface ArtifactFilter {
  caseId?: number | undefined
  artifactType?: ArtifactType | undefined
  query?: string | undefined
  limit: number
  skip?: number | undefined
  cursor?: Place | undefined
}

const columns = [
  'a.id',
  'a.tenantId',
  'a.caseId',
  'a.artifactType',
  'a.value',
  'a.description',
  'a.version',
  'a.createdAt',
  'c.title as caseTitle',
] as const

const otherCases = sql<number>`(select count(distinct o.case_id) from artifacts o
  join cases oc on oc.tenant_id = o.tenant_id and oc.id = o.case_id and oc.deleted_at is null
  where o.tenant_id = a.tenant_id and md5(lower(o.value)) = md5(lower(a.value)) and o.case_id <> a.case_id)`

const creator = sql<
  string | null
>`(select u.username from users u where u.tenant_id = a.tenant_id and u.id = a.created_by)`

const kept = (scope: ReadScope) =>
  scope.db
    .selectFrom('artifacts as a')
    .innerJoin('cases as c', (join) => join.onRef('c.tenantId', '=', 'a.tenantId').onRef('c.id', '=', 'a.caseId'))
    .where('c.deletedAt', 'is', null)
    .$if(scope.tenantId !== 'all', (q) => q.where('a.tenantId', '=', scope.tenantId as number))

/** Newest first. */
export async function listArtifacts(scope: ReadScope, filter: ArtifactFilter) {
  const { caseId, artifactType, query, limit, cursor } = filter
  const matching = kept(scope)
    .$if(caseId !== undefined, (q) => q.where('a.caseId', '=', caseId!))
    .$if(artifactType !== undefined, (q) => q.where('a.artifactType', '=', artifactType!))
    .$if(Boolean(query), (q) => q.where(holds([sql.ref('a.value'), sql.ref('a.description')], query!)))
  const rows = await matching
    .select(columns)
    .select([creator.as('createdBy'), otherCases.as('otherCases')])
    .$if(cursor !== undefined, (q) =>
      q.where(beyond(sql.ref('a.created_at'), sql.ref('a.id'), cursor!, 'time', 'desc')),
    )
    .orderBy('a.createdAt', 'desc')
    .orderBy('a.id', 'desc')
    .limit(limit + 1)
    .offset(filter.skip ?? 0)
    .execute()
  const { total } = await matching.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  return { ...page(rows, limit, (row) => row.createdAt), total }
}

export async function getArtifact(scope: TenantScope, id: number) {
  const found = await kept(scope)
    .select(columns)
    .select([creator.as('createdBy'), otherCases.as('otherCases')])
    .where('a.id', '=', id)
    .executeTakeFirst()
  if (!found) throw notFound('artifact')
  return found
}

interface Created {
  caseId: number
  artifactType: ArtifactType
  value: string
  description: string
}

/** Throws CONFLICT `taken` when the case holds the value already. */
export async function createArtifact(scope: TenantScope, { caseId, artifactType, value, description }: Created) {
  await lockCase(scope, caseId)
  const createdBy = scope.actor?.tenantId === scope.tenantId ? scope.actor.userId : null
  const made = await scope.db
    .insertInto('artifacts')
    .values({ tenantId: scope.tenantId, caseId, artifactType, value, description, createdBy })
    .onConflict((oc) => oc.doNothing())
    .returning('id')
    .executeTakeFirst()
  if (!made) throw taken()
  await record(scope, 'artifact.create', { artifact: made.id, case: caseId, type: artifactType })
  return getArtifact(scope, made.id)
}

type Change = { id: number; version?: number | undefined } & {
  [K in 'artifactType' | 'value' | 'description']?: Created[K] | undefined
}

export async function updateArtifact(scope: TenantScope, { id, version, artifactType, value, description }: Change) {
  const saved = await scope.db
    .updateTable('artifacts')
    .set((eb) => ({
      ...(artifactType !== undefined && { artifactType }),
      ...(value !== undefined && { value }),
      ...(description !== undefined && { description }),
      version: eb('version', '+', 1),
    }))
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .where('caseId', 'in', openCases(scope))
    .$if(version !== undefined, (q) => q.where('version', '=', version!))
    .returning(['version', 'caseId'])
    .executeTakeFirst()
    .catch(duplicate)
  if (!saved) throw stale(await getArtifact(scope, id))
  await record(scope, 'artifact.update', { artifact: id, case: saved.caseId, version: saved.version })
  return getArtifact(scope, id)
}

const openCases = (scope: TenantScope) =>
  scope.db.selectFrom('cases').select('id').where('tenantId', '=', scope.tenantId).where('deletedAt', 'is', null)

const stale = (theirs: Awaited<ReturnType<typeof getArtifact>>) =>
  new AppError('CONFLICT', 'Someone saved the artifact while you were writing', 'stale', { theirs })

export async function deleteArtifact(scope: TenantScope, id: number) {
  const gone = await scope.db
    .deleteFrom('artifacts')
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .where('caseId', 'in', openCases(scope))
    .returning(['id', 'caseId', 'artifactType', 'value'])
    .executeTakeFirst()
  if (!gone) throw notFound('artifact')
  await record(scope, 'artifact.delete', {
    artifact: id,
    case: gone.caseId,
    type: gone.artifactType,
    value: gone.value,
  })
  return { id }
}

const taken = () => new AppError('CONFLICT', 'The case holds this value already', 'taken')

function duplicate(error: unknown): never {
  if ((error as { code?: string }).code === '23505') throw taken()
  throw error
}
