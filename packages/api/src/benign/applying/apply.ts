import type { Database } from '@velocicompanion/db'
import { namesIn } from '../../rows/plan/named.ts'
import type { Leaf } from '../../rows/language/ast.ts'
import type { RowName } from '../../rows/rules.ts'
import { planAmong, type Searcher } from '../../rows/rows.ts'
import { blocksOf } from '../../rows/queries.ts'
import { inTenant, type ReadScope, type TenantScope } from '../../scope.ts'
import type { Services } from '../../services.ts'
import { wavesOf } from '../../triage/bulk/waves.ts'
import { markByRule } from '../../triage/marks/queries.ts'
import { ruleQuery, together } from '../rules.ts'
import { rulesOf, toldOf } from './queries.ts'

export interface Applying {
  database: Database
  services: Pick<Services, 'searches' | 'now'>
  /** Ends the work between two batches; the next time goes on. */
  signal: AbortSignal
}

const job = { origin: { job: 'benign rules' }, statementTimeout: 120_000 }
/** Asked of each block at once; what one of them marked is no other's. */
const rulesAtOnce = 500
/** Rows changed in one transaction: others who mark wait for no more. */
const rowsAtOnce = 5000

/** Tries all rules of a tenant on the rows of some blocks, and marks those that match and that nobody has judged. */
export async function applyRules(applying: Applying, tenantId: number, blockIds: number[]) {
  const { database, services, signal } = applying
  const found = await services.searches.admit(tenantId, signal, () =>
    inTenant(
      database.db,
      tenantId,
      (scope) => rowsByAction({ scope, pool: services.searches, signal, now: services.now() }, blockIds),
      { ...job, snapshot: true },
    ),
  )
  for (const [action, rows] of found)
    for (let at = 0; at < rows.length; at += rowsAtOnce)
      await inTenant(database.db, tenantId, (scope) => markByRule(scope, action, rows.slice(at, at + rowsAtOnce)), job)
}

/** The rules are read in the snapshot of the rows: one that is not among them finds the same rows when it begins. */
async function rowsByAction(searcher: Searcher & { scope: TenantScope }, blockIds: number[]) {
  const { scope, now } = searcher
  const found = new Map<number, RowName[]>()
  const rules = await rulesOf(scope)
  if (rules.length === 0) return found
  const filter = { sources: undefined, superseded: true, since: -9e18, until: 9e18 }
  const keys = blockIds.map((blockId) => ({ tenantId: scope.tenantId, blockId }))
  const blocks = await blocksOf(scope, filter, keys)
  for (let at = 0; at < rules.length; at += rulesAtOnce) {
    const some = rules.slice(at, at + rulesAtOnce)
    const asked = together(some.map(({ query }) => ruleQuery(query, now)))
    const named = await namesOnce(scope, asked.leaves)
    const plan = await planAmong(searcher, { ...asked, named }, blocks, await toldOf(scope, asked.leaves, blockIds))
    for await (const { hits } of wavesOf(searcher, plan))
      for (const { part, collectionId, sourceId, row } of hits) {
        const { action } = some[part!]!
        const known = found.get(action)
        if (known) known.push({ collectionId, sourceId, row })
        else found.set(action, [{ collectionId, sourceId, row }])
      }
  }
  return found
}

/** Many rules name the same hosts and sources: each is looked up once. */
async function namesOnce(scope: ReadScope, leaves: Leaf[]) {
  const alike = Map.groupBy(
    leaves.filter(({ on }) => on && 'builtin' in on),
    ({ on, test }) => JSON.stringify([on, test]),
  )
  const firsts = [...alike.values()].map((some) => some[0]!)
  const named = new Map(await namesIn(scope, firsts))
  return [...alike.values()].flatMap((some) => {
    const of = named.get(some[0]!.id)
    return of ? some.map(({ id }) => [id, of] as [number, typeof of]) : []
  })
}
