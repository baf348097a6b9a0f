import { canSearch, router } from '../trpc.ts'
import { compareRows } from './compare.ts'
import { compareInput, newValuesInput, sidesInput } from './input.ts'
import { commonSources } from './queries.ts'
import { newValues } from './values/values.ts'

export const compareRouter = router({
  sources: canSearch('row:read')
    .input(sidesInput)
    .query(({ ctx, input }) => commonSources(ctx.searcher.scope, input)),
  rows: canSearch('row:read')
    .input(compareInput)
    .query(({ ctx, input }) => compareRows(ctx.searcher, input)),
  values: canSearch('row:read')
    .input(newValuesInput)
    .query(({ ctx, input }) => newValues(ctx.searcher, input)),
})
