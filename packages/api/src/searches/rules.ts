import { AppError } from '../errors.ts'
import { parseQuery } from '../rows/language/parse.ts'
import { fillParameters, parametersOf } from './input.ts'

/** Stands for a parameter while a query is checked: a whole value that every field takes, and that no query holds by chance. */
const stand = (salt: number, i: number) => `7${String(salt).padStart(10, '0')}${String(i).padStart(3, '0')}`

/**
 * Refuses a query that can't be read, or in which a parameter is not a whole value: only there can no value that is put in
 * its place change what is asked.
 */
export function checkSaved(query: string, now: Date) {
  const names = parametersOf(query)
  const stands = new Map(names.map((name, i) => [name, stand(saltFor(query), i)]))
  const { leaves } = parseQuery(fillParameters(query, Object.fromEntries(stands)), now)
  for (const [name, value] of stands) {
    const wanted = query.split(`{{${name}}}`).length - 1
    const found = leaves.filter(({ test }) => test.kind === 'equals' && test.value === value).length
    if (found !== wanted) throw notWhole(name)
  }
}

const notWhole = (name: string) =>
  new AppError(
    'BAD_REQUEST',
    `{{${name}}} stands for a whole value, as in host:{{${name}}}; it can not be a part of one, a field, a range or a pattern`,
    'unsupported_query',
  )

/** A number that does not stand in the query. */
function saltFor(query: string) {
  let salt = 1
  while (query.includes(String(salt).padStart(10, '0'))) salt++
  return salt
}
