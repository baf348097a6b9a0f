import { sql } from 'kysely'
import { record } from '../audit.ts'
import type { CaseSeverity } from '../cases/input.ts'
import { AppError, notFound } from '../errors.ts'
import { beyond, holds, page, type Place } from '../keyset.ts'
import { may } from '../permissions.ts'
import type { ReadScope, TenantScope } from '../scope.ts'
import type { Tlp, WrittenIndicator } from './input.ts'
import { benignChanged } from './benign/queries.ts'
import { hushed, standing } from './hits/queries.ts'
import { addTo } from './values/queries.ts'

const restoreDays = 30

interface Written {
  name: string
  benign: boolean
  active: boolean
  tlp: Tlp
  confidence: number
  severity: CaseSeverity
  tags: string[]
  source: string
  note: string
  validFrom: string | null
  validUntil: string | null
  sharedWith: number[]
}

/** A list of which nothing is said but its name. */
export const plainList: Omit<Written, 'name'> & { indicators: WrittenIndicator[] } = {
  benign: false,
  active: true,
  tlp: 'amber',
  confidence: 50,
  severity: 'medium',
  tags: [],
  source: '',
  note: '',
  validFrom: null,
  validUntil: null,
  sharedWith: [],
  indicators: [],
}

const columns = [
  'l.id',
  'l.tenantId',
  'l.name',
  'l.benign',
  'l.active',
  'l.tlp',
  'l.confidence',
  'l.severity',
  'l.tags',
  'l.source',
  'l.note',
  'l.validFrom',
  'l.validUntil',
  'l.version',
  'l.updatedAt',
] as const

/** The tenant's own, and those that are shared with it. */
const mine = (scope: ReadScope) =>
  scope.tenantId === 'all'
    ? sql<boolean>`true`
    : sql<boolean>`(l.tenant_id = ${scope.tenantId} or ${scope.tenantId}::int = any (l.shared_with))`

const inTenantOf = (scope: ReadScope, column: string) =>
  scope.tenantId === 'all' ? sql`true` : sql`${sql.ref(column)} = ${scope.tenantId}`

/** Whether its values are matched now. */
export const inForce = sql<boolean>`(l.active and coalesce(l.valid_from <= now(), true) and coalesce(l.valid_until > now(), true))`

const visible = (scope: ReadScope) =>
  scope.db
    .selectFrom('indicatorLists as l')
    .where(mine(scope))
    .where('l.deletedAt', 'is', null)
    .select(columns)
    .select([
      // Whom else it is shared with is nobody's business but the owner's.
      sql<number[]>`case when ${inTenantOf(scope, 'l.tenant_id')} then l.shared_with else '{}' end`.as('sharedWith'),
      sql<boolean>`${scope.tenantId === 'all' ? sql`true` : sql`l.tenant_id = ${scope.tenantId}`}`.as('own'),
      inForce.as('inForce'),
      sql<boolean>`coalesce(l.valid_until <= now(), false)`.as('ended'),
      sql<string | null>`(select u.username from users u where u.tenant_id = l.tenant_id and u.id = l.owner_id)`.as(
        'owner',
      ),
      sql<number>`(select count(*) from indicators i where i.tenant_id = l.tenant_id and i.list_id = l.id and i.deleted_at is null)`.as(
        'indicators',
      ),
      sql<number>`(select count(*) from indicator_hits h join indicators i on i.tenant_id = h.owner_tenant_id and i.id = h.indicator_id
        where ${inTenantOf(scope, 'h.tenant_id')} and h.acknowledged_at is null and i.tenant_id = l.tenant_id and i.list_id = l.id and i.deleted_at is null
          and ${standing} and not ${hushed} and not l.benign and coalesce(i.valid_from <= now(), true) and coalesce(l.valid_from <= now(), true))`.as(
        'openHits',
      ),
      sql<number>`(select count(distinct q.indicator_id) from hushed_indicators q join indicators i on i.tenant_id = q.owner_tenant_id and i.id = q.indicator_id
        where ${inTenantOf(scope, 'q.tenant_id')} and i.tenant_id = l.tenant_id and i.list_id = l.id and i.deleted_at is null)`.as(
        'leftOut',
      ),
      sql<number>`(select count(*) from indicators i where i.tenant_id = l.tenant_id and i.list_id = l.id and i.deleted_at is null
        and i.id <= coalesce((select min(case when s.generation = l.generation then s.swept_to else 0 end) from indicator_sweeps s
          where ${inTenantOf(scope, 's.tenant_id')} and s.owner_tenant_id = l.tenant_id and s.list_id = l.id), 0))`.as(
        'swept',
      ),
    ])

export interface ListFilter {
  query?: string | undefined
  limit: number
  cursor?: Place | undefined
}

/** By last change, the newest first. */
export async function listLists(scope: ReadScope, { query, limit, cursor }: ListFilter) {
  const rows = await visible(scope)
    .$if(Boolean(query), (q) => q.where(holds([sql.ref('l.name'), sql.ref('l.source')], query!)))
    .$if(cursor !== undefined, (q) =>
      q.where(beyond(sql.ref('l.updated_at'), sql.ref('l.id'), cursor!, 'time', 'desc')),
    )
    .orderBy('l.updatedAt', 'desc')
    .orderBy('l.id', 'desc')
    .limit(limit + 1)
    .execute()
  return page(rows, limit, (row) => row.updatedAt)
}

const find = (scope: ReadScope, id: number) => visible(scope).where('l.id', '=', id).executeTakeFirst()

export async function getList(scope: ReadScope, id: number) {
  const found = await find(scope, id)
  if (!found) throw notFound('indicator list')
  return found
}

const ownerIn = (scope: TenantScope) => (scope.actor?.tenantId === scope.tenantId ? scope.actor.userId : null)

async function mustShare(scope: TenantScope, tenants: number[]) {
  if (!scope.actor || !may(scope.actor.role, 'indicator:share'))
    throw new AppError('FORBIDDEN', 'Needs indicator:share')
  if (tenants.includes(scope.tenantId)) throw new AppError('BAD_REQUEST', 'It is this tenant’s own list')
}

function checkTimes({
  validFrom,
  validUntil,
}: {
  validFrom?: string | null | undefined
  validUntil?: string | null | undefined
}) {
  if (validFrom && validUntil && Date.parse(validFrom) >= Date.parse(validUntil))
    throw new AppError('BAD_REQUEST', 'It would end before it begins')
}

export async function createList(scope: TenantScope, input: Written & { indicators: WrittenIndicator[] }) {
  const { indicators, ...list } = input
  checkTimes(list)
  if (list.sharedWith.length > 0) await mustShare(scope, list.sharedWith)
  const { id } = await scope.db
    .insertInto('indicatorLists')
    .values({ tenantId: scope.tenantId, ownerId: ownerIn(scope), ...list, everSharedWith: list.sharedWith })
    .returning('id')
    .executeTakeFirstOrThrow()
  await record(scope, 'indicators.create', {
    list: id,
    name: list.name,
    benign: list.benign,
    indicators: indicators.length,
  })
  if (list.benign) await benignChanged(scope, id)
  if (indicators.length > 0) await addTo(scope, id, indicators)
  return getList(scope, id)
}

type Change = { id: number; version: number } & { [K in keyof Written]?: Written[K] | undefined }

/** A list that comes into force anew must be looked for in what was stored meanwhile. */
const sweptAnew = (changed: Partial<Written>) =>
  changed.active === true ||
  changed.benign === false ||
  'validFrom' in changed ||
  'validUntil' in changed ||
  'sharedWith' in changed

/** Changes the named parts. Throws CONFLICT `stale` with the saved list when someone changed it since `version`. */
export async function updateList(scope: TenantScope, { id, version, ...parts }: Change) {
  const changed = Object.fromEntries(
    Object.entries(parts).filter(([, value]) => value !== undefined),
  ) as Partial<Written>
  checkTimes(changed)
  if (changed.sharedWith) await mustShare(scope, changed.sharedWith)
  const saved = await scope.db
    .updateTable('indicatorLists')
    .set((eb) => ({
      ...changed,
      version: eb('version', '+', 1),
      updatedAt: sql<Date>`now()`,
      ...(sweptAnew(changed) && { generation: eb('generation', '+', 1) }),
      ...(changed.sharedWith && {
        everSharedWith: sql<number[]>`array(select distinct unnest(ever_shared_with || ${changed.sharedWith}::int[]))`,
      }),
    }))
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .where('version', '=', version)
    .where('deletedAt', 'is', null)
    .returning(['version', 'benign'])
    .executeTakeFirst()
  if (!saved) throw await whyNot(scope, id)
  if (saved.benign || changed.benign === false) await benignChanged(scope, id)
  await record(scope, 'indicators.update', { list: id, version: saved.version, fields: Object.keys(changed) })
  return getList(scope, id)
}

/** Switches a list off and hides it; it can be restored for 30 days. */
export async function deleteList(scope: TenantScope, { id, version }: { id: number; version: number }) {
  const gone = await scope.db
    .updateTable('indicatorLists')
    .set((eb) => ({ deletedAt: sql<Date>`now()`, version: eb('version', '+', 1) }))
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .where('version', '=', version)
    .where('deletedAt', 'is', null)
    .returning(['id', 'version', 'benign'])
    .executeTakeFirst()
  if (!gone) throw await whyNot(scope, id)
  if (gone.benign) await benignChanged(scope, id)
  await record(scope, 'indicators.delete', { list: id })
  return { id: gone.id, version: gone.version }
}

export async function restoreList(scope: TenantScope, id: number) {
  const back = await scope.db
    .updateTable('indicatorLists')
    .set((eb) => ({ deletedAt: null, version: eb('version', '+', 1), generation: eb('generation', '+', 1) }))
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .where('deletedAt', '>', sql<Date>`now() - make_interval(days => ${restoreDays})`)
    .returning(['id', 'benign'])
    .executeTakeFirst()
  if (!back) throw notFound('deleted indicator list')
  if (back.benign) await benignChanged(scope, id)
  await record(scope, 'indicators.restore', { list: id })
  return getList(scope, id)
}

async function whyNot(scope: TenantScope, id: number) {
  const theirs = await find(scope, id)
  if (!theirs) return notFound('indicator list')
  if (!theirs.own) return notOwn()
  return new AppError('CONFLICT', 'Someone saved the list while you were at it', 'stale', { theirs })
}

export const notOwn = () =>
  new AppError('FORBIDDEN', 'The list belongs to another tenant: only who shares it changes it')
