import { bitsFor, gramsFor, type WantedGrams } from '../../evidence/grams.ts'
import { literalOf } from '../../rows/engine/literals.ts'
import { testsOf } from '../rules.ts'
import type { Wanted } from './queries.ts'

/** Whether values of a block can hold a gram, by what was stored of them (evidence/grams.ts); a block of which nothing is known can hold all. */
export interface Grams {
  sorted: number[] | undefined
  filter: Buffer | undefined
}

const needs = new WeakMap<Wanted, (WantedGrams | undefined)[]>()

/** For each test of a pattern what a block must hold; undefined where nothing tells. */
function needsOf(pattern: Wanted) {
  let known = needs.get(pattern)
  if (!known) needs.set(pattern, (known = testsOf(pattern).map((test) => gramsFor(literalOf(test)))))
  return known
}

function holder({ sorted, filter }: Grams): ((gram: number) => boolean) | undefined {
  if (sorted) {
    const held = new Set(sorted)
    return (gram) => held.has(gram)
  }
  if (!filter) return undefined
  const mask = filter.length * 8 - 1
  return (gram) => bitsFor([gram]).every((bit) => (filter[(bit & mask) >> 3]! & (1 << (bit & 7))) !== 0)
}

/**
 * The patterns that can match in a block at all, told without reading its values: of thousands next to none. One without a
 * fixed text of three characters, and a network, is tried on every block.
 */
export function possibleIn(patterns: Wanted[], grams: Grams): Wanted[] {
  const holds = holder(grams)
  if (!holds) return patterns
  return patterns.filter((pattern) =>
    needsOf(pattern).some((need) => {
      if (!need) return true
      return 'all' in need ? need.all.every(holds) : need.any.some(holds)
    }),
  )
}
