import { canAcross, canSearch, router } from '../trpc.ts'
import { processesInput, treeInput } from './input.ts'
import { listSnapshots, processTree } from './queries.ts'

export const processesRouter = router({
  snapshots: canAcross('row:read')
    .input(processesInput)
    .query(({ ctx, input }) => listSnapshots(ctx.scope, input.hostId)),
  tree: canSearch('row:read')
    .input(treeInput)
    .query(({ ctx, input }) => processTree(ctx.searcher, input)),
})
