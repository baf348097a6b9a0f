import { AppError } from '../errors.ts'
import type { Query } from '../rows/language/ast.ts'
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
