import { bigintIn, copied, intIn, tuplesOf } from '../../rows/plan/copied.ts'
import type { TenantScope } from '../../scope.ts'
import { type ListInForce, listsInForce } from './queries.ts'

/** Hashes of the exact values of a list, by open addressing and half full at most; 0 is kept apart, as it means an empty slot. */
interface TermSet {
  version: number
  /** In which run it was last asked. */
  used: number
  slots: Int32Array
  hasZero: boolean
}

const placeOf = (term: number, mask: number) => (Math.imul(term, 0x9e3779b1) >>> 7) & mask

function setOf(version: number, terms: number[]): TermSet {
  let size = 16
  while (size < terms.length * 2) size *= 2
  const slots = new Int32Array(size)
  let hasZero = false
  for (const term of terms) {
    if (term === 0) hasZero = true
    for (let at = placeOf(term, size - 1); term !== 0 && slots[at] !== term; at = (at + 1) & (size - 1))
      if (slots[at] === 0) {
        slots[at] = term
        break
      }
  }
  return { version, used: 0, slots, hasZero }
}

function has({ slots, hasZero }: TermSet, term: number): boolean {
  if (term === 0) return hasZero
  const mask = slots.length - 1
  for (let at = placeOf(term, mask); ; at = (at + 1) & mask) {
    const held = slots[at]
    if (held === term) return true
    if (held === 0) return false
  }
}

/**
 * What the active lists look for, kept while they stay as they are: eight to sixteen bytes for each exact value, so that a
 * million of them cost an arriving block nothing but looking its own hashes up.
 */
export function knownTerms() {
  const sets = new Map<string, TermSet>()
  let run = 0
  return {
    async of(scope: TenantScope) {
      const lists = await listsInForce(scope)
      const found: TermSet[] = []
      for (const list of lists) {
        const known = sets.get(keyOf(list))
        const set = known?.version === list.version ? known : setOf(list.version, await termsOf(scope, list))
        set.used = run
        sets.set(keyOf(list), set)
        found.push(set)
      }
      return { holds: (term: number) => found.some((set) => has(set, term)) }
    },
    /** Forgets lists of which nobody has asked for an hour or so. */
    nextRun() {
      run++
      for (const [key, { used }] of sets) if (run - used > 1000) sets.delete(key)
    },
  }
}
export type Known = Awaited<ReturnType<ReturnType<typeof knownTerms>['of']>>

const keyOf = ({ ownerTenantId, id }: ListInForce) => `${ownerTenantId}.${id}`

async function termsOf(scope: TenantScope, { ownerTenantId, id }: ListInForce) {
  const [copy] = await copied(scope, [
    `select i.term from indicators i where i.tenant_id = ${intIn(ownerTenantId)} and i.list_id = ${bigintIn(id)}
       and i.deleted_at is null and i.term is not null`,
  ])
  return tuplesOf(copy!, 1, (tuple) => tuple.int(0))
}
