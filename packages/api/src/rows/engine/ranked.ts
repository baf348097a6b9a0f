import type { Groups } from './groups.ts'
import { noDays } from './lately.ts'
import { leaveOnce } from './pairs.ts'

export interface Ranked {
  values: {
    values: (string | null)[]
    rows: number
    hosts: number
    /** Event time of the first row, in microseconds since 1970, where it was asked for. */
    first?: number
    /** Of the last, where that was asked for, with the rows of each of the seven days. */
    last?: number
    days?: number[]
    /** On how many tenants' hosts, where it was asked for. */
    tenants?: number
  }[]
  distinct: number
}

/** By rows, or by the hosts that they are on. */
export type Order = 'most' | 'fewest' | 'widest' | 'narrowest'

export function ranked(groups: Groups, order: Order, limit: number, tenantOf?: Map<number, number>): Ranked {
  const { values, rows, first, last, days } = groups
  const hosts = hostsOfEach(groups)
  const sign = order === 'most' || order === 'widest' ? -1 : 1
  const size = order === 'most' || order === 'fewest' ? rows : hosts
  const text = (id: number) => (values[id]!.length === 1 ? (values[id]![0] ?? '') : values[id]!.join('\n'))
  const compare = (a: number, b: number) =>
    sign * (size[a]! - size[b]!) || sign * (rows[a]! - rows[b]!) || (text(a) < text(b) ? -1 : 1)
  const best = bestOf(values.length, limit, compare)
  const tenants = tenantOf && tenantsOf(groups, new Set(best), tenantOf)
  return {
    values: best.map((id) => ({
      values: values[id]!,
      rows: rows[id]!,
      hosts: hosts[id]!,
      ...(first[id]! < Infinity && { first: first[id]! }),
      ...(last[id]! > -Infinity && { last: last[id]!, days: days.get(id) ?? noDays() }),
      ...(tenants && { tenants: tenants.get(id)!.size }),
    })),
    distinct: values.length,
  }
}

/** The first of so many in an order, which is told by looking at each once: sorting them all takes longer than counting them. */
function bestOf(length: number, most: number, compare: (a: number, b: number) => number): number[] {
  const kept: number[] = []
  let worst: number | undefined
  for (let id = 0; id < length; id++) {
    if (worst !== undefined && compare(id, worst) > 0) continue
    if (kept.push(id) < 2 * most + 100) continue
    kept.sort(compare).length = most
    worst = kept[most - 1]
  }
  return kept.sort(compare).slice(0, most)
}

/** On how many hosts each group was seen. */
function hostsOfEach({ pairs, values }: Groups): Int32Array {
  leaveOnce(pairs)
  const hosts = new Int32Array(values.length)
  for (let i = 0; i < pairs.n; i++) hosts[pairs.groups[i]!]!++
  return hosts
}

/** Told by the hosts, and of the groups that are shown alone: nothing is kept of them while rows are counted. */
function tenantsOf({ pairs: { groups, hosts, hostIds, n } }: Groups, ids: Set<number>, tenantOf: Map<number, number>) {
  const found = new Map([...ids].map((id) => [id, new Set<number>()]))
  for (let i = 0; i < n; i++) found.get(groups[i]!)?.add(tenantOf.get(hostIds[hosts[i]!]!)!)
  return found
}
