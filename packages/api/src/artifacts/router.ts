import { z } from 'zod'
import { cursorInput, limitInput, skipInput } from '../keyset.ts'
import { can, canAcross, router } from '../trpc.ts'
import { artifactCreateInput, artifactRef, artifactTypes, artifactUpdateInput } from './input.ts'
import { createArtifact, deleteArtifact, getArtifact, listArtifacts, updateArtifact } from './queries.ts'

const listInput = z.object({
  caseId: z.number().int().positive().optional(),
  artifactType: z.enum(artifactTypes).optional(),
  query: z.string().max(1000).optional(),
  limit: limitInput,
  skip: skipInput,
  cursor: cursorInput,
})

export const artifactsRouter = router({
  list: canAcross('artifact:read')
    .input(listInput)
    .query(({ ctx, input }) => listArtifacts(ctx.scope, input)),
  get: can('artifact:read')
    .input(artifactRef)
    .query(({ ctx, input }) => getArtifact(ctx.scope, input.id)),
  create: can('artifact:work')
    .input(artifactCreateInput)
    .mutation(({ ctx, input }) => createArtifact(ctx.scope, input)),
  update: can('artifact:work')
    .input(artifactUpdateInput)
    .mutation(({ ctx, input }) => updateArtifact(ctx.scope, input)),
  delete: can('artifact:work')
    .input(artifactRef)
    .mutation(({ ctx, input }) => deleteArtifact(ctx.scope, input.id)),
})
