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
