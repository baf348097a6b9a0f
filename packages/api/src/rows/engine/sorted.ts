import { comparePlaces, type Place } from '../rules.ts'
import type { SortKey } from '../language/ast.ts'
import type { Value } from './cells.ts'

type Sorted = Place & { keys?: (Value | null)[] }

export const bestSorted = <T extends Sorted>(hits: T[], by: SortKey[], size: number): T[] =>
  hits.sort((a, b) => compareSorted(a, b, by)).slice(0, size)

export const compareSorted = (a: Sorted, b: Sorted, by: SortKey[]) =>
  compareKeys(a.keys!, b.keys!, by) || comparePlaces(a, b)

/** Numbers and times come before texts, and what is absent last, whatever the direction. */
function compareKeys(a: (Value | null)[], b: (Value | null)[], by: SortKey[]): number {
  for (const [i, { descending }] of by.entries()) {
    const [x, y] = [a[i]!, b[i]!]
    if (x === null || y === null) {
      if (x !== y) return x === null ? 1 : -1
      continue
    }
    const order = compareValues(x, y)
    if (order !== 0) return descending ? -order : order
  }
  return 0
}

function compareValues(a: Value, b: Value): number {
  if (a.number !== undefined && b.number !== undefined) return a.number - b.number
  if (a.number !== undefined || b.number !== undefined) return a.number === undefined ? 1 : -1
  const [x, y] = [a.text.toLowerCase(), b.text.toLowerCase()]
  return x < y ? -1 : x > y ? 1 : 0
}
