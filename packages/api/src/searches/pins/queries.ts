import { record } from '../../audit.ts'
import { AppError } from '../../errors.ts'
import type { TenantScope } from '../../scope.ts'
import { asSearch, getSearch, meIn, notHere, type SavedSearch, visible } from '../queries.ts'
import { starterOf } from '../starters/starters.ts'

/** How many one person's home page shows. */
const mostPins = 12

/** The searches on the caller's home page, in the order in which they were pinned. What is deleted or shared no more comes back with its search. */
export async function pinnedSearches(scope: TenantScope) {
  const pins = await scope.db
    .selectFrom('searchPins')
    .select(['starter', 'searchId'])
    .where('tenantId', '=', scope.tenantId)
    .where('userId', '=', meIn(scope))
    .orderBy('pinnedAt')
    .execute()
  const ids = pins.flatMap(({ searchId }) => searchId ?? [])
  const saved =
    ids.length === 0 ? [] : await visible(scope).where('s.deletedAt', 'is', null).where('s.id', 'in', ids).execute()
  return pins.flatMap(({ starter, searchId }): SavedSearch[] => {
    const builtIn = starter === null ? undefined : starterOf(starter)
    return builtIn ? [asSearch(scope, builtIn, true)] : saved.filter(({ id }) => id === searchId)
  })
}

export async function pinSearch(scope: TenantScope, { id, pinned }: { id: number; pinned: boolean }) {
  const userId = meIn(scope)
  if (userId === null) throw notHere()
  await getSearch(scope, id)
  const which = id < 0 ? { starter: id, searchId: null } : { starter: null, searchId: id }
  if (pinned) {
    const { n } = await scope.db
      .selectFrom('searchPins')
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .where('tenantId', '=', scope.tenantId)
      .where('userId', '=', userId)
      .executeTakeFirstOrThrow()
    if (n >= mostPins) throw new AppError('BAD_REQUEST', `The home page shows ${mostPins} searches at most`)
    await scope.db
      .insertInto('searchPins')
      .values({ tenantId: scope.tenantId, userId, ...which })
      .onConflict((on) => on.doNothing())
      .execute()
  } else {
    await scope.db
      .deleteFrom('searchPins')
      .where('tenantId', '=', scope.tenantId)
      .where('userId', '=', userId)
      .where('searchId', 'is not distinct from', which.searchId)
      .where('starter', 'is not distinct from', which.starter)
      .execute()
  }
  await record(scope, pinned ? 'search.pin' : 'search.unpin', { search: id })
  return { id, pinned }
}
