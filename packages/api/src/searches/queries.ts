import { sql } from 'kysely'
import { record } from '../audit.ts'
import { AppError, notFound } from '../errors.ts'
import { beyond, holds, page, type Place } from '../keyset.ts'
import { may } from '../permissions.ts'
import type { TenantScope } from '../scope.ts'
import type { searchViews } from './input.ts'
import { checkSaved } from './rules.ts'
import { type Starter, starters } from './starters/starters.ts'

const restoreDays = 30
/** How many searches one person may keep. */
const mostKept = 500

interface Range {
  from?: string | undefined
  to?: string | undefined
}

interface Written {
  name: string
  description: string
  query: string
  view: (typeof searchViews)[number]
  columns: string[]
  sort: string | null
  off: number[]
  shared: boolean
}

const columns = [
  's.id',
  's.tenantId',
  's.name',
  's.description',
  's.query',
  's.timeFrom',
  's.timeTo',
  's.view',
  's.columns',
  's.sort',
  's.off',
  's.shared',
  's.version',
  's.updatedAt',
] as const

/** Whose things: users are keyed by tenant, so a super-admin who acts in another tenant has none of their own there. */
export const meIn = (scope: TenantScope) => (scope.actor?.tenantId === scope.tenantId ? scope.actor.userId : null)

export type SavedSearch = Omit<Written, 'view'> & {
  id: number
  tenantId: number
  view: string
  timeFrom: string | null
  timeTo: string | null
  version: number
  /** Null where it is built in. */
  updatedAt: Date | null
  owner: string | null
  mine: boolean
  pinned: boolean
  builtIn: boolean
}

const mayDo = (scope: TenantScope, permission: 'search:share' | 'search:manage') =>
  scope.actor !== undefined && may(scope.actor.role, permission)

/** Shared ones and one's own; those of others are not there. */
export const visible = (scope: TenantScope) =>
  scope.db
    .selectFrom('savedSearches as s')
    .where('s.tenantId', '=', scope.tenantId)
    .where((eb) => eb.or([eb('s.shared', '=', true), eb('s.ownerId', '=', meIn(scope))]))
    .select(columns)
    .select([
      sql<string | null>`(select u.username from users u where u.tenant_id = s.tenant_id and u.id = s.owner_id)`.as(
        'owner',
      ),
      sql<boolean>`coalesce(s.owner_id = ${meIn(scope)}::bigint, false)`.as('mine'),
      sql<boolean>`false`.as('builtIn'),
      sql<boolean>`exists (select from search_pins p
        where p.tenant_id = s.tenant_id and p.search_id = s.id and p.user_id = ${meIn(scope)}::bigint)`.as('pinned'),
    ])

export interface SearchFilter {
  query?: string | undefined
  limit: number
  cursor?: Place | undefined
}

/** By last change, and on the first page those that are built in. */
export async function listSearches(scope: TenantScope, { query, limit, cursor }: SearchFilter) {
  const kept = visible(scope)
    .where('s.deletedAt', 'is', null)
    .$if(Boolean(query), (q) =>
      q.where(holds([sql.ref('s.name'), sql.ref('s.description'), sql.ref('s.query')], query!)),
    )
  const rows = await kept
    .$if(cursor !== undefined, (q) =>
      q.where(beyond(sql.ref('s.updated_at'), sql.ref('s.id'), cursor!, 'time', 'desc')),
    )
    .orderBy('s.updatedAt', 'desc')
    .orderBy('s.id', 'desc')
    .limit(limit + 1)
    .execute()
  return { ...page(rows, limit, (row) => row.updatedAt), builtIn: cursor ? [] : await builtIn(scope, query) }
}

async function builtIn(scope: TenantScope, query = '') {
  const pins = await scope.db
    .selectFrom('searchPins')
    .select('starter')
    .where('tenantId', '=', scope.tenantId)
    .where('userId', '=', meIn(scope))
    .where('starter', 'is not', null)
    .execute()
  const pinned = new Set(pins.map((pin) => pin.starter))
  const word = query.toLowerCase()
  return starters
    .filter(({ name, description, query: text }) => `${name}\n${description}\n${text}`.toLowerCase().includes(word))
    .map((starter) => asSearch(scope, starter, pinned.has(starter.id)))
}

/** A built-in search in the form of a saved one. */
export function asSearch(scope: TenantScope, starter: Starter, pinned: boolean): SavedSearch {
  const written = { timeFrom: null, timeTo: null, columns: [], sort: null, off: [], shared: true }
  const nobodys = { owner: null, mine: false, version: 1, updatedAt: null, builtIn: true }
  return { ...starter, ...written, ...nobodys, tenantId: scope.tenantId, pinned }
}

const find = (scope: TenantScope, id: number) =>
  visible(scope).where('s.deletedAt', 'is', null).where('s.id', '=', id).executeTakeFirst()

export async function getSearch(scope: TenantScope, id: number): Promise<SavedSearch> {
  const found = id < 0 ? (await builtIn(scope)).find((one) => one.id === id) : await find(scope, id)
  if (!found) throw notFound('saved search')
  return found
}

const timesOf = ({ from, to }: Range) => ({ timeFrom: from ?? null, timeTo: to ?? null })

export async function createSearch(scope: TenantScope, input: Written & Range, now: Date) {
  const { name, description, query, view, columns: shownColumns, sort, off, shared } = input
  checkSaved(query, now)
  if (shared) mustShare(scope)
  else if (meIn(scope) === null) throw notHere()
  await checkRoom(scope)
  const { id } = await scope.db
    .insertInto('savedSearches')
    .values({
      tenantId: scope.tenantId,
      ownerId: meIn(scope),
      name,
      description,
      query,
      view,
      columns: shownColumns,
      sort,
      off,
      shared,
      ...timesOf(input),
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await record(scope, 'search.create', { search: id, name, shared })
  return getSearch(scope, id)
}

const mustShare = (scope: TenantScope) => {
  if (!mayDo(scope, 'search:share')) throw new AppError('FORBIDDEN', 'Needs search:share')
}

/** What is somebody's own stands in their own tenant. */
export const notHere = () =>
  new AppError(
    'BAD_REQUEST',
    'You have nothing of your own in another tenant: share the search there, or keep it in yours',
  )

async function checkRoom(scope: TenantScope) {
  const { n } = await scope.db
    .selectFrom('savedSearches')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('tenantId', '=', scope.tenantId)
    .where('ownerId', 'is not distinct from', meIn(scope))
    .where('deletedAt', 'is', null)
    .executeTakeFirstOrThrow()
  if (n >= mostKept) throw new AppError('BAD_REQUEST', `A person keeps ${mostKept} searches at most: delete some first`)
}

type Change = { id: number; version: number; range?: Range | undefined } & {
  [K in keyof Written]?: Written[K] | undefined
}

/** One's own, and of those that are shared also others' for who may manage them. */
const changeable = (scope: TenantScope, id: number) =>
  scope.db
    .updateTable('savedSearches')
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .where((eb) =>
      eb.or([eb('ownerId', '=', meIn(scope)), ...(mayDo(scope, 'search:manage') ? [eb('shared', '=', true)] : [])]),
    )
    .where((eb) => (mayDo(scope, 'search:share') ? eb.lit(true) : eb('shared', '=', false)))

/** Changes the named parts. Throws CONFLICT `stale` with the saved search when someone changed it since `version`. */
export async function updateSearch(scope: TenantScope, { id, version, range, ...parts }: Change, now: Date) {
  if (parts.query !== undefined) checkSaved(parts.query, now)
  if (parts.shared) mustShare(scope)
  const named = Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as Partial<Written>
  const saved = await changeable(scope, id)
    .set((eb) => ({
      ...named,
      ...(range && timesOf(range)),
      version: eb('version', '+', 1),
      updatedAt: sql<Date>`now()`,
    }))
    .where('version', '=', version)
    .where('deletedAt', 'is', null)
    // What has no owner can't be taken back from those it is shared with.
    .$if(named.shared === false, (q) => q.where('ownerId', 'is not', null))
    .returning('version')
    .executeTakeFirst()
  if (!saved) throw await whyNot(scope, id, version)
  const fields = [...Object.keys(named), ...(range ? ['range'] : [])]
  await record(scope, 'search.update', { search: id, version: saved.version, fields })
  return getSearch(scope, id)
}

/** Hides a search; it can be restored for 30 days. */
export async function deleteSearch(scope: TenantScope, { id, version }: { id: number; version: number }) {
  const gone = await changeable(scope, id)
    .set((eb) => ({ deletedAt: sql<Date>`now()`, version: eb('version', '+', 1) }))
    .where('version', '=', version)
    .where('deletedAt', 'is', null)
    .returning(['id', 'version'])
    .executeTakeFirst()
  if (!gone) throw await whyNot(scope, id, version)
  await record(scope, 'search.delete', { search: id })
  return gone
}

export async function restoreSearch(scope: TenantScope, id: number) {
  const back = await changeable(scope, id)
    .set((eb) => ({ deletedAt: null, version: eb('version', '+', 1) }))
    .where('deletedAt', '>', sql<Date>`now() - make_interval(days => ${restoreDays})`)
    .returning('id')
    .executeTakeFirst()
  if (!back) throw notFound('deleted search')
  await record(scope, 'search.restore', { search: id })
  return getSearch(scope, id)
}

async function whyNot(scope: TenantScope, id: number, version: number) {
  const theirs = await find(scope, id)
  if (!theirs) return notFound('saved search')
  if (theirs.version === version)
    return new AppError('FORBIDDEN', 'Only its owner and who has search:manage change this search')
  return new AppError('CONFLICT', 'Someone saved the search while you were at it', 'stale', { theirs })
}
