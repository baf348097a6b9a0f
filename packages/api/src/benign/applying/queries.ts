import type { Database } from '@velocicompanion/db'
import { sql } from 'kysely'
import { record } from '../../audit.ts'
import { asReader } from '../../ingestion/imports/files.ts'
import { termKey } from '../../rows/queries.ts'
import type { TenantScope } from '../../scope.ts'
import { termsOfLeaf } from '../../rows/plan/blocks.ts'
import { keyOf, type Told } from '../../rows/plan/blocks.ts'
import { termSeed } from '../../evidence/terms.ts'
import type { Leaf } from '../../rows/language/ast.ts'

const inForce = sql`r.ended_at is null and coalesce(r.expires_at > now(), true)`
const isLive = sql`a.kind = 'rule' and a.state not in ('undoing', 'undone')`
const ofRule = sql`a.rule_tenant_id = r.tenant_id and a.rule_id = r.id and a.generation = r.generation`

/** Begins what rules ask for in a tenant, and undoes what they ask for no longer. */
export async function reconcile(scope: TenantScope) {
  const { db, tenantId } = scope
  await sql`
update triage_actions a set state = 'undoing', undone_by = coalesce(r.ended_by, r.updated_by, 'nobody'), undone_at = now(), seen_at = null
from triage_actions b left join benign_rules r on r.tenant_id = b.rule_tenant_id and r.id = b.rule_id
where a.tenant_id = ${tenantId} and b.tenant_id = a.tenant_id and b.id = a.id and ${isLive}
  and (r.id is null or r.ended_at is not null or r.generation <> a.generation or not (r.everywhere or r.tenant_id = ${tenantId}))`.execute(
    db,
  )
  const { rows } = await sql<{ ruleId: number; ruleTenantId: number }>`
insert into triage_actions (tenant_id, kind, mark, rule_tenant_id, rule_id, generation, query, state, created_by, author)
select ${tenantId}, 'rule', 'benign', r.tenant_id, r.id, r.generation, r.query, 'queued',
  case when r.tenant_id = ${tenantId} then r.created_by end, r.author
from benign_rules r where ${inForce} and (r.tenant_id = ${tenantId} or r.everywhere)
  and not exists (select from triage_actions a where a.tenant_id = ${tenantId} and ${ofRule} and ${isLive})
on conflict do nothing returning rule_id, rule_tenant_id`.execute(db)
  for (const { ruleId, ruleTenantId } of rows)
    if (ruleTenantId !== tenantId) await record(scope, 'benign.apply', { rule: ruleId, ofTenant: ruleTenantId })
}

/** Tenants whose marks are not what the rules ask for. */
export const tenantsDue = (database: Database): Promise<number[]> =>
  asReader(database, async (trx) => {
    const { rows } = await sql<{ id: number }>`
select a.tenant_id as id from triage_actions a left join benign_rules r on r.tenant_id = a.rule_tenant_id and r.id = a.rule_id
where ${isLive} and (r.id is null or r.ended_at is not null or r.generation <> a.generation or not (r.everywhere or r.tenant_id = a.tenant_id))
union
select t.id from benign_rules r join tenants t on t.id = r.tenant_id or r.everywhere
where ${inForce} and not exists (select from triage_actions a where a.tenant_id = t.id and ${ofRule} and ${isLive})`.execute(
      trx,
    )
    return rows.map(({ id }) => id)
  })

/** Tenants for whose rows a rule is in force. */
export const tenantsRuled = (database: Database): Promise<number[]> =>
  asReader(database, async (trx) => {
    const { rows } = await sql<{ id: number }>`
select distinct t.id from benign_rules r join tenants t on t.id = r.tenant_id or r.everywhere where ${inForce}`.execute(
      trx,
    )
    return rows.map(({ id }) => id)
  })

/** The rules of a tenant, by the actions that hold their marks there; the oldest marks a row first. */
export async function rulesOf({ db, tenantId }: TenantScope): Promise<{ action: number; query: string }[]> {
  const { rows } = await sql<{ action: number; query: string }>`
select a.id as action, a.query from triage_actions a join benign_rules r on ${ofRule}
where a.tenant_id = ${tenantId} and ${isLive} and ${inForce} order by a.id`.execute(db)
  return rows
}

/** Which of the tests some blocks may hold, by the index of values. */
export async function toldOf(scope: TenantScope, leaves: Leaf[], blockIds: number[]): Promise<Told> {
  const seed = termSeed(await termKey(scope))
  const byTerm = new Map<number, number[]>()
  const asked = new Set<number>()
  for (const leaf of leaves)
    for (const term of termsOfLeaf(leaf, seed)) {
      asked.add(leaf.id)
      const known = byTerm.get(term)
      if (known) known.push(leaf.id)
      else byTerm.set(term, [leaf.id])
    }
  const holding = new Map<string, number[]>()
  if (byTerm.size === 0) return { asked, holding }
  const { rows } = await sql<{ blockId: number; term: number }>`
select b.block_id, t.term from blocks b cross join lateral unnest(b.terms) t(term)
where b.tenant_id = ${scope.tenantId} and b.block_id = any (${blockIds}::bigint[]) and t.term = any (${[...byTerm.keys()]}::int[])`.execute(
    scope.db,
  )
  for (const { blockId, term } of rows) {
    const key = keyOf({ tenantId: scope.tenantId, blockId })
    const known = holding.get(key)
    if (known) known.push(...byTerm.get(term)!)
    else holding.set(key, [...byTerm.get(term)!])
  }
  return { asked, holding }
}

interface Undone {
  tenantId: number
  id: number
}

/** Actions whose rows were given back, and may be benign by another rule. */
export const undoneActions = (database: Database): Promise<Undone[]> =>
  asReader(database, async (trx) => {
    const { rows } = await sql<Undone>`
select tenant_id, id from triage_actions where state = 'undone' and not ruled_again order by id limit 200`.execute(trx)
    return rows
  })

/** The blocks of the rows that it gave back. */
export async function blocksGivenBack({ db, tenantId }: TenantScope, action: number): Promise<number[]> {
  const { rows } = await sql<{ blockId: number }>`
select distinct run.block_id from triage_changes c cross join lateral (
  select r.block_id, r.first_row + r.n as end from runs r where r.tenant_id = ${tenantId} and r.collection_id = c.collection_id
    and r.source_id = c.source_id and r.first_row <= c.row_number order by r.first_row desc limit 1) run
where c.tenant_id = ${tenantId} and c.action_id = ${action} and c.undone and run.end > c.row_number`.execute(db)
  return rows.map(({ blockId }) => blockId)
}

export const noteRuledAgain = ({ db, tenantId }: TenantScope, action: number) =>
  db
    .updateTable('triageActions')
    .set({ ruledAgain: true })
    .where('tenantId', '=', tenantId)
    .where('id', '=', action)
    .execute()
