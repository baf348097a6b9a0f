import type { Database } from '@velocicompanion/db'
import { followBlocks } from '../blocks/arriving/follow.ts'
import type { Searcher } from '../rows/rows.ts'
import { inTenant, type TenantScope } from '../scope.ts'
import type { Services } from '../services.ts'
import { benignDue, benignEpochs, hushDue } from './benign/queries.ts'
import { keepHits } from './hits/keep.ts'
import { tenantsMatching } from './matching/arrivals.ts'
import { matchesIn, matchesInStored, type Matched } from './matching/find.ts'
import { type Known, knownTerms } from './matching/known.ts'
import { type Due, exactIn, listsDue, nextOf, noteSwept, patternsIn } from './matching/queries.ts'

interface Matching {
  database: Database
  services: Pick<Services, 'searches' | 'now'>
  /** Ends the work between two batches; the next time goes on. */
  signal: AbortSignal
}

const origin = { job: 'indicators' }

/** Reads in one snapshot of a tenant, as its searches do, taking turns with them. */
const reading = <T>(
  { database, services, signal }: Matching,
  tenantId: number,
  work: (searcher: Searcher & { scope: TenantScope }) => Promise<T>,
) =>
  services.searches.admit(tenantId, signal, () =>
    inTenant(database.db, tenantId, (scope) => work({ scope, pool: services.searches, signal, now: services.now() }), {
      origin,
      snapshot: true,
      statementTimeout: 120_000,
    }),
  )

const keeping = (
  { database }: Matching,
  tenantId: number,
  matched: Matched,
  also = async (_scope: TenantScope) => {},
) =>
  inTenant(
    database.db,
    tenantId,
    async (scope) => {
      await keepHits(scope, matched)
      await also(scope)
    },
    { origin, statementTimeout: 120_000 },
  )

/**
 * Matches what arrived against the indicators in force. A block counts as matched when its hits are committed, and one that
 * a process lost on the way is matched again: rows are known by their names, so nothing doubles.
 */
export function arrivals(database: Database, services: Matching['services']) {
  const terms = knownTerms()
  const follow = followBlocks({
    database,
    now: services.now,
    table: 'matched_blocks',
    tenants: () => tenantsMatching(database),
    async work(tenantId, ids, signal) {
      const matching = { database, services, signal }
      const found = await reading(matching, tenantId, async (searcher) =>
        ofBlocks(searcher, ids, await terms.of(searcher.scope)),
      )
      await keeping(matching, tenantId, found)
    },
  })
  return async (signal: AbortSignal) => {
    terms.nextRun()
    await follow(signal)
  }
}

async function ofBlocks(searcher: Searcher & { scope: TenantScope }, ids: number[], known: Known) {
  const { blocks, exact } = await exactIn(searcher.scope, ids, known)
  return matchesIn(searcher, blocks, { exact, patterns: await patternsIn(searcher.scope) })
}

const exactAtOnce = 2000
/** A name or a pattern is a search of its own. */
const patternsAtOnce = 20

/** Looks for new and changed lists in all that is stored, batch by batch: one that was cut is gone on with. All of them, once a benign one changed. */
export async function sweepLists(matching: Matching) {
  for (const { tenantId, epoch } of await benignDue(matching.database))
    await inTenant(matching.database.db, tenantId, (scope) => hushDue(scope, epoch), { origin })
  for (const due of await listsDue(matching.database, benignEpochs)) {
    let left: Due | undefined = due
    while (left && !matching.signal.aborted) left = await sweepNext(matching, left)
  }
}

async function sweepNext(matching: Matching, due: Due): Promise<Due | undefined> {
  const { matched, sweptTo, ended } = await reading(matching, due.tenantId, async (searcher) => {
    const next = await nextOf(searcher.scope, due, exactAtOnce)
    const patterns = next.filter(({ term }) => term === null)
    const cut = patterns[patternsAtOnce]
    const batch = cut ? next.slice(0, next.indexOf(cut)) : next
    const whole = !cut && next.length < exactAtOnce
    return {
      matched: await matchesInStored(searcher, batch),
      sweptTo: Math.max(batch.at(-1)?.id ?? due.sweptTo, whole ? due.lastIndicator : 0),
      ended: whole,
    }
  })
  await keeping(matching, due.tenantId, matched, async (scope) => {
    await noteSwept(scope, due, sweptTo)
  })
  return ended ? undefined : { ...due, sweptTo }
}
