import { folded } from '../../evidence/terms.ts'
import type { FieldName } from '../language/ast.ts'

/** A key led away from the field. */
export const AWAY = -2
/** The value is the field's, or lies below it. */
export const INSIDE = -1
/** Where a name begins; any other state is how much of the name the keys so far have used up. */
export const START = 0

/** One key further. A dot of the name parts two keys or stands inside one, unless it was escaped or quoted. */
export function step({ text, literal }: FieldName, state: number, key: string): number {
  if (state < 0) return state
  const part = folded(key)
  const rest = text.length - state
  if (part.length === rest) return text.startsWith(part, state) ? INSIDE : AWAY
  if (part.length > rest) return part[rest] === '.' && part.startsWith(text.slice(state)) ? INSIDE : AWAY
  const end = state + part.length
  return text.startsWith(part, state) && text[end] === '.' && !literal.includes(end) ? end + 1 : AWAY
}

export const stepAll = (name: FieldName, path: string[]) => path.reduce((state, key) => step(name, state, key), START)

/** Whether a column of this path can hold values of the field: its own, or inside of an array or a repeated key. */
export const mayHold = (name: FieldName, path: string[]) => stepAll(name, path) !== AWAY
