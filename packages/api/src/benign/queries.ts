import { sql } from 'kysely'
import type { z } from 'zod'
import { record } from '../audit.ts'
import { AppError, notFound } from '../errors.ts'
import { may } from '../permissions.ts'
import { inScope } from '../rows/queries.ts'
import type { ReadScope, TenantScope } from '../scope.ts'
import { reconcile } from './applying/queries.ts'
import type { ruleCreateInput, ruleShows, ruleUpdateInput, ruleVersion } from './input.ts'
import { ruleQuery } from './rules.ts'

/** How much of the query stands in the audit log. */
const auditedChars = 1000

const audited = (query: string) => query.slice(0, auditedChars).toWellFormed()

/** The tenant's own, and those that hold everywhere. What is counted is of the scope's rows. */
const visible = (scope: ReadScope) => {
  const live = sql`from triage_actions a where ${inScope(scope, 'a.tenant_id')} and a.kind = 'rule' and a.rule_tenant_id = r.tenant_id
    and a.rule_id = r.id and a.generation = r.generation and a.state not in ('undoing', 'undone')`
  return scope.db
    .selectFrom('benignRules as r')
    .where(sql<boolean>`(${inScope(scope, 'r.tenant_id')} or r.everywhere)`)
    .select(['r.id', 'r.tenantId', 'r.query', 'r.reason', 'r.everywhere', 'r.author', 'r.createdAt', 'r.expiresAt'])
    .select(['r.endedAt', 'r.endedBy', 'r.version', 'r.updatedAt', 'r.updatedBy'])
    .select([
      sql<boolean>`${inScope(scope, 'r.tenant_id')}`.as('own'),
      sql<boolean>`r.ended_at is null and coalesce(r.expires_at > now(), true)`.as('inForce'),
      sql<number>`(select coalesce(sum(a.rows), 0)::bigint ${live})`.as('rows'),
      sql<Date | null>`(select max(a.hit_at) ${live})`.as('hitAt'),
      sql<boolean>`exists (select ${live} and a.state in ('queued', 'running'))`.as('applying'),
      sql<number>`(select coalesce(sum(a.blocks), 0)::bigint ${live} and a.state in ('queued', 'running'))`.as(
        'blocks',
      ),
      sql<number>`(select coalesce(sum(a.blocks_done), 0)::bigint ${live} and a.state in ('queued', 'running'))`.as(
        'blocksDone',
      ),
      sql<string | null>`(select min(a.error) ${live} and a.state = 'failed')`.as('error'),
    ])
}

export interface RuleFilter {
  show: (typeof ruleShows)[number]
  limit: number
  cursor?: number | undefined
}

/** Newest first. */
export async function listRules(scope: ReadScope, { show, limit, cursor }: RuleFilter) {
  const rows = await visible(scope)
    .$if(show !== 'all', (q) => q.where('r.endedAt', show === 'open' ? 'is' : 'is not', null))
    .$if(cursor !== undefined, (q) => q.where('r.id', '<', cursor!))
    .orderBy('r.id', 'desc')
    .limit(limit + 1)
    .execute()
  return { rows: rows.slice(0, limit), nextCursor: rows.length > limit ? rows[limit - 1]!.id : null }
}

/** With how many rows it hides now: marks that people gave since are theirs. */
export async function getRule(scope: TenantScope, id: number) {
  const found = await visible(scope).where('r.id', '=', id).executeTakeFirst()
  if (!found) throw notFound('rule')
  const { rows } = await sql<{ hides: number }>`
select count(*)::bigint as hides from row_marks m where m.tenant_id = ${scope.tenantId} and m.mark = 'benign' and m.action_id in (
  select a.id from triage_actions a where a.tenant_id = ${scope.tenantId} and a.kind = 'rule' and a.rule_tenant_id = ${found.tenantId} and a.rule_id = ${id})`.execute(
    scope.db,
  )
  return { ...found, hides: rows[0]!.hides }
}

function mustShare(scope: TenantScope) {
  if (!scope.actor || !may(scope.actor.role, 'benign:share')) throw new AppError('FORBIDDEN', 'Needs benign:share')
}

/** Rows that match are benign from now on, and those that are stored soon. */
export async function createRule(scope: TenantScope, input: z.output<typeof ruleCreateInput>, now: Date) {
  const { tenantId, actor } = scope
  const { query, reason, expiresAt, everywhere } = input
  ruleQuery(query, now)
  if (everywhere) mustShare(scope)
  checkEnd(expiresAt, now)
  const { id } = await scope.db
    .insertInto('benignRules')
    .values({
      tenantId,
      query,
      reason,
      expiresAt,
      everywhere,
      createdBy: actor!.tenantId === tenantId ? actor!.userId : null,
      author: actor!.username,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await record(scope, 'benign.create', {
    rule: id,
    query: audited(query),
    reason: audited(reason),
    everywhere,
    expiresAt,
  })
  await reconcile(scope)
  return getRule(scope, id)
}

function checkEnd(expiresAt: string | null | undefined, now: Date) {
  if (expiresAt && Date.parse(expiresAt) <= now.getTime())
    throw new AppError('BAD_REQUEST', 'It would have ended before it begins')
}

/** Throws CONFLICT `stale` with the saved rule when someone changed it since `version`. */
export async function updateRule(scope: TenantScope, input: z.output<typeof ruleUpdateInput>, now: Date) {
  const { id, version, ...parts } = input
  if (parts.query !== undefined) ruleQuery(parts.query, now)
  checkEnd(parts.expiresAt, now)
  const before = await mustOwn(scope, id)
  if (parts.everywhere || before.everywhere) mustShare(scope)
  // What it asks anew, or asks again after it had ended, must be looked for in what is stored.
  const anew =
    (parts.query !== undefined && parts.query !== before.query) || (!before.inForce && parts.expiresAt !== undefined)
  const saved = await scope.db
    .updateTable('benignRules')
    .set((eb) => ({
      ...parts,
      version: eb('version', '+', 1),
      updatedAt: sql<Date>`now()`,
      updatedBy: scope.actor!.username,
      ...(anew && { generation: eb('generation', '+', 1) }),
    }))
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .where('version', '=', version)
    .where('endedAt', 'is', null)
    .returning('version')
    .executeTakeFirst()
  if (!saved) throw await whyNot(scope, id)
  await record(scope, 'benign.update', {
    rule: id,
    version: saved.version,
    ...(parts.query !== undefined && { query: audited(parts.query) }),
    ...(parts.reason !== undefined && { reason: audited(parts.reason) }),
    ...(parts.expiresAt !== undefined && { expiresAt: parts.expiresAt }),
    ...(parts.everywhere !== undefined && { everywhere: parts.everywhere }),
  })
  await reconcile(scope)
  return getRule(scope, id)
}

/** Ends a rule, and its marks go; those that people gave stay. */
export async function endRule(scope: TenantScope, { id, version }: z.output<typeof ruleVersion>) {
  if ((await mustOwn(scope, id)).everywhere) mustShare(scope)
  const ended = await scope.db
    .updateTable('benignRules')
    .set((eb) => ({ endedAt: sql<Date>`now()`, endedBy: scope.actor!.username, version: eb('version', '+', 1) }))
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .where('version', '=', version)
    .where('endedAt', 'is', null)
    .returning('id')
    .executeTakeFirst()
  if (!ended) throw await whyNot(scope, id)
  await record(scope, 'benign.end', { rule: id })
  await reconcile(scope)
  return getRule(scope, id)
}

/** Puts an ended rule in force again: it is looked for anew in all that is stored. */
export async function restoreRule(scope: TenantScope, id: number) {
  if ((await mustOwn(scope, id)).everywhere) mustShare(scope)
  const back = await scope.db
    .updateTable('benignRules')
    .set((eb) => ({
      endedAt: null,
      endedBy: null,
      version: eb('version', '+', 1),
      generation: eb('generation', '+', 1),
    }))
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .where('endedAt', 'is not', null)
    .returning('id')
    .executeTakeFirst()
  if (!back) throw new AppError('CONFLICT', 'The rule has not ended', 'closed')
  await record(scope, 'benign.restore', { rule: id })
  await reconcile(scope)
  return getRule(scope, id)
}

/** As it is now, and locked. A rule of another tenant is changed there. */
async function mustOwn(scope: TenantScope, id: number) {
  const found = await visible(scope).where('r.id', '=', id).executeTakeFirst()
  if (!found) throw notFound('rule')
  if (!found.own) throw new AppError('FORBIDDEN', 'The rule belongs to another tenant: only who shares it changes it')
  return found
}

async function whyNot(scope: TenantScope, id: number) {
  const theirs = await getRule(scope, id)
  if (theirs.endedAt) return new AppError('CONFLICT', 'The rule has ended', 'closed', { theirs })
  return new AppError('CONFLICT', 'Someone saved the rule while you were at it', 'stale', { theirs })
}
