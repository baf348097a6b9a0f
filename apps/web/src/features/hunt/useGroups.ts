import { trpc } from '../../api.ts'
import { useAllTenants, useTenant } from '../../lib/tenant.ts'
import type { Pipe } from './parts.ts'
import { abortable, filterOf, pageSize, still, type Hunt } from './useHunt.ts'

export type Order = 'most' | 'fewest' | 'widest' | 'narrowest'

const orders: readonly string[] = ['most', 'fewest', 'widest', 'narrowest'] satisfies Order[]

/** The groups of the query, a page after the other, in the order that the address says. */
export function useGroups({ query, off, within, search }: Hunt, grouping: Pipe | undefined) {
  const own = grouping?.name === 'rare' ? 'fewest' : 'most'
  const order = orders.includes(search.sort ?? '') ? (search.sort as Order) : own
  const asked = {
    query: filterOf(query, off),
    ...within,
    fields: grouping?.fields ?? ['source'],
    order,
    first: true,
    last: true,
    ...(useAllTenants() && { tenants: true }),
    limit: pageSize,
    ...useTenant(),
  }
  const found = trpc.rows.stack.useInfiniteQuery(asked, {
    getNextPageParam: (last) => last.nextCursor ?? undefined,
    placeholderData: (old) => old,
    enabled: grouping !== undefined && grouping.fields.length > 0,
    ...still,
    ...abortable,
  })
  return { found, order }
}
