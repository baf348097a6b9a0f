import { canAcross, canSearch, router } from '../trpc.ts'
import { linesInput, listInput, rawInput, searchInput } from './input.ts'
import { exactLines, listRows, rawRow } from './lines/lines.ts'
import { searchRows } from './answers/search.ts'

export const rowsRouter = router({
  search: canSearch('row:read')
    .input(searchInput)
    .query(({ ctx, input }) => searchRows(ctx.searcher, input)),
  list: canAcross('row:read')
    .input(listInput)
    .query(({ ctx, input }) => listRows(ctx.scope, input)),
  lines: canAcross('row:read')
    .input(linesInput)
    .query(({ ctx, input }) => exactLines(ctx.scope, input)),
  raw: canAcross('row:read')
    .input(rawInput)
    .query(({ ctx, input }) => rawRow(ctx.scope, input)),
})
