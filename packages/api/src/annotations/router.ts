import { z } from 'zod'
import { rowName } from '../timeline/input.ts'
import { can, canAcross, router } from '../trpc.ts'
import { annotationRef, createInput, listInput, updateInput } from './input.ts'
import {
  annotationsOfRow,
  createAnnotation,
  deleteAnnotation,
  listAnnotations,
  restoreAnnotation,
  updateAnnotation,
} from './queries.ts'

export const annotationsRouter = router({
  list: canAcross('case:read')
    .input(listInput)
    .query(({ ctx, input }) => listAnnotations(ctx.scope, input)),
  ofRow: canAcross('case:read')
    .input(z.object({ row: rowName }))
    .query(({ ctx, input }) => annotationsOfRow(ctx.scope, input.row)),
  create: can('case:work')
    .input(createInput)
    .mutation(({ ctx, input }) => createAnnotation(ctx.scope, input)),
  update: can('case:work')
    .input(updateInput)
    .mutation(({ ctx, input }) => updateAnnotation(ctx.scope, input)),
  delete: can('case:work')
    .input(annotationRef)
    .mutation(({ ctx, input }) => deleteAnnotation(ctx.scope, input.id)),
  restore: can('case:work')
    .input(annotationRef)
    .mutation(({ ctx, input }) => restoreAnnotation(ctx.scope, input.id)),
})
