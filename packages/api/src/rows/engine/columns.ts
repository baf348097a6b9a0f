import type { Cell, OpenColumn } from '../../evidence/columns.ts'
import { TYPED, firstCode } from '../../evidence/fields.ts'
import { folded } from '../../evidence/terms.ts'
import { microsOf, readTime } from '../../evidence/times.ts'
import type { Bound, FieldName, Test } from '../language/ast.ts'
import { INSIDE } from './paths.ts'
import { anyInside } from './json.ts'
import { type Matches, compareInstants, compareNumbers } from './tests.ts'

/** A leaf of the query, ready to be asked of columns. */
export interface FieldTest {
  name: FieldName
  test: Test
  matches: Matches
}

/** Marks the rows whose value in this column passes. Each distinct value is asked once. */
export function markColumn(asked: FieldTest, column: OpenColumn, state: number, mask: Uint8Array) {
  const inside = state === INSIDE
  const passing = new Uint8Array(column.values.length + firstCode)
  for (const [i, cell] of column.values.entries()) passing[i + firstCode] = cellPasses(asked, cell, state) ? 1 : 0
  const typed = inside && column.kind !== 'values' ? typedTest(asked, column) : undefined
  const { codes } = column
  for (let row = 0; row < column.n; row++) {
    const code = codes[row]!
    if (code === TYPED ? typed?.(row) : passing[code]) mask[row] = 1
  }
}

function cellPasses({ name, test, matches }: FieldTest, cell: Exclude<Cell, undefined>, state: number): boolean {
  const present = test.kind === 'present'
  if (typeof cell === 'object' && cell !== null) {
    if ('json' in cell) return anyInside(cell.json, name, state, matches, present)
    if ('several' in cell) return cell.several.some((json) => anyInside(json, name, state, matches, present))
  }
  if (state !== INSIDE) return false
  if (present) return true
  if (typeof cell === 'string') return matches(folded(cell), false)
  if (cell === null || typeof cell === 'boolean') return matches(String(cell), false)
  return 'number' in cell ? matches(folded(cell.number), true) : matches(folded(cell.time), false)
}

/** Numbers and times are asked by row, without making text of each where the test allows. */
function typedTest({ test, matches }: FieldTest, column: OpenColumn): (row: number) => boolean {
  if (test.kind === 'present') return () => true
  if (column.kind === 'numbers') return numberTest(test, matches, column)
  if (test.kind === 'equals') return sameTime(test.value, column)
  if (test.kind === 'range') {
    const { low, high } = test
    if ((low && !('time' in low) && !('text' in low)) || (high && !('time' in high) && !('text' in high)))
      return () => false
    if ((!low || 'time' in low) && (!high || 'time' in high)) {
      const { seconds, nanos } = column.times!
      return (row) => {
        const time = { seconds: seconds[row]!, nanos: nanos[row]! }
        if (microsOf({ ...time, digits: 0 }) === undefined) return false
        return beyond(time, low, 1) && beyond(time, high, -1)
      }
    }
  }
  if (test.kind === 'network') return () => false
  return (row) => matches(folded((column.cell(row) as { time: string }).time), false)
}

type TimeBound = { time: { seconds: number; nanos: number }; inclusive: boolean }

function beyond(time: TimeBound['time'], bound: object | undefined, side: 1 | -1): boolean {
  if (!bound) return true
  const { time: limit, inclusive } = bound as TimeBound
  const order = compareInstants(time, limit)
  return order === 0 ? inclusive : Math.sign(order) === side
}

function sameTime(value: string, column: OpenColumn): (row: number) => boolean {
  const read = readTime(value.toUpperCase())
  if (!read) return () => false
  const wanted = { ...read }
  const { seconds, nanos, digits } = column.times!
  return (row) => seconds[row] === wanted.seconds && nanos[row] === wanted.nanos && digits[row] === wanted.digits
}

function numberTest(test: Test, matches: Matches, column: OpenColumn): (row: number) => boolean {
  const { numbers } = column
  if (test.kind === 'equals') {
    const number = Number(test.value)
    if (folded(String(number)) !== test.value || test.value === '') return () => false
    return (row) => numbers[row] === number
  }
  if (test.kind === 'range') {
    const range = numberRange(test.low, test.high)
    if (range) return (row) => range(numbers[row]!)
  }
  const known = new Map<number, boolean>()
  return (row) => {
    const number = numbers[row]!
    let passes = known.get(number)
    if (passes === undefined) known.set(number, (passes = matches(folded(String(number)), true)))
    return passes
  }
}

/** A range of numbers, asked without a text of each: only what rounds to the bound itself is looked at exactly, once. */
function numberRange(low: Bound | undefined, high: Bound | undefined): ((value: number) => boolean) | undefined {
  if ((low && !('number' in low)) || (high && !('number' in high))) return undefined
  const [above, below] = [low && sideOf(low, 1), high && sideOf(high, -1)]
  return (value) => (!above || above(value)) && (!below || below(value))
}

function sideOf(bound: { number: string; inclusive: boolean }, side: 1 | -1): (value: number) => boolean {
  const limit = Number(bound.number)
  const order = compareNumbers(folded(String(limit)), bound.number)
  const atLimit = order !== undefined && (order === 0 ? bound.inclusive : Math.sign(order) === side)
  return (value) => (value === limit ? atLimit : side * (value - limit) > 0)
}
