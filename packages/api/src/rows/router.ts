import { canAcross, canSearch, router } from '../trpc.ts'
import {
  completeInput,
  explainInput,
  histogramInput,
  linesInput,
  listInput,
  rawInput,
  searchInput,
  stackInput,
} from './input.ts'
import { exactLines, listRows, rawRow } from './lines/lines.ts'
import { histogram } from './answers/chart.ts'
import { complete } from './answers/complete.ts'
import { explainQuery } from './answers/explain.ts'
import { provenanceOf } from './provenance/queries.ts'
import { searchRows } from './answers/search.ts'
import { stackRows } from './answers/stack.ts'

export const rowsRouter = router({
  search: canSearch('row:read')
    .input(searchInput)
    .query(({ ctx, input }) => searchRows(ctx.searcher, input)),
  stack: canSearch('row:read')
    .input(stackInput)
    .query(({ ctx, input }) => stackRows(ctx.searcher, input)),
  histogram: canSearch('row:read')
    .input(histogramInput)
    .query(({ ctx, input }) => histogram(ctx.searcher, input)),
  explain: canSearch('row:read')
    .input(explainInput)
    .query(({ ctx, input }) => explainQuery(ctx.searcher, input)),
  complete: canSearch('row:read')
    .input(completeInput)
    .query(({ ctx, input }) => complete(ctx.searcher, input)),
  list: canAcross('row:read')
    .input(listInput)
    .query(({ ctx, input }) => listRows(ctx.scope, input)),
  lines: canAcross('row:read')
    .input(linesInput)
    .query(({ ctx, input }) => exactLines(ctx.scope, input)),
  provenance: canAcross('row:read')
    .input(rawInput.pick({ id: true }))
    .query(({ ctx, input }) => provenanceOf(ctx.scope, input.id)),
  raw: canAcross('row:read')
    .input(rawInput)
    .query(({ ctx, input }) => rawRow(ctx.scope, input)),
})
