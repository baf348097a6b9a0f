import type { Database } from '@velocicompanion/db'
import type { Searcher } from '../rows/rows.ts'
import { inTenant, type TenantScope } from '../scope.ts'
import type { Services } from '../services.ts'
import { benignDue, benignEpochs, hushDue } from './benign/queries.ts'
import { keepHits } from './hits/keep.ts'
import { blocksBeyond, moveOn, tenantsMatching, watermark } from './matching/arrivals.ts'
import { matchesIn, matchesInStored, type Matched } from './matching/find.ts'
import { type Known, knownTerms } from './matching/known.ts'
import { type Due, exactIn, listsDue, nextOf, noteSwept, patternsIn } from './matching/queries.ts'

interface Matching {
  database: Database
  services: Pick<Services, 'searches' | 'now'>
  /** Ends the work between two batches; the next time goes on. */
  signal: AbortSignal
}

const blocksAtOnce = 100
/** Ingestion takes the numbers of blocks ahead, and uses none after 60 s (ingestion/numbers.ts). */
const keptAheadMs = 90_000
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
  /** Blocks beyond the watermark that this process has matched. */
  let matched = new Set<number>()
  const seen: { at: number; number: number }[] = []
  const terms = knownTerms()
  return async (signal: AbortSignal) => {
    const mark = await watermark(database)
    const matching = { database, services, signal }
    terms.nextRun()
    for (const tenantId of await tenantsMatching(database)) {
      for (;;) {
        if (signal.aborted) return
        const ids = await inTenant(database.db, tenantId, (scope) =>
          blocksBeyond(scope, mark.done, [...matched], blocksAtOnce),
        )
        if (ids.length === 0) break
        const found = await reading(matching, tenantId, async (searcher) =>
          ofBlocks(searcher, ids, await terms.of(searcher.scope)),
        )
        await keeping(matching, tenantId, found)
        for (const id of ids) matched.add(id)
      }
    }
    if (!signal.aborted && mark.settled && mark.number > mark.done) {
      const old = seen.findLast(({ at }) => at <= services.now().getTime() - keptAheadMs)
      await moveOn(database, mark, old?.number ?? 0)
      matched = new Set([...matched].filter((id) => id % 2 ** 40 > mark.next))
    }
    seen.push({ at: services.now().getTime(), number: mark.number })
    while (seen[1] && seen[1].at <= services.now().getTime() - keptAheadMs) seen.shift()
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
