import { sql, type RawBuilder } from 'kysely'
import { folded, termSeed, hashTerm } from '../../evidence/terms.ts'
import { matcherOf } from '../../rows/engine/tests.ts'
import { termKey } from '../../rows/queries.ts'
import type { Database } from '@velocicompanion/db'
import { bigintsIn, copied, tenantIn, tuplesOf } from '../../rows/plan/copied.ts'
import { asReader } from '../../ingestion/imports/files.ts'
import { type AnyOf, blocksOf } from '../../rows/queries.ts'
import type { ReadScope, TenantScope } from '../../scope.ts'
import { type Named, testsOf } from '../rules.ts'
import type { Known } from './known.ts'
import type { Grams } from './possible.ts'

/** An indicator that is looked for. */
export interface Wanted extends Named {
  id: number
  /** Whose list it stands on. */
  ownerTenantId: number
  listId: number
  term: number | null
}

const visible = (scope: ReadScope) =>
  scope.tenantId === 'all'
    ? sql<boolean>`true`
    : sql<boolean>`(l.tenant_id = ${scope.tenantId} or ${scope.tenantId}::int = any (l.shared_with))`

/** Those that have ended are off; those that have not begun are found already, and shown when they do. */
const notEnded = sql<boolean>`l.deleted_at is null and i.deleted_at is null and l.active
  and coalesce(l.valid_until > now(), true) and coalesce(i.valid_until > now(), true)`

const indicatorsIn = (scope: ReadScope, benign: boolean) =>
  scope.db
    .selectFrom('indicators as i')
    .innerJoin('indicatorLists as l', (join) =>
      join.onRef('l.tenantId', '=', 'i.tenantId').onRef('l.id', '=', 'i.listId'),
    )
    .where(visible(scope))
    .where(notEnded)
    .where('l.benign', '=', benign)

/** Which of the values stand on a benign list, and on which. */
export async function benignAmong(scope: ReadScope, values: string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  if (values.length === 0) return found
  const begun = sql<boolean>`coalesce(l.valid_from <= now(), true) and coalesce(i.valid_from <= now(), true)`
  const seed = termSeed(await termKey(scope))
  const byFold = new Map(values.map((value) => [folded(value), value]))
  const terms = [...byFold.keys()].map((value) => hashTerm(value, seed))
  const exact = await indicatorsIn(scope, true)
    .where(begun)
    .where(sql<boolean>`i.term = any (${terms}::int[])`)
    .select(['i.value', 'l.name'])
    .execute()
  for (const { value, name } of exact) if (byFold.has(folded(value))) found.set(folded(value), name)
  const patterns = await indicatorsIn(scope, true)
    .where(begun)
    .where('i.term', 'is', null)
    .select(['i.kind', 'i.match', 'i.value', 'l.name'])
    .execute()
  for (const pattern of patterns) {
    const matches = testsOf(pattern).map(matcherOf)
    for (const value of byFold.keys())
      if (value === folded(pattern.value) || matches.some((match) => match(value, false)))
        found.set(value, pattern.name)
  }
  return found
}

export async function hasBenignPatterns(scope: ReadScope): Promise<boolean> {
  return (await indicatorsIn(scope, true).where('i.term', 'is', null).select('i.id').limit(1).execute()).length > 0
}

/** Rows that a sweep looks through. */
export async function storedRows(scope: ReadScope): Promise<number> {
  const { rows } = await scope.db
    .selectFrom('collectionSources')
    .where(scope.tenantId === 'all' ? sql<boolean>`true` : sql<boolean>`tenant_id = ${scope.tenantId}`)
    .select(sql<number>`coalesce(sum(rows_stored - rows_superseded), 0)::bigint`.as('rows'))
    .executeTakeFirstOrThrow()
  return rows
}

const columns = ['i.id', 'i.tenantId as ownerTenantId', 'i.listId', 'i.kind', 'i.match', 'i.value', 'i.term'] as const

/** What must be tried on each block. */
export const patternsIn = (scope: TenantScope): Promise<Wanted[]> =>
  indicatorsIn(scope, false).where('i.term', 'is', null).select(columns).execute()

/** A malicious list that a tenant matches against. */
export interface ListInForce {
  ownerTenantId: number
  id: number
  version: number
}

export const listsInForce = (scope: TenantScope): Promise<ListInForce[]> =>
  scope.db
    .selectFrom('indicatorLists as l')
    .where(visible(scope))
    .where(sql<boolean>`l.deleted_at is null and l.active and not l.benign and coalesce(l.valid_until > now(), true)`)
    .select(['l.tenantId as ownerTenantId', 'l.id', 'l.version'])
    .execute()

/** A block with which of its terms are known, and what tells of its values. */
export interface Arrived extends AnyOf {
  grams: Grams
}

/** Blocks with the terms of indicators that they hold, and those indicators. */
export async function exactIn(scope: TenantScope, blockIds: number[], known: Known) {
  const [copy] = await copied(scope, [
    `select b.block_id, b.terms, b.grams, b.gram_bits from blocks b
     where ${tenantIn(scope, 'b.tenant_id')} and b.block_id = any (${bigintsIn(blockIds)})`,
  ])
  const told = new Map(
    tuplesOf(copy!, 4, (tuple) => [
      tuple.bigint(0),
      {
        hits: tuple.ints(1).filter((term) => known.holds(term)),
        grams: {
          sorted: tuple.isNull(2) ? undefined : tuple.ints(2),
          filter: tuple.isNull(3) ? undefined : tuple.bytes(3),
        },
      },
    ]),
  )
  const terms = [...new Set([...told.values()].flatMap(({ hits }) => hits))]
  const exact: Wanted[] =
    terms.length === 0
      ? []
      : await indicatorsIn(scope, false)
          .where(sql<boolean>`i.term = any (${terms}::int[])`)
          .select(columns)
          .execute()
  const filter = { sources: undefined, superseded: false, since: -9e18, until: 9e18 }
  const keys = blockIds.map((blockId) => ({ tenantId: scope.tenantId, blockId }))
  const blocks = (await blocksOf(scope, filter, keys)).map((block): Arrived => ({
    ...block,
    ...told.get(block.blockId)!,
  }))
  return { blocks, exact }
}

/** A list whose indicators are not all looked for in a tenant's stored rows. */
export interface Due {
  tenantId: number
  ownerTenantId: number
  listId: number
  generation: number
  /** Of the benign lists (benign/queries.ts). */
  epoch: number
  sweptTo: number
  lastIndicator: number
}

/** `epochs` are the states of the tenants' benign lists. */
export const listsDue = (database: Database, epochs: RawBuilder<unknown>): Promise<Due[]> =>
  asReader(database, async (trx) => {
    const { rows } = await sql<Due>`
with t as materialized (${epochs})
select t.tenant_id, l.tenant_id as owner_tenant_id, l.id as list_id, l.generation, t.epoch, l.last_indicator,
  case when s.generation = l.generation and s.benign_epoch = t.epoch then s.swept_to else 0 end as swept_to
from indicator_lists l join t on t.tenant_id = l.tenant_id or t.tenant_id = any (l.shared_with)
left join indicator_sweeps s on s.tenant_id = t.tenant_id and s.owner_tenant_id = l.tenant_id and s.list_id = l.id
where l.deleted_at is null and l.active and not l.benign and coalesce(l.valid_until > now(), true) and l.last_indicator > 0
  and (s.generation is distinct from l.generation or s.benign_epoch <> t.epoch or s.swept_to < l.last_indicator)
order by s.updated_at nulls first, l.updated_at limit 100`.execute(trx)
    return rows
  })

/** The next indicators of a list, by their ids. */
export const nextOf = (scope: TenantScope, { listId, sweptTo }: Due, limit: number): Promise<Wanted[]> =>
  indicatorsIn(scope, false)
    .where('i.listId', '=', listId)
    .where('i.id', '>', sweptTo)
    .select(columns)
    .orderBy('i.id')
    .limit(limit)
    .execute()

/** Notes that a list is looked for up to `sweptTo`. */
export const noteSwept = (scope: TenantScope, { ownerTenantId, listId, generation, epoch }: Due, sweptTo: number) =>
  scope.db
    .insertInto('indicatorSweeps')
    .values({ tenantId: scope.tenantId, ownerTenantId, listId, generation, benignEpoch: epoch, sweptTo })
    .onConflict((oc) =>
      oc
        .columns(['tenantId', 'ownerTenantId', 'listId'])
        .doUpdateSet({ generation, benignEpoch: epoch, sweptTo, updatedAt: sql<Date>`now()` }),
    )
    .execute()
