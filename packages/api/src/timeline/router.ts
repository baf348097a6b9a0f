import { can, canSearch, router } from '../trpc.ts'
import { aroundInput, aroundMoreInput, hostTimelineInput, lanesInput, timeFieldInput } from './input.ts'
import { lanes } from './pages/lanes.ts'
import { around, aroundMore, hostTimeline } from './pages/pages.ts'
import { setTimeField } from './queries.ts'

export const timelineRouter = router({
  around: canSearch('row:read')
    .input(aroundInput)
    .query(({ ctx, input }) => around(ctx.searcher, input)),
  aroundMore: canSearch('row:read')
    .input(aroundMoreInput)
    .query(({ ctx, input }) => aroundMore(ctx.searcher, input)),
  host: canSearch('row:read')
    .input(hostTimelineInput)
    .query(({ ctx, input }) => hostTimeline(ctx.searcher, input)),
  lanes: canSearch('row:read')
    .input(lanesInput)
    .query(({ ctx, input }) => lanes(ctx.searcher, input)),
  setTimeField: can('case:work')
    .input(timeFieldInput)
    .mutation(({ ctx, input }) => setTimeField(ctx.scope, input)),
})
