import { type Exact, isExactNumber, parseExact } from '../../evidence/json.ts'
import { folded } from '../../evidence/terms.ts'
import type { FieldName } from '../language/ast.ts'
import { AWAY, INSIDE, START, step } from './paths.ts'
import type { Matches } from './tests.ts'

interface Place {
  value: Exact
  state: number
}

/**
 * Whether a value inside some JSON, which stands at `state` of the field's name, passes. Elements of an array stand where the array does. Keeps
 * its own stack, as evidence may be nested as deeply as a line is long.
 */
export function anyInside(
  json: string,
  name: FieldName | undefined,
  state: number,
  matches: Matches,
  present: boolean,
) {
  const todo: Place[] = [{ value: parseExact(json), state }]
  while (todo.length > 0) {
    const { value, state: at } = todo.pop()!
    if (present && at === INSIDE) return true
    if (typeof value !== 'object' || value === null || isExactNumber(value)) {
      if (at === INSIDE && !present && passes(value, matches)) return true
    } else if (Array.isArray(value)) for (const inner of value) todo.push({ value: inner, state: at })
    else
      for (const [i, key] of value.keys.entries()) {
        const next = name ? step(name, at, key) : INSIDE
        if (next !== AWAY) todo.push({ value: value.values[i]!, state: next })
      }
  }
  return false
}

function passes(value: string | number | boolean | null | { number: string }, matches: Matches): boolean {
  if (typeof value === 'string') return matches(folded(value), false)
  if (typeof value === 'number') return matches(String(value), true)
  if (typeof value === 'object' && value !== null) return matches(folded(value.number), true)
  return matches(String(value), false)
}

/** The same over a whole row, from its line; rows that are no objects have no fields. */
export function lineHolds(line: string, name: FieldName, matches: Matches, present: boolean): boolean {
  return line.trimStart().startsWith('{') && anyInside(line, name, START, matches, present)
}
