import { sql } from 'kysely'
import { record } from '../../audit.ts'
import { AppError, notFound } from '../../errors.ts'
import { beyond, page, type Place } from '../../keyset.ts'
import type { ReadScope, TenantScope } from '../../scope.ts'
import type { Report } from './report.ts'

const shown = [
  'i.id',
  'i.tenantId',
  'i.name',
  'i.bytes',
  'i.state',
  'i.error',
  'i.serverId',
  'i.userId',
  'i.tokenId',
] as const
const times = ['i.createdAt', 'i.startedAt', 'i.endedAt'] as const
/** What went in so far; whole once the import is done. */
const result = sql<Report>`case when i.result = '{}' then null else i.result end`.as('result')

const imports = (scope: ReadScope) =>
  scope.db
    .selectFrom('imports as i')
    .leftJoin('users as u', (join) => join.onRef('u.tenantId', '=', 'i.tenantId').onRef('u.id', '=', 'i.userId'))
    .leftJoin('apiTokens as t', (join) => join.onRef('t.tenantId', '=', 'i.tenantId').onRef('t.id', '=', 'i.tokenId'))
    .select(shown)
    .select(times)
    .select(['u.username', 't.name as token'])
    .select([
      sql<string>`encode(i.sha256, 'hex')`.as('sha256'),
      sql<boolean>`i.cancelled_by is not null`.as('cancelled'),
      sql<boolean>`i.state = 'failed' and i.file_id is not null`.as('canTryAgain'),
    ])
    .$if(scope.tenantId !== 'all', (q) => q.where('i.tenantId', '=', scope.tenantId as number))

interface ImportFilter {
  limit: number
  cursor?: Place | undefined
}

/** Newest first; the single sources of each stand in `getImport`. */
export async function listImports(scope: ReadScope, { limit, cursor }: ImportFilter) {
  const rows = await imports(scope)
    .select(
      sql<Omit<
        Report,
        'sources' | 'hosts'
      > | null>`case when i.result = '{}' then null else i.result - 'sources' - 'hosts' end`.as('result'),
    )
    .$if(cursor !== undefined, (q) =>
      q.where(beyond(sql.ref('i.created_at'), sql.ref('i.id'), cursor!, 'time', 'desc')),
    )
    .orderBy('i.createdAt', 'desc')
    .orderBy('i.id', 'desc')
    .limit(limit + 1)
    .execute()
  const { total } = await scope.db
    .selectFrom('imports as i')
    .select(({ fn }) => fn.countAll<number>().as('total'))
    .$if(scope.tenantId !== 'all', (q) => q.where('i.tenantId', '=', scope.tenantId as number))
    .executeTakeFirstOrThrow()
  return { ...page(rows, limit, (row) => row.createdAt), total }
}

/** `tokenId` narrows it to what one token sent. */
export async function getImport(scope: TenantScope, id: number, tokenId?: number) {
  const found = await imports(scope)
    .select(result)
    .where('i.id', '=', id)
    .$if(tokenId !== undefined, (q) => q.where('i.tokenId', '=', tokenId!))
    .executeTakeFirst()
  if (!found) throw notFound('import')
  return found
}

/** Stops an import that has not ended; what is in stays, and its result says what. */
export async function cancelImport(scope: TenantScope, id: number) {
  const cancelled = await scope.db
    .updateTable('imports')
    .set({ cancelledBy: scope.actor!.username })
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .where('state', 'in', ['queued', 'running'])
    .returning('id')
    .executeTakeFirst()
  if (cancelled) await record(scope, 'ingestion.cancelImport', { import: id })
  const found = await getImport(scope, id)
  if (!cancelled) throw new AppError('CONFLICT', 'The import has ended already', 'closed')
  return found
}

/** Files of one collection, by the names that they had there. */
export async function filesOf(
  scope: TenantScope,
  collectionId: number,
  { limit, cursor }: { limit: number; cursor?: number | undefined },
) {
  const all = scope.db
    .selectFrom('collectionFiles as c')
    .where('c.tenantId', '=', scope.tenantId)
    .where('c.collectionId', '=', collectionId)
  const rows = await all
    .innerJoin('files as f', (join) => join.onRef('f.tenantId', '=', 'c.tenantId').onRef('f.id', '=', 'c.fileId'))
    .select(['c.id', 'c.name', 'f.bytes', 'c.createdAt', sql<string>`encode(f.sha256, 'hex')`.as('sha256')])
    .$if(cursor !== undefined, (q) => q.where('c.id', '>', cursor!))
    .orderBy('c.id')
    .limit(limit + 1)
    .execute()
  const { total } = await all.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  return { rows: rows.slice(0, limit), nextCursor: rows.length > limit ? rows[limit - 1]!.id : null, total }
}

/** A file that belongs to a collection; what is only under way for an import is not served. */
export async function fileNamed(scope: TenantScope, sha256: string) {
  const found = await scope.db
    .selectFrom('files as f')
    .innerJoin('collectionFiles as c', (join) =>
      join.onRef('c.tenantId', '=', 'f.tenantId').onRef('c.fileId', '=', 'f.id'),
    )
    .select(['f.id', 'f.bytes', 'c.name'])
    .where('f.tenantId', '=', scope.tenantId)
    .where('f.sha256', '=', Buffer.from(sha256, 'hex'))
    .orderBy('c.id')
    .limit(1)
    .executeTakeFirst()
  if (!found) throw notFound('file')
  return found
}
