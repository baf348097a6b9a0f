import { sql } from 'kysely'
import { record } from '../../audit.ts'
import { AppError, notFound } from '../../errors.ts'
import { termSeed } from '../../evidence/terms.ts'
import { holds } from '../../keyset.ts'
import { timeText } from '../../rows/lines/lines.ts'
import { termKey } from '../../rows/queries.ts'
import type { ReadScope, TenantScope } from '../../scope.ts'
import type { WrittenIndicator } from '../input.ts'
import { checkIndicator, keyOf, termFor } from '../rules.ts'
import { benignChanged } from '../benign/queries.ts'
import { fromCase, hushed, standing } from '../hits/queries.ts'

/** Locks the list, so that ids on it grow in the order in which they are committed: a sweep goes by them. */
async function lockList(scope: TenantScope, id: number) {
  const found = await scope.db
    .selectFrom('indicatorLists')
    .select(['tenantId', 'benign'])
    .where('id', '=', id)
    .where('tenantId', '=', scope.tenantId)
    .where('deletedAt', 'is', null)
    .forUpdate()
    .executeTakeFirst()
  if (found) return found
  const shared = await scope.db
    .selectFrom('indicatorLists')
    .select('id')
    .where('id', '=', id)
    .where('deletedAt', 'is', null)
    .where(sql<boolean>`(tenant_id = ${scope.tenantId} or ${scope.tenantId}::int = any (shared_with))`)
    .executeTakeFirst()
  if (shared) throw new AppError('FORBIDDEN', 'The list belongs to another tenant: only who shares it changes it')
  throw notFound('indicator list')
}

export type Given = WrittenIndicator & { origin?: Record<string, unknown> }
const batch = 5000

/** Adds what does not stand on the list yet. All of it or nothing. */
export async function addTo(scope: TenantScope, listId: number, indicators: Given[]) {
  for (const one of indicators) checkIndicator(one)
  const { benign } = await lockList(scope, listId)
  const seed = termSeed(await termKey(scope))
  let added = 0
  for (let at = 0; at < indicators.length; at += batch) {
    const some = indicators.slice(at, at + batch).map((one) => ({
      kind: one.kind,
      match: one.match,
      value: one.value.toWellFormed(),
      key: keyOf(one).toString('hex'),
      term: termFor(one, seed),
      note: one.note,
      tags: one.tags,
      from: one.validFrom,
      until: one.validUntil,
      origin: one.origin ?? {},
    }))
    const { numAffectedRows } = await sql`
insert into indicators (tenant_id, list_id, kind, match, value, key, term, note, tags, valid_from, valid_until, origin)
select ${scope.tenantId}::int, ${listId}::bigint, w.kind, w.match, w.value, decode(w.key, 'hex'), w.term, w.note,
  array(select jsonb_array_elements_text(w.tags)), w."from", w.until, w.origin
from jsonb_to_recordset(${JSON.stringify(some)}::jsonb) as w(kind indicator_kind, match indicator_match, value text, key text, term int,
  note text, tags jsonb, "from" timestamptz, until timestamptz, origin jsonb)
on conflict (tenant_id, list_id, key) where deleted_at is null do nothing`.execute(scope.db)
    added += Number(numAffectedRows ?? 0)
  }
  await touch(scope, listId)
  if (benign && added > 0) await benignChanged(scope, listId)
  await record(scope, 'indicators.add', { list: listId, added, known: indicators.length - added })
  return { added, known: indicators.length - added }
}

const touch = (scope: TenantScope, listId: number) =>
  scope.db
    .updateTable('indicatorLists')
    .set((eb) => ({
      version: eb('version', '+', 1),
      updatedAt: sql<Date>`now()`,
      lastIndicator: sql<number>`coalesce((select max(i.id) from indicators i where i.tenant_id = ${scope.tenantId} and i.list_id = ${listId}), 0)`,
    }))
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', listId)
    .execute()

/** Takes values off a list; their hits go out of sight with them. */
export async function removeFrom(scope: TenantScope, listId: number, ids: number[]) {
  const { benign } = await lockList(scope, listId)
  const gone = await scope.db
    .updateTable('indicators')
    .set({ deletedAt: sql<Date>`now()` })
    .where('tenantId', '=', scope.tenantId)
    .where('listId', '=', listId)
    .where(sql<boolean>`id = any (${ids}::bigint[])`)
    .where('deletedAt', 'is', null)
    .returning('id')
    .execute()
  if (gone.length === 0) return { removed: 0 }
  await touch(scope, listId)
  if (benign) await benignChanged(scope, listId)
  await record(scope, 'indicators.remove', { list: listId, removed: gone.length })
  return { removed: gone.length }
}

export const shows = ['all', 'seen', 'never', 'ended'] as const
export interface ValuesFilter {
  id?: number | undefined
  query?: string | undefined
  show: (typeof shows)[number]
  limit: number
  cursor?: number | undefined
}

const mine = (scope: ReadScope) =>
  scope.tenantId === 'all'
    ? sql<boolean>`true`
    : sql<boolean>`(l.tenant_id = ${scope.tenantId} or ${scope.tenantId}::int = any (l.shared_with))`
const hitsIn = (scope: ReadScope) =>
  sql`from indicator_hits h where ${scope.tenantId === 'all' ? sql`true` : sql`h.tenant_id = ${scope.tenantId}`} and h.owner_tenant_id = i.tenant_id and h.indicator_id = i.id and ${standing} and not ${hushed}`

const ended = sql<boolean>`(coalesce(i.valid_until <= now(), false) or coalesce(l.valid_until <= now(), false))`

/** Values of one list or of all, with where each was seen, those of the highest severity first. */
export async function listValues(scope: ReadScope, { id, query, show, limit, cursor }: ValuesFilter) {
  const all = scope.db
    .selectFrom('indicators as i')
    .innerJoin('indicatorLists as l', (join) =>
      join.onRef('l.tenantId', '=', 'i.tenantId').onRef('l.id', '=', 'i.listId'),
    )
    .where(mine(scope))
    .where('l.deletedAt', 'is', null)
    .where('i.deletedAt', 'is', null)
    .$if(id !== undefined, (q) => q.where('i.listId', '=', id!))
    .$if(Boolean(query), (q) =>
      q.where(
        holds([sql.ref('i.value'), sql.ref('i.note'), sql`array_to_string(i.tags, ' ')`, sql.ref('l.source')], query!),
      ),
    )
    .$if(show === 'seen', (q) => q.where(sql<boolean>`exists (select ${hitsIn(scope)})`))
    .$if(show === 'never', (q) => q.where(sql<boolean>`not exists (select ${hitsIn(scope)})`))
    .$if(show === 'ended', (q) => q.where(ended))
  const rows = await all
    .$if(cursor !== undefined, (q) => q.where('i.id', '<', cursor!))
    .select(['i.id', 'i.listId', 'i.kind', 'i.match', 'i.value', 'i.note', 'i.tags', 'i.validFrom', 'i.validUntil'])
    .select(['l.name as list', 'l.severity', 'l.benign', ended.as('ended'), fromCase(scope).as('fromCase')])
    .select([
      sql<number>`(select count(*) ${hitsIn(scope)})`.as('rows'),
      sql<number>`(select count(distinct h.host_id) ${hitsIn(scope)})`.as('hosts'),
      sql<number | null>`(select max(h.event_micros) ${hitsIn(scope)})`.as('newest'),
    ])
    .orderBy('i.id', 'desc')
    .limit(limit + 1)
    .execute()
  const { total } = await all.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  const shown = rows
    .slice(0, limit)
    .map(({ newest, ...row }) => ({ ...row, newest: newest === null ? null : timeText(newest) }))
  return { rows: shown, nextCursor: rows.length > limit ? rows[limit - 1]!.id : null, total }
}
