import { sql } from 'kysely'
import type { z } from 'zod'
import { record } from '../../audit.ts'
import { AppError, notFound } from '../../errors.ts'
import { notify } from '../../notifications/queries.ts'
import { may } from '../../permissions.ts'
import { inScope } from '../../rows/queries.ts'
import type { ReadScope, TenantScope } from '../../scope.ts'
import type { commentInput, commentRowsInput } from '../input.ts'
import { mustBeStored, nameOf } from '../marks/queries.ts'
import { mentionsIn } from '../rules.ts'

const columns = ['id', 'text', 'author', 'createdBy', 'createdAt'] as const

/** What people wrote to a row, oldest first. */
export async function commentsOf(scope: ReadScope, row: string) {
  const { collectionId, sourceId, row: number } = nameOf(row)
  return scope.db
    .selectFrom('rowComments')
    .select(columns)
    .where(sql<boolean>`${inScope(scope, 'tenant_id')}`)
    .where('collectionId', '=', collectionId)
    .where('sourceId', '=', sourceId)
    .where('rowNumber', '=', number)
    .where('deletedAt', 'is', null)
    .orderBy('id')
    .limit(500)
    .execute()
}

/** Writes a comment, and tells those whom it mentions. */
export async function commentOn(scope: TenantScope, { row, text }: z.output<typeof commentInput>) {
  const [made] = await write(scope, [row], text)
  await record(scope, 'triage.comment', { comment: made!.id, row })
  return made!
}

/** The same comment to many rows; who is mentioned is told once. */
export async function commentOnRows(scope: TenantScope, { rows, text }: z.output<typeof commentRowsInput>) {
  const made = await write(scope, [...new Set(rows)], text)
  await record(scope, 'triage.comment', { comments: made.length, first: made[0]!.id })
  return { ids: made.map(({ id }) => id) }
}

async function write(scope: TenantScope, rows: string[], text: string) {
  const { db, tenantId, actor } = scope
  const names = rows.map(nameOf)
  await mustBeStored(scope, names)
  const made = await db
    .insertInto('rowComments')
    .values(
      names.map((name) => ({
        tenantId,
        collectionId: name.collectionId,
        sourceId: name.sourceId,
        rowNumber: name.row,
        text,
        createdBy: actor!.tenantId === tenantId ? actor!.userId : null,
        author: actor!.username,
      })),
    )
    .returning(columns)
    .execute()
  const query = encodeURIComponent(`collection:${names[0]!.collectionId}`)
  const link = `/hunt?query=${query}&row=${rows[0]}&tab=comments`
  for (const { id } of await mentioned(scope, text))
    await notify(scope, { userId: id, kind: 'comment', words: `${actor!.username} mentions you: ${text}`, link })
  return made
}

/** Active users of the tenant; who writes need not be told. */
async function mentioned({ db, tenantId, actor }: TenantScope, text: string) {
  const names = mentionsIn(text)
  if (names.length === 0) return []
  return db
    .selectFrom('users')
    .select('id')
    .where('tenantId', '=', tenantId)
    .where(sql<boolean>`lower(username) = any (${names}::text[])`)
    .where('isActive', '=', true)
    .where('id', '<>', actor!.userId)
    .execute()
}

/** Its author's, or anybody's for who manages annotations. */
export async function removeComment(scope: TenantScope, id: number) {
  return setDeleted(scope, id, true)
}

/** As one, or none of them. */
export async function removeComments(scope: TenantScope, ids: number[]) {
  for (const id of ids.toSorted((a, b) => a - b)) await setDeleted(scope, id, true)
  return { removed: ids.length }
}

export async function restoreComment(scope: TenantScope, id: number) {
  return setDeleted(scope, id, false)
}

async function setDeleted(scope: TenantScope, id: number, gone: boolean) {
  const { db, tenantId, actor } = scope
  const found = await db
    .selectFrom('rowComments')
    .select(['createdBy', 'author'])
    .where('tenantId', '=', tenantId)
    .where('id', '=', id)
    .where('deletedAt', gone ? 'is' : 'is not', null)
    .forUpdate()
    .executeTakeFirst()
  if (!found) throw notFound('comment')
  const own = found.createdBy === null ? found.author === actor!.username : found.createdBy === actor!.userId
  if (!own && !may(actor!.role, 'annotation:manage'))
    throw new AppError('FORBIDDEN', 'Only its author or an administrator removes a comment')
  await db
    .updateTable('rowComments')
    .set({ deletedAt: gone ? sql<Date>`now()` : null })
    .where('tenantId', '=', tenantId)
    .where('id', '=', id)
    .execute()
  await record(scope, gone ? 'triage.removeComment' : 'triage.restoreComment', { comment: id })
  return { id }
}
