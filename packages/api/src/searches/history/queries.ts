import { sql } from 'kysely'
import type { z } from 'zod'
import { notFound } from '../../errors.ts'
import { beyond, page, type Place } from '../../keyset.ts'
import type { TenantScope } from '../../scope.ts'
import type { rememberInput } from '../input.ts'
import { meIn, notHere } from '../queries.ts'

/** How many queries of one person are kept: then the oldest without a note makes room, and what came from it moves up. */
export const mostAsked = 1000

type Asked = z.output<typeof rememberInput>

const own = (scope: TenantScope, userId: number) =>
  scope.db.selectFrom('askedQueries').where('tenantId', '=', scope.tenantId).where('userId', '=', userId)

/** What the caller asked, newest first; `parentId` makes it a tree. */
export async function askedQueries(
  scope: TenantScope,
  { limit, cursor }: { limit: number; cursor?: Place | undefined },
) {
  const userId = meIn(scope)
  if (userId === null) throw notHere()
  const rows = await own(scope, userId)
    .select(['id', 'parentId', 'query', 'timeFrom', 'timeTo', 'across', 'rows', 'rowsExact', 'runs'])
    .select(['note', 'askedAt'])
    .$if(cursor !== undefined, (q) => q.where(beyond(sql.ref('asked_at'), sql.ref('id'), cursor!, 'time', 'desc')))
    .orderBy('askedAt', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  return { ...page(rows, limit, (row) => row.askedAt), most: mostAsked }
}

/**
 * Keeps what the caller asked. The same question again, or asked from the same place before, is the same entry. No audit
 * event: it is itself a log, of its reader alone.
 */
export async function rememberQuery(scope: TenantScope, asked: Asked) {
  const userId = meIn(scope)
  if (userId === null) throw notHere()
  const { parent } = asked
  if (parent !== undefined && !(await own(scope, userId).select('id').where('id', '=', parent).executeTakeFirst()))
    throw notFound('query in the history')
  const again = await askedAgain(scope, userId, asked)
  if (again) return again
  const made = await scope.db
    .insertInto('askedQueries')
    .values({ tenantId: scope.tenantId, userId, parentId: parent ?? null, ...questionOf(asked), ...foundOf(asked) })
    .returning('id')
    .executeTakeFirstOrThrow()
  await makeRoom(scope, userId)
  return made
}

const questionOf = ({ query, from, to, across }: Asked) => ({
  query,
  timeFrom: from ?? null,
  timeTo: to ?? null,
  across: across === undefined ? null : String(across),
})

const foundOf = ({ rows, exact }: Asked) => ({ rows, rowsExact: exact })

function askedAgain(scope: TenantScope, userId: number, asked: Asked) {
  const { query, timeFrom, timeTo, across } = questionOf(asked)
  const parent = asked.parent ?? null
  const same = own(scope, userId)
    .select('id')
    .where((eb) => eb.or([eb('id', '=', parent), eb('parentId', 'is not distinct from', parent)]))
    .where('query', '=', query)
    .where('timeFrom', 'is not distinct from', timeFrom)
    .where('timeTo', 'is not distinct from', timeTo)
    .where('across', 'is not distinct from', across)
    .orderBy(sql`id = ${parent}::bigint`, 'desc')
    .limit(1)
  return scope.db
    .updateTable('askedQueries')
    .set((eb) => ({ ...foundOf(asked), runs: eb('runs', '+', 1), askedAt: sql<Date>`now()` }))
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', same)
    .returning('id')
    .executeTakeFirst()
}

async function makeRoom(scope: TenantScope, userId: number) {
  const { n } = await own(scope, userId)
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow()
  if (n <= mostAsked) return
  const oldest = await own(scope, userId)
    .select(['id', 'parentId'])
    .orderBy(sql`note <> ''`)
    .orderBy('askedAt')
    .orderBy('id')
    .limit(1)
    .executeTakeFirstOrThrow()
  await scope.db
    .updateTable('askedQueries')
    .set({ parentId: oldest.parentId })
    .where('tenantId', '=', scope.tenantId)
    .where('parentId', '=', oldest.id)
    .execute()
  await scope.db.deleteFrom('askedQueries').where('tenantId', '=', scope.tenantId).where('id', '=', oldest.id).execute()
}

export async function annotateQuery(scope: TenantScope, { id, note }: { id: number; note: string }) {
  const noted = await scope.db
    .updateTable('askedQueries')
    .set({ note })
    .where('tenantId', '=', scope.tenantId)
    .where('userId', '=', meIn(scope))
    .where('id', '=', id)
    .returning(['id', 'note'])
    .executeTakeFirst()
  if (!noted) throw notFound('query in the history')
  return noted
}
