import { AppError } from '../errors.ts'
import { isTriage, type Query } from '../rows/language/ast.ts'
import { parseQuery } from '../rows/language/parse.ts'

/** Who is mentioned in a text: the names behind `@`, each once and in lower case. */
export const mentionsIn = (text: string): string[] => [
  ...new Set(
    [...text.matchAll(/(?<![\p{L}\p{N}._@-])@([\p{L}\p{N}][\p{L}\p{N}._-]*)/gu)].map(([, name]) =>
      name!.replace(/[._-]+$/, '').toLowerCase(),
    ),
  ),
]

/** The rows of an action: what a query finds, without what counts or groups them. */
export function rowsOf(text: string, now: Date): Query {
  const query = parseQuery(text, now)
  if (query.view.kind === 'rows') return query
  throw new AppError('BAD_REQUEST', 'Rows are marked: leave out what counts or groups them')
}

/** A rule says what is benign by what stands in rows, and by something: one that holds for every row hides all. */
export function ruleOf(text: string, now: Date): Query {
  const query = rowsOf(text, now)
  if (query.filter.kind === 'all') throw new AppError('BAD_REQUEST', 'A rule needs a condition: this one is every row')
  if (query.leaves.some(({ on }) => on && isTriage(on)))
    throw new AppError('BAD_REQUEST', 'A rule can not go by mark: or tag:, which rules and people change')
  return query
}
