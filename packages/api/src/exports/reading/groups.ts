import { shownField, type Query } from '../../rows/language/ast.ts'
import { stackOf } from '../../rows/answers/stack.ts'
import type { Bounds, Searcher } from '../../rows/rows.ts'
import { type GroupCell, groupNames } from '../writing/cells.ts'

/** All groups of a query as lines of a table, in its order. */
export async function groupsOf(searcher: Searcher, { view, ...query }: Query, bounds: Bounds, tenants: boolean) {
  if (view.kind !== 'groups') throw new Error('the query counts no groups')
  const { fields, order } = view
  const wanted = { fields, order, limit: Infinity, first: true, last: true, tenants }
  const { values } = await stackOf(searcher, { view, ...query }, wanted, bounds)
  const told = ['_rows', '_hosts', ...(tenants ? ['_tenants'] : []), '_first', '_newest']
  return {
    names: groupNames([...fields.map(shownField), ...told], fields.length),
    groups: values.map(({ values: cells, rows, hosts, tenants: on, first, last }): GroupCell[] => [
      ...cells,
      rows,
      hosts,
      ...(on === undefined ? [] : [on]),
      first ?? null,
      last ?? null,
    ]),
  }
}
