import { sql } from 'kysely'
import { folded, termSeed, hashTerm } from '../../evidence/terms.ts'
import { matcherOf } from '../../rows/engine/tests.ts'
import { termKey } from '../../rows/queries.ts'
import type { ReadScope } from '../../scope.ts'
import { testsOf } from '../rules.ts'

const visible = (scope: ReadScope) =>
  scope.tenantId === 'all'
    ? sql<boolean>`true`
    : sql<boolean>`(l.tenant_id = ${scope.tenantId} or ${scope.tenantId}::int = any (l.shared_with))`

/** Those that have ended are off; those that have not begun are found already, and shown when they do. */
const notEnded = sql<boolean>`l.deleted_at is null and i.deleted_at is null and l.active
  and coalesce(l.valid_until > now(), true) and coalesce(i.valid_until > now(), true)`

export const indicatorsIn = (scope: ReadScope, benign: boolean) =>
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

/** Rows that a sweep looks through. */
export async function storedRows(scope: ReadScope): Promise<number> {
  const { rows } = await scope.db
    .selectFrom('collectionSources')
    .where(scope.tenantId === 'all' ? sql<boolean>`true` : sql<boolean>`tenant_id = ${scope.tenantId}`)
    .select(sql<number>`coalesce(sum(rows_stored - rows_superseded), 0)::bigint`.as('rows'))
    .executeTakeFirstOrThrow()
  return rows
}
