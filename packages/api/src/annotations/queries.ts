import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { z } from 'zod'
import { record } from '../audit.ts'
import { lockCase } from '../cases/queries.ts'
import { AppError, notFound } from '../errors.ts'
import { may } from '../permissions.ts'
import { rawRow } from '../rows/lines/lines.ts'
import { runsFrom } from '../rows/lines/queries.ts'
import { inScope } from '../rows/queries.ts'
import { parseRowId, rowId } from '../rows/rules.ts'
import type { ReadScope, TenantScope } from '../scope.ts'
import type { createInput, listInput, updateInput } from './input.ts'
import { hostOf } from '../timeline/queries.ts'
import { instantOfText, instantText } from '../timeline/rules.ts'

const kept = (scope: ReadScope) =>
  scope.db
    .selectFrom('annotations as a')
    .leftJoin('cases as c', (join) =>
      join.onRef('c.tenantId', '=', 'a.tenantId').onRef('c.id', '=', 'a.caseId').on('c.deletedAt', 'is', null),
    )
    .select([
      'a.id',
      'a.tenantId',
      'a.hostId',
      'a.atMicros',
      'a.atNanos',
      'a.text',
      'a.collectionId',
      'a.sourceId',
      'a.rowNumber',
      'a.rowBytes',
      'a.field',
      'c.id as caseId',
      'c.title as caseTitle',
      'a.version',
      'a.createdBy',
      'a.author',
      'a.createdAt',
      'a.updatedAt',
    ])
    .where(sql<boolean>`${inScope(scope, 'a.tenant_id')}`)
    .where('a.deletedAt', 'is', null)

type Kept = Awaited<ReturnType<ReturnType<typeof kept>['execute']>>[number]

function shown({ atMicros, atNanos, collectionId, sourceId, rowNumber, ...rest }: Kept) {
  const row =
    collectionId === null || sourceId === null || rowNumber === null
      ? null
      : rowId({ collectionId, sourceId, row: rowNumber })
  return { ...rest, micros: atMicros, nanos: atNanos, at: instantText({ micros: atMicros, nanos: atNanos }), row }
}

/** Of a host, oldest moment first; `total` counts those beyond the limit too. */
export async function listAnnotations(scope: ReadScope, input: z.output<typeof listInput>) {
  await hostOf(scope, input.hostId)
  const from = input.from === undefined ? undefined : instantOfText(input.from).micros
  const to = input.to === undefined ? undefined : instantOfText(input.to).micros
  const matching = kept(scope)
    .where('a.hostId', '=', input.hostId)
    .$if(from !== undefined, (q) => q.where('a.atMicros', '>=', from!))
    .$if(to !== undefined, (q) => q.where('a.atMicros', '<=', to!))
  const rows = await matching.orderBy('a.atMicros').orderBy('a.atNanos').orderBy('a.id').limit(input.limit).execute()
  const { total } = await matching
    .clearSelect()
    .select(({ fn }) => fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow()
  return { rows: rows.map(shown), total }
}

/** Those of one row: made from it, or from the same bytes of the same host under another name. */
export async function annotationsOfRow(scope: ReadScope, id: string) {
  const { name, run } = await runOf(scope, id)
  const onHost = kept(scope).where('a.hostId', '=', run.hostId).where('a.rowSha256', 'is not', null)
  if ((await onHost.clearSelect().select('a.id').limit(1).execute()).length === 0) return []
  const { sha256 } = await identityOf(scope, id)
  const rows = await onHost
    .where((eb) =>
      eb.or([
        eb.and([
          eb('a.collectionId', '=', name.collectionId),
          eb('a.sourceId', '=', name.sourceId),
          eb('a.rowNumber', '=', name.row),
        ]),
        eb.and([eb('a.sourceId', '=', name.sourceId), eb('a.rowSha256', '=', sha256)]),
      ]),
    )
    .orderBy('a.createdAt')
    .orderBy('a.id')
    .execute()
  return rows.map(shown)
}

async function runOf(scope: ReadScope, id: string) {
  const name = parseRowId(id)
  const [run] = name ? await runsFrom(scope, name, name.row, 1) : []
  if (!name || !run || run.firstRow > name.row) throw notFound('row')
  return { name, run }
}

/** What tells a row apart from others whatever it is called. */
async function identityOf(scope: ReadScope, id: string) {
  const bytes = Buffer.from(await rawRow(scope, { id, as: 'base64' }), 'base64')
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest() }
}

export async function createAnnotation(scope: TenantScope, input: z.output<typeof createInput>) {
  const { micros, nanos } = instantOfText(input.at)
  await hostOf(scope, input.hostId)
  if (input.caseId !== undefined) await lockCase(scope, input.caseId)
  const of = input.row === undefined ? undefined : await runOf(scope, input.row)
  if (of && of.run.hostId !== input.hostId) throw notFound('row')
  const identity = input.row === undefined ? undefined : await identityOf(scope, input.row)
  const actor = scope.actor!
  const { id } = await scope.db
    .insertInto('annotations')
    .values({
      tenantId: scope.tenantId,
      hostId: input.hostId,
      atMicros: micros,
      atNanos: nanos,
      text: input.text,
      collectionId: of?.name.collectionId ?? null,
      sourceId: of?.name.sourceId ?? null,
      rowNumber: of?.name.row ?? null,
      rowBytes: identity?.bytes ?? null,
      rowSha256: identity?.sha256 ?? null,
      field: input.field ?? null,
      caseId: input.caseId ?? null,
      createdBy: actor.tenantId === scope.tenantId ? actor.userId : null,
      author: actor.username,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await record(scope, 'annotation.create', { annotation: id, host: input.hostId, row: input.row ?? null })
  return annotationOf(scope, id)
}

async function annotationOf(scope: ReadScope, id: number) {
  const found = await kept(scope).where('a.id', '=', id).executeTakeFirst()
  if (!found) throw notFound('annotation')
  return shown(found)
}

/** Its author's, or anybody's for who manages annotations. NOT_FOUND comes before FORBIDDEN. */
async function owned(scope: TenantScope, id: number, isDeleted: boolean) {
  const found = await scope.db
    .selectFrom('annotations')
    .select(['id', 'createdBy', 'author', 'version'])
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .where('deletedAt', isDeleted ? 'is not' : 'is', null)
    .forUpdate()
    .executeTakeFirst()
  if (!found) throw notFound('annotation')
  const actor = scope.actor!
  const own = found.createdBy === null ? found.author === actor.username : found.createdBy === actor.userId
  if (!own && !may(actor.role, 'annotation:manage'))
    throw new AppError('FORBIDDEN', 'Only its author or an administrator changes an annotation')
  return found
}

export async function updateAnnotation(scope: TenantScope, input: z.output<typeof updateInput>) {
  await owned(scope, input.id, false)
  if (typeof input.caseId === 'number') await lockCase(scope, input.caseId)
  const saved = await scope.db
    .updateTable('annotations')
    .set((eb) => ({
      text: input.text,
      ...(input.caseId !== undefined && { caseId: input.caseId }),
      version: eb('version', '+', 1),
      updatedAt: sql<Date>`now()`,
    }))
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', input.id)
    .where('version', '=', input.version)
    .returning('version')
    .executeTakeFirst()
  if (!saved)
    throw new AppError('CONFLICT', 'Someone saved the annotation while you were writing', 'stale', {
      theirs: await annotationOf(scope, input.id),
    })
  await record(scope, 'annotation.update', { annotation: input.id, version: saved.version })
  return annotationOf(scope, input.id)
}

/** Kept, so that it can be brought back. */
export async function deleteAnnotation(scope: TenantScope, id: number) {
  await owned(scope, id, false)
  await scope.db
    .updateTable('annotations')
    .set({ deletedAt: sql<Date>`now()` })
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .execute()
  await record(scope, 'annotation.delete', { annotation: id })
  return { id }
}

export async function restoreAnnotation(scope: TenantScope, id: number) {
  await owned(scope, id, true)
  await scope.db
    .updateTable('annotations')
    .set({ deletedAt: null })
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .execute()
  await record(scope, 'annotation.restore', { annotation: id })
  return annotationOf(scope, id)
}
