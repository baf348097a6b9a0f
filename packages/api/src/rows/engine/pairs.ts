/** Pairs of a group and a host, each once: open addressing, at most half full. A set for each group would take many times the time. */
export interface Pairs {
  /** The group + 1, 0 where a slot is free. */
  slots: Int32Array
  hosts: Float64Array
  n: number
}

export const newPairs = (size = 1024): Pairs => ({ slots: new Int32Array(size), hosts: new Float64Array(size), n: 0 })

/** Whether it is new. */
export function addPair(pairs: Pairs, group: number, host: number): boolean {
  if (2 * pairs.n >= pairs.slots.length) grow(pairs)
  const { slots, hosts } = pairs
  const last = slots.length - 1
  let at = (Math.imul(group + 1, 0x9e3779b1) ^ Math.imul(host, 0x85ebca6b)) >>> 0
  at = (at ^ (at >>> 15)) & last
  for (; slots[at] !== 0; at = (at + 1) & last) if (slots[at] === group + 1 && hosts[at] === host) return false
  slots[at] = group + 1
  hosts[at] = host
  pairs.n++
  return true
}

function grow(pairs: Pairs) {
  const { slots, hosts } = pairs
  Object.assign(pairs, newPairs(slots.length * 2))
  for (const [at, group] of slots.entries()) if (group !== 0) addPair(pairs, group - 1, hosts[at]!)
}
