import type { Database } from '@velocicompanion/db'
import { sql } from 'kysely'
import type { ReadScope } from '../../scope.ts'
import { listCollections } from '../queries.ts'

/** Collections that a host was given and of which nothing came: the sender lists them, and neither rows nor an end arrived. */
const unanswered = (scope: ReadScope) =>
  scope.db
    .selectFrom('collections as c')
    .$if(scope.tenantId !== 'all', (q) => q.where('c.tenantId', '=', scope.tenantId as number))
    .where('c.kind', '=', 'flow')
    .where('c.endedAt', 'is', null)
    .where(sql<boolean>`coalesce(c.state, 'RUNNING') not in ('FINISHED', 'ERROR')`)
    .where(
      sql<boolean>`not exists (select from collection_sources cs where cs.tenant_id = c.tenant_id and cs.collection_id = c.id)`,
    )

const mostNamed = 50

/** An answer that took long is kept for so many times as long, and no longer than a minute. */
const times = 20
const worthKeepingMs = 1000
const longestMs = 60_000
/** Tenants whose answers are kept. */
const mostKept = 1000

/**
 * Shares a costly answer with all who watch the same thing, so that a page that looks every half minute, open on however many
 * screens, takes a twentieth of one connection at most. A quick answer is always made anew.
 */
export function sharing(now: () => number) {
  const kept = new Map<string, { until: number; answer: unknown }>()
  return async <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const began = now()
    const known = kept.get(key)
    if (known && known.until > began) return known.answer as T
    kept.delete(key)
    const answer = await work()
    const took = now() - began
    if (kept.size >= mostKept) kept.clear()
    if (took >= worthKeepingMs) kept.set(key, { until: now() + Math.min(took * times, longestMs), answer })
    return answer
  }
}

const shared = new WeakMap<Database, ReturnType<typeof sharing>>()

/** The sharing of one database: what is kept is named by tenants, and another database has the same numbers. */
export function sharedIn(database: Database) {
  const known = shared.get(database) ?? sharing(() => performance.now())
  shared.set(database, known)
  return known
}

/** How much there is to search, how new it is, and what of it is not whole: counts of all, and the first of each by name. */
export async function wholeness(scope: ReadScope) {
  const all = await scope.db
    .selectFrom('collectionSources as cs')
    .$if(scope.tenantId !== 'all', (q) => q.where('cs.tenantId', '=', scope.tenantId as number))
    .select([sql<number>`coalesce(sum(cs.rows_stored - cs.rows_superseded), 0)::bigint`.as('rows')])
    .executeTakeFirstOrThrow()
  const hosts = await scope.db
    .selectFrom('hosts')
    .$if(scope.tenantId !== 'all', (q) => q.where('tenantId', '=', scope.tenantId as number))
    .select(({ fn }) => fn.countAll<number>().as('n'))
    .executeTakeFirstOrThrow()
  const newest = await scope.db
    .selectFrom('deliveries')
    .$if(scope.tenantId !== 'all', (q) => q.where('tenantId', '=', scope.tenantId as number))
    .where('rowsStored', '>', 0)
    .orderBy('receivedAt', 'desc')
    .select('receivedAt')
    .limit(1)
    .executeTakeFirst()
  const incomplete = await listCollections(scope, { incomplete: true, limit: mostNamed })
  return {
    rows: all.rows,
    hosts: hosts.n,
    newest: newest?.receivedAt ?? null,
    incomplete: { total: incomplete.total, rows: incomplete.rows },
    unanswered: await unansweredHosts(scope),
  }
}

/** Hosts, each by its newest collection of that kind. */
async function unansweredHosts(scope: ReadScope) {
  const { total } = await unanswered(scope)
    .select(sql<number>`count(distinct c.host_id)`.as('total'))
    .executeTakeFirstOrThrow()
  const rows = await unanswered(scope)
    .innerJoin('hosts as h', (join) => join.onRef('h.tenantId', '=', 'c.tenantId').onRef('h.id', '=', 'c.hostId'))
    .distinctOn('c.hostId')
    .select(['c.id', 'c.tenantId', 'c.hostId', 'h.hostname', 'c.flowId', 'c.startedAt'])
    .orderBy('c.hostId')
    .orderBy('c.id', 'desc')
    .limit(mostNamed)
    .execute()
  return { total, rows }
}
