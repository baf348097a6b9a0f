import { sql } from 'kysely'
import type { z } from 'zod'
import { record } from '../audit.ts'
import { AppError, notFound } from '../errors.ts'
import { may } from '../permissions.ts'
import type { TenantScope } from '../scope.ts'
import type { exportInput } from './input.ts'
import { checkAsked, mostOpen, noteWords, type Notes } from './rules.ts'
import { dropFile } from './running/queries.ts'

type Asked = z.output<typeof exportInput>

const shown = [
  'id',
  'ofTenant',
  'query',
  'fromTime',
  'toTime',
  'format',
  'columns',
  'state',
  'rows',
  'bytes',
  'blocks',
  'blocksDone',
  'error',
  'asOf',
  'createdAt',
  'endedAt',
  'expiresAt',
] as const

/**
 * An export is its asker's own: another's, also of the same tenant, is not found. Of other tenants' rows it is theirs for as long
 * as they may read those; a token never does.
 */
const own = ({ db, tenantId, actor }: TenantScope) =>
  db
    .selectFrom('exports')
    .where('tenantId', '=', tenantId)
    .where('userId', '=', actor!.userId)
    .$if(!may(actor!.role, 'tenant:every') || actor!.tokenId !== undefined, (q) => q.where('ofTenant', '=', tenantId))

const listed = (scope: TenantScope) =>
  own(scope)
    .select(shown)
    .select([sql<Notes>`notes`.as('notes'), sql<string | null>`encode(sha256, 'hex')`.as('sha256')])

const withWords = <R extends { notes: Notes }>({ notes, ...row }: R) => ({
  ...row,
  /** What `rows` counts. */
  of: notes.grouped ? ('group' as const) : ('row' as const),
  notes: noteWords(notes),
})

/** Newest first. */
export async function listExports(
  scope: TenantScope,
  { limit, cursor }: { limit: number; cursor?: number | undefined },
) {
  const rows = await listed(scope)
    .$if(cursor !== undefined, (q) => q.where('id', '<', cursor!))
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  const { total } = await own(scope)
    .select(({ fn }) => fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow()
  const kept = rows.slice(0, limit)
  return { rows: kept.map(withWords), nextCursor: rows.length > limit ? kept.at(-1)!.id : null, total }
}

export async function getExport(scope: TenantScope, id: number) {
  const found = await listed(scope).where('id', '=', id).executeTakeFirst()
  if (!found) throw notFound('export')
  return withWords(found)
}

/** How much of the query stands in the audit log. */
const auditedChars = 1000

/** Lines an export up; a process takes it up as soon as this is committed. */
export async function createExport(scope: TenantScope, of: number | 'all', asked: Asked, now: Date) {
  const { query, from, to, format, columns } = asked
  checkAsked(query, columns, now)
  const { open } = await own(scope)
    .where('state', 'in', ['queued', 'running'])
    .select(({ fn }) => fn.countAll<number>().as('open'))
    .executeTakeFirstOrThrow()
  if (open >= mostOpen)
    throw new AppError('TOO_MANY_REQUESTS', `${mostOpen} exports of yours are under way: wait for one, or cancel it`)
  const { id } = await scope.db
    .insertInto('exports')
    .values({
      tenantId: scope.tenantId,
      userId: scope.actor!.userId,
      ofTenant: of === 'all' ? null : of,
      query,
      fromTime: from ?? null,
      toTime: to ?? null,
      format,
      columns: columns ?? null,
      createdAt: now,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  const detail = { export: id, format, tenant: of, query: query.slice(0, auditedChars).toWellFormed() }
  await record(scope, 'export.create', { ...detail, from: from ?? null, to: to ?? null })
  return getExport(scope, id)
}

/** Stops an export that has not ended; what was written of it goes. */
export const cancelExport = (scope: TenantScope, id: number) =>
  close(scope, id, { from: ['queued', 'running'], to: 'cancelled', refusal: 'The export has ended already' })

/** Removes the file of a finished export before its time. */
export const removeExport = (scope: TenantScope, id: number) =>
  close(scope, id, { from: ['done'], to: 'expired', refusal: 'The export has no file' })

interface Closing {
  from: ('queued' | 'running' | 'done')[]
  to: 'cancelled' | 'expired'
  refusal: string
}

async function close(scope: TenantScope, id: number, { from, to, refusal }: Closing) {
  const found = await own(scope).select(['fileId', 'state']).where('id', '=', id).forUpdate().executeTakeFirst()
  if (!found) throw notFound('export')
  if (!from.some((state) => state === found.state)) throw new AppError('CONFLICT', refusal, 'closed')
  await scope.db
    .updateTable('exports')
    .set({ state: to, fileId: null, endedAt: sql`coalesce(ended_at, now())`, ...(to === 'cancelled' && { bytes: 0 }) })
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .execute()
  if (found.fileId !== null) await dropFile(scope, found.fileId)
  await record(scope, to === 'cancelled' ? 'export.cancel' : 'export.remove', { export: id })
  return getExport(scope, id)
}

/** What can be read of the file now. */
export async function fileOfExport(scope: TenantScope, id: number) {
  const found = await own(scope)
    .select(['fileId', 'bytes', 'state', 'format', 'createdAt'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (!found) throw notFound('export')
  return found
}
