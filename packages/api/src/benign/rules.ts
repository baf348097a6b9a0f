import { AppError } from '../errors.ts'
import { isTriage, type Leaf, type Node, type Query } from '../rows/language/ast.ts'
import { rowsOf } from '../triage/rules.ts'

/** The rows that a rule is about: a condition on what was sent, not on what people say of it. */
export function ruleQuery(text: string, now: Date): Query {
  const query = rowsOf(text, now)
  if (query.filter.kind === 'all') throw bad('Every row would be benign: say which')
  if (query.sort.length > 0 || query.table.length > 0) throw bad('A rule lists nothing: leave out what sorts or shows')
  if (query.leaves.some(({ on }) => on && isTriage(on)))
    throw bad('A rule asks for what was sent: leave out mark:, tag:, benign: and indicator:')
  return query
}

const bad = (words: string) => new AppError('BAD_REQUEST', words, 'unsupported_query')

/** Many conditions as one, each an alternative of its own. */
export function together(queries: Pick<Query, 'filter'>[]): { filter: Node; leaves: Leaf[] } {
  const leaves: Leaf[] = []
  const own = (node: Node): Node => {
    if (node.kind === 'leaf') {
      const leaf = { ...node, id: leaves.length }
      leaves.push(leaf)
      return leaf
    }
    if (node.kind === 'not') return { ...node, part: own(node.part) }
    return node.kind === 'all' ? node : { ...node, parts: node.parts.map(own) }
  }
  return { filter: { kind: 'or', parts: queries.map(({ filter }) => own(filter)) }, leaves }
}
