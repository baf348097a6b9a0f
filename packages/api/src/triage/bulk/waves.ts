import { cancelled } from '../../errors.ts'
import type { Hit } from '../../rows/engine/collect.ts'
import type { Query } from '../../rows/language/ast.ts'
import { askWave, readWave } from '../../rows/plan/waves.ts'
import { askingOf, type Bounds, type Plan, planRows, type Searcher } from '../../rows/rows.ts'

/** What is evaluated at once: small, so that searches of others find a gap soon. */
const waveBlocks = 16

export const planAll = (searcher: Searcher, query: Query, bounds: Bounds) =>
  planRows(searcher, query, bounds, { kind: 'page', size: Infinity, after: undefined })

/** The names of all matching rows, some blocks at a time. */
export async function* wavesOf(searcher: Searcher, plan: Plan): AsyncGenerator<{ hits: Hit[]; blocksDone: number }> {
  const { blocks } = plan
  const asking = askingOf(searcher, plan)
  try {
    for (let next = 0; next < blocks.length;) {
      if (searcher.signal?.aborted) throw cancelled()
      const wave = blocks.slice(next, next + waveBlocks)
      next += wave.length
      asking.absent.clear()
      const ready = await readWave(
        asking,
        wave.map((block) => asking.wanted(block, true)),
      )
      yield { hits: (await askWave(asking, ready)).flatMap(({ hits }) => hits), blocksDone: next }
    }
  } finally {
    asking.search.drop()
  }
}
