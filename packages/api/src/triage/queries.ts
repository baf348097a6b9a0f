import { sql } from 'kysely'
import type { z } from 'zod'
import { record } from '../audit.ts'
import { AppError, notFound } from '../errors.ts'
import { inScope } from '../rows/queries.ts'
import type { ReadScope, TenantScope } from '../scope.ts'
import type { markFoundInput, tagFoundInput } from './input.ts'
import { lockTriage, type NewAction, openAction } from './marks/queries.ts'
import { rowsOf } from './rules.ts'

const shown = [
  'id',
  'kind',
  'mark',
  'tag',
  'query',
  'state',
  'rows',
  'kept',
  'blocks',
  'blocksDone',
  'error',
  'author',
  'createdAt',
  'endedAt',
  'undoneBy',
  'undoneAt',
] as const

/** How much of the query stands in the audit log. */
const auditedChars = 1000

/** How far an action came that goes on in the background. */
export async function getAction(scope: ReadScope, id: number) {
  const found = await scope.db
    .selectFrom('triageActions')
    .select(shown)
    .where(sql<boolean>`${inScope(scope, 'tenant_id')}`)
    .where('id', '=', id)
    .executeTakeFirst()
  if (!found) throw notFound('action')
  return found
}

type Found = Pick<z.output<typeof markFoundInput>, 'query' | 'from' | 'to'>

/** Lines up what is to be done to all rows that a query finds; a process takes it up as soon as this is committed. */
async function lineUp(scope: TenantScope, what: NewAction, { query, from, to }: Found, now: Date) {
  rowsOf(query, now)
  const id = await openAction(scope, what, {
    query,
    fromTime: from ?? null,
    toTime: to ?? null,
    state: 'queued',
    createdAt: now,
  })
  const detail = { action: id, query: query.slice(0, auditedChars).toWellFormed(), from: from ?? null, to: to ?? null }
  await record(scope, `triage.${what.kind}`, { ...detail, mark: what.mark ?? null, tag: what.tag ?? null })
  return { action: id }
}

export const markFound = (scope: TenantScope, { mark, ...found }: z.output<typeof markFoundInput>, now: Date) =>
  lineUp(scope, { kind: 'mark', mark }, found, now)

export const tagFound = (scope: TenantScope, { tag, on, ...found }: z.output<typeof tagFoundInput>, now: Date) =>
  lineUp(scope, { kind: on ? 'tag' : 'untag', tag }, found, now)

/** So many are undone before the answer; more are left to the background. */
const atOnce = 2000

/**
 * Undoes all of an action: each row is as it was before, except for those that somebody changed since, which are counted in
 * `kept`. One that is still going on is stopped first.
 */
export async function undoAction(scope: TenantScope, id: number) {
  const begun = await scope.db
    .updateTable('triageActions')
    .set({ state: 'undoing', undoneBy: scope.actor!.username, undoneAt: sql`now()`, seenAt: null })
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .where('kind', '<>', 'rule')
    .where('state', 'in', ['queued', 'running', 'done', 'failed', 'cancelled'])
    .returning('rows')
    .executeTakeFirst()
  if (!begun) throw await whyNot(scope, id)
  await record(scope, 'triage.undo', { action: id })
  // After the action itself, as who goes on with one does.
  await lockTriage(scope)
  if (begun.rows <= atOnce) await undoSome(scope, id, atOnce + 1)
  return getAction(scope, id)
}

/** Stops one that goes on; what it did so far stays, and can be undone. */
export async function cancelAction(scope: TenantScope, id: number) {
  const stopped = await scope.db
    .updateTable('triageActions')
    .set({ state: 'cancelled', endedAt: sql`now()` })
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .where('kind', '<>', 'rule')
    .where('state', 'in', ['queued', 'running'])
    .returning('id')
    .executeTakeFirst()
  if (!stopped) throw await whyNot(scope, id)
  await record(scope, 'triage.cancel', { action: id })
  return getAction(scope, id)
}

async function whyNot(scope: TenantScope, id: number) {
  const { kind, state } = await getAction(scope, id)
  if (kind === 'rule') return new AppError('CONFLICT', 'A rule is ended where rules are listed', 'closed')
  return new AppError('CONFLICT', `It is ${state} already`, 'closed')
}

/** Gives some of an action's rows back what they were before; true when none is left. */
export async function undoSome(scope: TenantScope, id: number, limit: number): Promise<boolean> {
  const { db, tenantId } = scope
  const { rows } = await sql<{ undone: boolean }>`
with action as (select kind, tag from triage_actions where tenant_id = ${tenantId} and id = ${id}),
batch as (
  select c.* from triage_changes c where c.tenant_id = ${tenantId} and c.action_id = ${id} and c.undone is null
  order by c.collection_id, c.source_id, c.row_number limit ${limit}
), mine as (
  select b.* from batch b join row_marks m using (tenant_id, collection_id, source_id, row_number)
  where m.tenant_id = ${tenantId} and m.action_id = ${id}
), back as (
  update row_marks m set mark = b.before, action_id = b.before_action from mine b
  where m.tenant_id = ${tenantId} and (m.collection_id, m.source_id, m.row_number) = (b.collection_id, b.source_id, b.row_number)
    and b.before_action is not null
), gone as (
  delete from row_marks m using mine b
  where m.tenant_id = ${tenantId} and (m.collection_id, m.source_id, m.row_number) = (b.collection_id, b.source_id, b.row_number)
    and b.before_action is null
), later as (
  update triage_changes c set before = b.before, before_action = b.before_action from batch b
  where c.tenant_id = ${tenantId} and (c.collection_id, c.source_id, c.row_number) = (b.collection_id, b.source_id, b.row_number)
    and c.before_action = ${id} and c.action_id <> ${id} and (select kind from action) in ('mark', 'rule')
), untagged as (
  delete from row_tags t using batch b where (select kind from action) = 'tag' and t.tenant_id = ${tenantId} and t.action_id = ${id}
    and (t.collection_id, t.source_id, t.row_number) = (b.collection_id, b.source_id, b.row_number)
  returning t.collection_id, t.source_id, t.row_number
), tagged as (
  insert into row_tags (tenant_id, collection_id, source_id, row_number, tag, action_id)
  select b.tenant_id, b.collection_id, b.source_id, b.row_number, a.tag, b.before_action from batch b, action a where a.kind = 'untag'
  on conflict do nothing returning collection_id, source_id, row_number
), restored as (
  select collection_id, source_id, row_number from mine union all select * from untagged union all select * from tagged
)
update triage_changes c set undone = (c.collection_id, c.source_id, c.row_number) in (select * from restored) from batch b
where c.tenant_id = ${tenantId} and c.action_id = ${id}
  and (c.collection_id, c.source_id, c.row_number) = (b.collection_id, b.source_id, b.row_number)
returning c.undone`.execute(db)
  const isLast = rows.length < limit
  await db
    .updateTable('triageActions')
    .set((eb) => ({
      kept: eb('kept', '+', rows.filter(({ undone }) => !undone).length),
      ...(isLast && { state: 'undone', endedAt: sql`now()` }),
    }))
    .where('tenantId', '=', tenantId)
    .where('id', '=', id)
    .execute()
  return isLast
}
