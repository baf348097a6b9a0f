import { sql } from 'kysely'
import type { z } from 'zod'
import { record } from '../../audit.ts'
import { notFound } from '../../errors.ts'
import type { Mark } from '../../rows/language/ast.ts'
import { inScope } from '../../rows/queries.ts'
import { parseRowId, type RowName, rowId } from '../../rows/rules.ts'
import type { ReadScope, TenantScope } from '../../scope.ts'
import type { markInput, tagInput } from '../input.ts'

/** Rows as a table `w(collection_id, source_id, row_number)`. */
export const given = (names: RowName[]) =>
  sql`unnest(${names.map((n) => n.collectionId)}::bigint[], ${names.map((n) => n.sourceId)}::int[], ${names.map((n) => n.row)}::bigint[])
    as w(collection_id, source_id, row_number)`

/** The input holds names of rows only. */
export const nameOf = (id: string) => parseRowId(id)!

/** One change of a tenant's rows at a time: each sees what the one before it left. */
export const lockTriage = ({ db, tenantId }: TenantScope) =>
  sql`select pg_advisory_xact_lock(7_270_030, ${tenantId}::int)`.execute(db)

/** Those that are stored, and stay: retention takes the same locks before it removes. */
export async function storedAmong({ db, tenantId }: TenantScope, names: RowName[]): Promise<RowName[]> {
  await sql`
select from collection_sources where tenant_id = ${tenantId} and (collection_id, source_id) in (select w.collection_id, w.source_id from ${given(names)})
order by collection_id, source_id for share`.execute(db)
  const { rows } = await sql<RowName>`
select distinct w.collection_id, w.source_id, w.row_number as row from ${given(names)} cross join lateral (
  select first_row + n as end from runs r where r.tenant_id = ${tenantId} and r.collection_id = w.collection_id
    and r.source_id = w.source_id and r.first_row <= w.row_number order by r.first_row desc limit 1) run
where run.end > w.row_number`.execute(db)
  return rows
}

/** All of them or none. */
export async function mustBeStored(scope: TenantScope, names: RowName[]) {
  const distinct = new Set(names.map(rowId))
  if ((await storedAmong(scope, names)).length < distinct.size) throw notFound('row')
}

export interface NewAction {
  kind: 'mark' | 'tag' | 'untag' | 'rule'
  mark?: Mark | undefined
  tag?: string | undefined
}

/** What is done to rows stands first, and each row's change refers to it. */
export async function openAction(scope: TenantScope, { kind, mark, tag }: NewAction, of: object = {}) {
  const { tenantId, actor } = scope
  const { id } = await scope.db
    .insertInto('triageActions')
    .values({
      tenantId,
      kind,
      mark: stored(mark),
      tag: tag ?? null,
      createdBy: actor?.tenantId === tenantId ? actor.userId : null,
      author: actor!.username,
      ...of,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

const stored = (mark: Mark | undefined) => (mark === undefined || mark === 'unseen' ? null : mark)

/** The action of a change, as its row tells it. */
export interface Acting extends NewAction {
  id: number
}

/** Does what an action says to rows that are stored; those that are so already stay as they are. How many were changed. */
export async function change(scope: TenantScope, action: Acting, names: RowName[]): Promise<number> {
  if (names.length === 0) return 0
  const of = changes[action.kind]
  const { rows } = await of(scope, action, names).execute(scope.db)
  return rows.length
}

const row = (a: string, b: string) =>
  sql.raw(
    `${a}.collection_id = ${b}.collection_id and ${a}.source_id = ${b}.source_id and ${a}.row_number = ${b}.row_number`,
  )

const marking = ({ tenantId }: TenantScope, { id, mark }: Acting, names: RowName[]) => sql`
with changed as (
  select w.*, m.mark, m.action_id from ${given(names)} left join row_marks m on m.tenant_id = ${tenantId} and ${row('m', 'w')}
  where m.mark is distinct from ${stored(mark)}::row_mark
), put as (
  insert into row_marks (tenant_id, collection_id, source_id, row_number, mark, action_id)
  select ${tenantId}, collection_id, source_id, row_number, ${stored(mark)}::row_mark, ${id} from changed
  on conflict (tenant_id, collection_id, source_id, row_number) do update set mark = excluded.mark, action_id = excluded.action_id
)
insert into triage_changes (tenant_id, action_id, collection_id, source_id, row_number, before, before_action)
select ${tenantId}, ${id}, collection_id, source_id, row_number, mark, action_id from changed on conflict do nothing returning 1`

/** What a rule says yields to everything that was said by hand, or by a rule before it. */
const ruling = ({ tenantId }: TenantScope, { id }: Acting, names: RowName[]) => sql`
with put as (
  insert into row_marks (tenant_id, collection_id, source_id, row_number, mark, action_id)
  select ${tenantId}, w.*, 'benign', ${id} from ${given(names)} on conflict do nothing returning collection_id, source_id, row_number
)
insert into triage_changes (tenant_id, action_id, collection_id, source_id, row_number)
select ${tenantId}, ${id}, collection_id, source_id, row_number from put on conflict do nothing returning 1`

const tagging = ({ tenantId }: TenantScope, { id, tag }: Acting, names: RowName[]) => sql`
with put as (
  insert into row_tags (tenant_id, collection_id, source_id, row_number, tag, action_id)
  select ${tenantId}, w.*, ${tag}, ${id} from ${given(names)} on conflict do nothing returning collection_id, source_id, row_number
)
insert into triage_changes (tenant_id, action_id, collection_id, source_id, row_number)
select ${tenantId}, ${id}, collection_id, source_id, row_number from put on conflict do nothing returning 1`

const untagging = ({ tenantId }: TenantScope, { id, tag }: Acting, names: RowName[]) => sql`
with gone as (
  delete from row_tags t using ${given(names)} where t.tenant_id = ${tenantId} and t.tag = ${tag} and ${row('t', 'w')}
  returning t.collection_id, t.source_id, t.row_number, t.action_id
)
insert into triage_changes (tenant_id, action_id, collection_id, source_id, row_number, before_action)
select ${tenantId}, ${id}, collection_id, source_id, row_number, action_id from gone on conflict do nothing returning 1`

const changes = { mark: marking, rule: ruling, tag: tagging, untag: untagging }

const closeAction = ({ db, tenantId }: TenantScope, id: number, rows: number) =>
  db
    .updateTable('triageActions')
    .set({ rows, endedAt: sql`now()` })
    .where('tenantId', '=', tenantId)
    .where('id', '=', id)
    .execute()

async function changeNamed(scope: TenantScope, what: NewAction, ids: string[]) {
  // A row that is named twice is still one: `007` and `7` are, too.
  const names = [...new Map(ids.map(nameOf).map((name) => [rowId(name), name])).values()]
  await lockTriage(scope)
  await mustBeStored(scope, names)
  const id = await openAction(scope, what)
  const changed = await change(scope, { ...what, id }, names)
  await closeAction(scope, id, changed)
  return { action: id, changed }
}

/** Marks rows of a rule's action as benign, unless that is undone meanwhile. */
export async function markByRule(scope: TenantScope, id: number, names: RowName[]) {
  const live = await scope.db
    .selectFrom('triageActions')
    .select('id')
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .where('state', 'not in', ['undoing', 'undone'])
    .forUpdate()
    .executeTakeFirst()
  if (!live) return
  await lockTriage(scope)
  const changed = await change(scope, { id, kind: 'rule' }, await storedAmong(scope, names))
  if (changed === 0) return
  await scope.db
    .updateTable('triageActions')
    .set((eb) => ({ rows: eb('rows', '+', changed), hitAt: sql`now()` }))
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .execute()
}

/** Marks rows; `action` undoes it. */
export async function markRows(scope: TenantScope, { rows, mark }: z.output<typeof markInput>) {
  const done = await changeNamed(scope, { kind: 'mark', mark }, rows)
  await record(scope, 'triage.mark', { ...done, mark })
  return done
}

export async function tagRows(scope: TenantScope, { rows, tag, on }: z.output<typeof tagInput>) {
  const kind = on ? 'tag' : 'untag'
  const done = await changeNamed(scope, { kind, tag }, rows)
  await record(scope, `triage.${kind}`, { ...done, tag })
  return done
}

interface Judged {
  id: string
  mark: Mark
  /** Who said so, and when; null where nobody did. */
  by: string | null
  at: Date | null
  /** The rule that says so. */
  rule: number | null
  tags: string[]
  comments: number
}

/** What was said of rows, for those of which something was. */
export async function marksOf(scope: ReadScope, ids: string[]): Promise<Judged[]> {
  if (ids.length === 0) return []
  const tenant = (alias: string) => inScope(scope, `${alias}.tenant_id`)
  const { rows } = await sql<Judged>`
select w.collection_id || '.' || w.source_id || '.' || w.row_number as id, coalesce(m.mark::text, 'unseen') as mark,
  a.author as by, c.at, a.rule_id as rule, coalesce(t.tags, '{}') as tags, coalesce(n.comments, 0)::int as comments
from ${given(ids.map(nameOf))}
left join row_marks m on ${tenant('m')} and ${row('m', 'w')}
left join triage_actions a on a.tenant_id = m.tenant_id and a.id = m.action_id
left join triage_changes c on c.tenant_id = m.tenant_id and c.action_id = m.action_id and ${row('c', 'w')}
left join lateral (select array_agg(t.tag order by t.tag) as tags from row_tags t where ${tenant('t')} and ${row('t', 'w')}) t on true
left join lateral (select count(*) as comments from row_comments n where ${tenant('n')} and ${row('n', 'w')} and n.deleted_at is null) n on true
where m.action_id is not null or t.tags is not null or n.comments > 0`.execute(scope.db)
  return rows
}

interface Past {
  action: number
  kind: 'mark' | 'tag' | 'untag' | 'rule'
  /** What the row became. */
  mark: Mark
  /** What it was. */
  before: Mark
  tag: string | null
  rule: number | null
  by: string
  at: Date
  undoneBy: string | null
  undoneAt: Date | null
}

/** Everything that was done to a row, the last first. */
export async function historyOf(scope: ReadScope, id: string): Promise<Past[]> {
  const name = nameOf(id)
  const { rows } = await sql<Past>`
select a.id as action, a.kind, coalesce(a.mark::text, 'unseen') as mark, coalesce(c.before::text, 'unseen') as before, a.tag, a.rule_id as rule,
  a.author as by, c.at, a.undone_by, a.undone_at
from triage_changes c join triage_actions a on a.tenant_id = c.tenant_id and a.id = c.action_id
where ${inScope(scope, 'c.tenant_id')} and c.collection_id = ${name.collectionId} and c.source_id = ${name.sourceId} and c.row_number = ${name.row}
order by c.at desc, a.id desc limit 500`.execute(scope.db)
  return rows
}

/** Removes what was said of rows that retention removed. */
export async function forgetRows(
  scope: TenantScope,
  gone: { collectionId: number; sourceId: number; ranges: string }[],
) {
  const keys = JSON.stringify(gone.map(({ collectionId, sourceId, ranges }) => ({ collectionId, sourceId, ranges })))
  for (const table of ['row_marks', 'row_tags', 'row_comments', 'triage_changes'])
    await sql`delete from ${sql.table(table)} t using (
  select "collectionId" as collection_id, "sourceId" as source_id, unnest(ranges::int8multirange) as range
  from jsonb_to_recordset(${keys}::jsonb) as g("collectionId" bigint, "sourceId" int, ranges text)) g
where t.tenant_id = ${scope.tenantId} and t.collection_id = g.collection_id and t.source_id = g.source_id
  and t.row_number >= lower(g.range) and t.row_number < upper(g.range)`.execute(scope.db)
}
