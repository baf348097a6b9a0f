/**
 * Pairs of a group and a host as they were met, often more than once: they are told apart when they are many, or at the end. That takes
 * a fraction of what looking each up in a table takes.
 */
export interface Pairs {
  groups: Int32Array
  /** By their places in `hostIds`. */
  hosts: Int32Array
  n: number
  hostIds: number[]
  places: Map<number, number>
}

export const newPairs = (): Pairs => ({
  groups: new Int32Array(0),
  hosts: new Int32Array(0),
  n: 0,
  hostIds: [],
  places: new Map(),
})

/** Where a host stands in the pairs. */
export function placeOf({ hostIds, places }: Pairs, hostId: number): number {
  const known = places.get(hostId)
  if (known !== undefined) return known
  places.set(hostId, hostIds.length)
  return hostIds.push(hostId) - 1
}

export function addPair(pairs: Pairs, group: number, host: number) {
  if (pairs.n === pairs.groups.length) makeRoom(pairs)
  pairs.groups[pairs.n] = group
  pairs.hosts[pairs.n++] = host
}

const firstSize = 65_536

function makeRoom(pairs: Pairs) {
  leaveOnce(pairs)
  if (pairs.n < pairs.groups.length / 2) return
  const { groups, hosts } = pairs
  const size = Math.max(firstSize, 2 * groups.length)
  pairs.groups = new Int32Array(size)
  pairs.hosts = new Int32Array(size)
  pairs.groups.set(groups)
  pairs.hosts.set(hosts)
}

/** Leaves each pair once, host by host. */
export function leaveOnce(pairs: Pairs) {
  const { hosts, hostIds, n } = pairs
  const ends = new Int32Array(hostIds.length + 1)
  for (let i = 0; i < n; i++) ends[hosts[i]! + 1]!++
  for (let host = 0; host < hostIds.length; host++) ends[host + 1]! += ends[host]!
  const sorted = new Int32Array(n)
  const next = ends.slice()
  for (let i = 0; i < n; i++) sorted[next[hosts[i]!]!++] = pairs.groups[i]!
  pairs.n = 0
  let last = -1
  for (let i = 0; i < n; i++) if (sorted[i]! > last) last = sorted[i]!
  const lastHost = new Int32Array(last + 1).fill(-1)
  for (let host = 0; host < hostIds.length; host++)
    for (let i = ends[host]!; i < ends[host + 1]!; i++) {
      const group = sorted[i]!
      if (lastHost[group] === host) continue
      lastHost[group] = host
      pairs.groups[pairs.n] = group
      hosts[pairs.n++] = host
    }
}
