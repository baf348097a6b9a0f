import { searchRows } from '../rows/answers/search.ts'
import { stackOf } from '../rows/answers/stack.ts'
import { everyTime } from '../rows/answers/bounds.ts'
import { parseQuery } from '../rows/language/parse.ts'
import { look, planRows, type Searcher } from '../rows/rows.ts'
import { ruleQuery } from './rules.ts'

/** What a rule would do to the rows that are stored. Nothing is kept. */
export async function tryRule(searcher: Searcher, { query: text, limit }: { query: string; limit: number }) {
  const started = performance.now()
  const query = ruleQuery(text, searcher.now)
  const { rows } = await searchRows(searcher, { query: text, limit, countFor: 0 })
  const stack = await stackOf(searcher, query, { fields: [{ builtin: 'host' }], order: 'most', limit: 5 }, everyTime)
  const judged = await countOf(searcher, `(${text}) NOT mark:unseen`)
  const bad = await countOf(searcher, `(${text}) (mark:suspicious OR mark:malicious)`)
  return {
    /** Rows that match. */
    total: stack.total,
    /** Of them, those that people or rules have marked already: they stay as they are. */
    judged,
    /** Of those, suspicious and malicious ones. */
    bad,
    hosts: stack.distinct,
    hostsTotal: stack.hostsTotal,
    most: stack.values.map(({ values, rows: n }) => ({ host: values[0] ?? null, rows: n })),
    /** The newest. */
    rows,
    tookMs: Math.round(performance.now() - started),
  }
}

async function countOf(searcher: Searcher, text: string) {
  const plan = await planRows(searcher, parseQuery(text, searcher.now), everyTime, undefined)
  return (await look(searcher, plan, { finish: { kind: 'count' }, counts: true })).total
}
