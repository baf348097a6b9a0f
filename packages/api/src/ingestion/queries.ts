import { sql } from 'kysely'
import { notFound } from '../errors.ts'
import { beyond, page, type Place } from '../keyset.ts'
import type { ReadScope, TenantScope } from '../scope.ts'

/** What arrived, what is not whole, and who sends: one page's worth, newest first. */
export async function overview(scope: ReadScope, limit: number, now: Date) {
  const midnight = new Date(now)
  midnight.setUTCHours(0, 0, 0, 0)
  return {
    today: { from: midnight, ...(await sumsSince(scope, midnight)) },
    deliveries: await deliveries(scope, limit),
    incomplete: await incompleteSources(scope, limit),
    senders: await senders(scope, midnight),
    blocks: await stateOfBlocks(scope, limit),
  }
}

/** What there is to do on the blocks that hold the rows, and which ones do not hold what was stored. */
async function stateOfBlocks(scope: ReadScope, limit: number) {
  const blocks = scope.db
    .selectFrom('blocks as b')
    .select(({ fn }) => fn.countAll<number>().as('n'))
    .$if(scope.tenantId !== 'all', (q) => q.where('b.tenantId', '=', scope.tenantId as number))
  // Each is the condition of an index.
  const small = await blocks.where('b.gramBits', 'is not', null).executeTakeFirstOrThrow()
  const lacking = sql<boolean>`(b.text is null or (b.grams is null and b.gram_bits is null) or b.capped_fields is null)`
  const incomplete = await blocks.where(lacking).executeTakeFirstOrThrow()
  const damaged = await scope.db
    .selectFrom('damagedBlocks as d')
    .innerJoin('blocks as b', (join) =>
      join.onRef('b.tenantId', '=', 'd.tenantId').onRef('b.blockId', '=', 'd.blockId'),
    )
    .innerJoin('sources as s', (join) => join.onRef('s.tenantId', '=', 'd.tenantId').onRef('s.id', '=', 'd.sourceId'))
    .select(['d.tenantId', 'd.sourceId', 's.name as source', 'd.rows', 'd.reason', 'd.foundAt'])
    .$if(scope.tenantId !== 'all', (q) => q.where('d.tenantId', '=', scope.tenantId as number))
    .orderBy('d.foundAt', 'desc')
    .orderBy('d.blockId')
    .limit(limit)
    .execute()
  return { small: small.n, incomplete: incomplete.n, damaged }
}

const sumsSince = (scope: ReadScope, from: Date) =>
  scope.db
    .selectFrom('deliveries')
    .select(({ fn }) => [
      fn.countAll<number>().as('deliveries'),
      sql<number>`coalesce(sum(rows_stored), 0)::bigint`.as('rowsStored'),
      sql<number>`coalesce(sum(rows_rejected), 0)::bigint`.as('rowsRejected'),
    ])
    .$if(scope.tenantId !== 'all', (q) => q.where('tenantId', '=', scope.tenantId as number))
    .where('receivedAt', '>=', from)
    .executeTakeFirstOrThrow()

const withNames = (scope: ReadScope) =>
  scope.db
    .selectFrom('deliveries as d')
    .leftJoin('hosts as h', (join) => join.onRef('h.tenantId', '=', 'd.tenantId').onRef('h.id', '=', 'd.hostId'))
    .leftJoin('sources as s', (join) => join.onRef('s.tenantId', '=', 'd.tenantId').onRef('s.id', '=', 'd.sourceId'))
    .leftJoin('apiTokens as t', (join) => join.onRef('t.tenantId', '=', 'd.tenantId').onRef('t.id', '=', 'd.tokenId'))
    .select([
      'd.id',
      'd.tenantId',
      'd.kind',
      'd.receivedAt',
      'd.completedAt',
      'd.bytes',
      'd.collectionId',
      'd.sourceId',
    ])
    .select(['d.rows', 'd.rowsStored', 'd.rowsKnown', 'd.rowsRejected', 'd.firstRow', 'd.hostId'])
    .select(['h.hostname', 's.name as source', 't.name as token'])
    .$if(scope.tenantId !== 'all', (q) => q.where('d.tenantId', '=', scope.tenantId as number))
    .orderBy('d.receivedAt', 'desc')
    .orderBy('d.id', 'desc')

const deliveries = (scope: ReadScope, limit: number) => withNames(scope).limit(limit).execute()

export interface DeliveryFilter {
  limit: number
  cursor?: Place | undefined
  kind?: string | undefined
  tokenId?: number | undefined
  hostId?: number | undefined
  collectionId?: number | undefined
  /** Only those that set rows aside, or that broke off or are still under way. */
  problems: boolean
}

/** Every delivery, newest first. How many there are is not counted: there are millions. */
export async function listDeliveries(scope: ReadScope, filter: DeliveryFilter) {
  const { limit, cursor, kind, tokenId, hostId, collectionId, problems } = filter
  const rows = await withNames(scope)
    .$if(kind !== undefined, (q) => q.where('d.kind', '=', kind!))
    .$if(tokenId !== undefined, (q) => q.where('d.tokenId', '=', tokenId!))
    .$if(hostId !== undefined, (q) => q.where('d.hostId', '=', hostId!))
    .$if(collectionId !== undefined, (q) => q.where('d.collectionId', '=', collectionId!))
    .$if(problems, (q) => q.where(sql<boolean>`(d.rows_rejected > 0 or d.completed_at is null)`))
    .$if(cursor !== undefined, (q) => q.where(beyond(sql`d.received_at`, sql`d.id`, cursor!, 'time', 'desc')))
    .limit(limit + 1)
    .execute()
  return page(rows, limit, (row) => row.receivedAt)
}

/** Sources of which fewer rows arrived than their sender announced; `total` counts all of them. */
async function incompleteSources(scope: ReadScope, limit: number) {
  const lacking = scope.db
    .selectFrom('collectionSources as cs')
    .$if(scope.tenantId !== 'all', (q) => q.where('cs.tenantId', '=', scope.tenantId as number))
    // Without an announcement the range would have no end.
    .where('cs.rowsExpected', 'is not', null)
    .where(sql<boolean>`not (cs.received + cs.removed @> int8range(0, cs.rows_expected))`)
  const rows = await lacking
    .innerJoin('collections as c', (join) =>
      join.onRef('c.tenantId', '=', 'cs.tenantId').onRef('c.id', '=', 'cs.collectionId'),
    )
    .innerJoin('hosts as h', (join) => join.onRef('h.tenantId', '=', 'c.tenantId').onRef('h.id', '=', 'c.hostId'))
    .innerJoin('sources as s', (join) => join.onRef('s.tenantId', '=', 'cs.tenantId').onRef('s.id', '=', 'cs.sourceId'))
    .select(['cs.tenantId', 'cs.collectionId', 'cs.sourceId', 'cs.updatedAt', 'c.flowId', 'c.hostId'])
    .select(['h.hostname', 's.name as source', 's.kind'])
    .select([
      sql<number>`cs.rows_expected`.as('rowsExpected'),
      sql<number>`(select coalesce(sum(upper(r) - lower(r)), 0)::bigint from unnest(cs.received + cs.removed) r)`.as(
        'rowsReceived',
      ),
    ])
    .orderBy('cs.updatedAt', 'desc')
    .orderBy('cs.collectionId', 'desc')
    .orderBy('cs.sourceId', 'desc')
    .limit(limit)
    .execute()
  const { total } = await lacking.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  return { rows, total }
}

/** The tokens that may send, and what came with each since `from`. */
const senders = (scope: ReadScope, from: Date) =>
  scope.db
    .selectFrom('apiTokens as t')
    .leftJoin('velociraptorServers as v', (join) =>
      join.onRef('v.tenantId', '=', 't.tenantId').onRef('v.id', '=', 't.serverId'),
    )
    // One pass over the day, not one for each token.
    .leftJoin(
      (eb) =>
        eb
          .selectFrom('deliveries as d')
          .select(['d.tenantId', 'd.tokenId', sql<number>`sum(d.rows_stored)`.as('rows')])
          .$if(scope.tenantId !== 'all', (q) => q.where('d.tenantId', '=', scope.tenantId as number))
          .where('d.receivedAt', '>=', from)
          .groupBy(['d.tenantId', 'd.tokenId'])
          .as('n'),
      (join) => join.onRef('n.tenantId', '=', 't.tenantId').onRef('n.tokenId', '=', 't.id'),
    )
    .select(['t.id', 't.tenantId', 't.name', 't.lastUsedAt', 'v.name as server', 'v.orgId'])
    .select(sql<number>`coalesce(n.rows, 0)::bigint`.as('rowsToday'))
    .$if(scope.tenantId !== 'all', (q) => q.where('t.tenantId', '=', scope.tenantId as number))
    .where('t.scope', '=', 'ingest')
    .where('t.revokedAt', 'is', null)
    .where((eb) => eb.or([eb('t.expiresAt', 'is', null), eb('t.expiresAt', '>', sql<Date>`now()`)]))
    .orderBy(sql`t.last_used_at desc nulls last`)
    .orderBy('t.id')
    .limit(200)
    .execute()

interface RejectedFilter {
  limit: number
  cursor?: number | undefined
  deliveryId?: number | undefined
  resolved: boolean
}

const beginning = 2000

/** Lines that were set aside, newest first, each with its first bytes in base64: they need not be text. */
export async function rejectedRows(scope: ReadScope, { limit, cursor, deliveryId, resolved }: RejectedFilter) {
  const all = scope.db
    .selectFrom('rejectedRows as r')
    .$if(scope.tenantId !== 'all', (q) => q.where('r.tenantId', '=', scope.tenantId as number))
    .$if(deliveryId !== undefined, (q) => q.where('r.deliveryId', '=', deliveryId!))
    .where('r.resolvedAt', resolved ? 'is not' : 'is', null)
  const rows = await all
    .leftJoin('sources as s', (join) => join.onRef('s.tenantId', '=', 'r.tenantId').onRef('s.id', '=', 'r.sourceId'))
    .innerJoin('deliveries as d', (join) =>
      join.onRef('d.tenantId', '=', 'r.tenantId').onRef('d.id', '=', 'r.deliveryId'),
    )
    .leftJoin('hosts as h', (join) => join.onRef('h.tenantId', '=', 'd.tenantId').onRef('h.id', '=', 'd.hostId'))
    .select(['r.id', 'r.tenantId', 'r.deliveryId', 'r.collectionId', 'r.lineNumber', 'r.rowNumber'])
    .select(['r.reason', 'r.byteLength', 'r.createdAt', 's.name as source', 'h.hostname', 'd.kind'])
    .select(['r.resolvedAt', 'r.resolvedBy', 'r.triedAt', 'r.tries', 'r.triedReason'])
    .select((eb) =>
      eb
        .selectFrom('rejectedParts as p')
        .select(sql<string>`encode(substring(p.bytes from 1 for ${beginning}), 'base64')`.as('start'))
        .whereRef('p.tenantId', '=', 'r.tenantId')
        .whereRef('p.rejectedId', '=', 'r.id')
        .where('p.part', '=', 0)
        .as('start'),
    )
    .$if(cursor !== undefined, (q) => q.where('r.id', '<', cursor!))
    .orderBy('r.id', 'desc')
    .limit(limit + 1)
    .execute()
  const { total } = await all.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  return { rows: rows.slice(0, limit), nextCursor: rows.length > limit ? rows[limit - 1]!.id : null, total }
}

/** One part, of at most 1 MB, of a line that was set aside; `parts` says how many there are. */
export async function rejectedPart(scope: TenantScope, { id, part }: { id: number; part: number }) {
  const found = await scope.db
    .selectFrom('rejectedParts')
    .select(sql<string>`encode(bytes, 'base64')`.as('bytes'))
    .select((eb) =>
      eb
        .selectFrom('rejectedParts as p')
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .where('p.tenantId', '=', scope.tenantId)
        .where('p.rejectedId', '=', id)
        .as('parts'),
    )
    .where('tenantId', '=', scope.tenantId)
    .where('rejectedId', '=', id)
    .where('part', '=', part)
    .executeTakeFirst()
  if (!found) throw notFound('row set aside')
  return found
}
