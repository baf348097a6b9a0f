import type { z } from 'zod'
import { literalOf } from '../engine/literals.ts'
import type { explainInput } from '../input.ts'
import { type Leaf, shownField } from '../language/ast.ts'
import { parseQuery } from '../language/parse.ts'
import { storedBlocks } from '../queries.ts'
import { planRows, type Searcher } from '../rows.ts'
import { boundsOf } from './bounds.ts'

const manyBlocks = 2000

/** Says in words how a query runs, and why it is slow if it is. Reads no rows. */
export async function explainQuery(searcher: Searcher, input: z.output<typeof explainInput>) {
  const query = parseQuery(input.query, searcher.now)
  const plan = await planRows(searcher, query, boundsOf(input), { kind: 'page', size: 1, after: undefined })
  const { blocks, question } = plan
  const all = await storedBlocks(searcher.scope)
  const rows = blocks.reduce((sum, { n }) => sum + n, 0)
  const lines = blocks.filter(({ cappedFields }) => cappedFields !== 0).length
  const byField = query.leaves.some(({ on }) => on && 'field' in on)
  const steps = [
    `${blocks.length} of ${all} blocks can hold a match, with ${rows} rows.`,
    ...query.leaves.map((leaf) => wordsOf(leaf, input.query, question.fields.length)),
    ...(byField && lines > 0
      ? [`${lines} blocks hold fields without a column: their rows are read as they were sent.`]
      : []),
    ...(question.superseded ? ['Rows that a numbered copy stands in for are part of the answer.'] : []),
  ]
  return { steps, blocks: blocks.length, rows, slow: blocks.length > manyBlocks ? slowBecause(query.leaves) : null }
}

function wordsOf({ on, test, at, end }: Leaf, query: string, fields: number): string {
  const part = query.slice(at, end)
  if (on && 'builtin' in on) return `${part} narrows by ${on.builtin}.`
  const where = on ? `in ${shownField(on)} (${fields} columns of all sources are looked at)` : 'in every value'
  if (test.kind === 'equals')
    return `${part} is looked up as a whole value ${where}; the index of values names its blocks.`
  if (test.kind === 'present') return `${part} asks whether the field is there.`
  if (test.kind === 'range' || test.kind === 'network') return `${part} is compared with each different value ${where}.`
  const literal = literalOf(test)
  return literal === ''
    ? `${part} is held against every different value ${where}: it holds no text to look for first.`
    : `${part} is held against the values ${where} that hold "${literal}".`
}

function slowBecause(leaves: Leaf[]): string {
  if (leaves.length === 0) return 'All rows are counted.'
  return 'No whole value, host, source or time narrows it down: add one of them.'
}
