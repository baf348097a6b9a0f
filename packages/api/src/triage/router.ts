import { can, canAcross, router } from '../trpc.ts'
import {
  commentOn,
  commentOnRows,
  commentsOf,
  removeComment,
  removeComments,
  restoreComment,
} from './comments/queries.ts'
import {
  actionRef,
  commentInput,
  commentRef,
  commentRefs,
  commentRowsInput,
  markFoundInput,
  markInput,
  marksOfInput,
  rowInput,
  tagFoundInput,
  tagInput,
} from './input.ts'
import { historyOf, markRows, marksOf, tagRows } from './marks/queries.ts'
import { cancelAction, getAction, markFound, tagFound, undoAction } from './queries.ts'

export const triageRouter = router({
  marksOf: canAcross('row:read')
    .input(marksOfInput)
    .query(({ ctx, input }) => marksOf(ctx.scope, input.rows)),
  history: canAcross('row:read')
    .input(rowInput)
    .query(({ ctx, input }) => historyOf(ctx.scope, input.row)),
  mark: can('triage:work')
    .input(markInput)
    .mutation(({ ctx, input }) => markRows(ctx.scope, input)),
  markFound: can('triage:work')
    .input(markFoundInput)
    .mutation(({ ctx, input }) => markFound(ctx.scope, input, ctx.services.now())),
  tag: can('triage:work')
    .input(tagInput)
    .mutation(({ ctx, input }) => tagRows(ctx.scope, input)),
  tagFound: can('triage:work')
    .input(tagFoundInput)
    .mutation(({ ctx, input }) => tagFound(ctx.scope, input, ctx.services.now())),
  action: can('row:read')
    .input(actionRef)
    .query(({ ctx, input }) => getAction(ctx.scope, input.id)),
  undo: can('triage:work')
    .input(actionRef)
    .mutation(({ ctx, input }) => undoAction(ctx.scope, input.id)),
  cancel: can('triage:work')
    .input(actionRef)
    .mutation(({ ctx, input }) => cancelAction(ctx.scope, input.id)),
  comments: canAcross('row:read')
    .input(rowInput)
    .query(({ ctx, input }) => commentsOf(ctx.scope, input.row)),
  comment: can('triage:work')
    .input(commentInput)
    .mutation(({ ctx, input }) => commentOn(ctx.scope, input)),
  commentRows: can('triage:work')
    .input(commentRowsInput)
    .mutation(({ ctx, input }) => commentOnRows(ctx.scope, input)),
  removeComments: can('triage:work')
    .input(commentRefs)
    .mutation(({ ctx, input }) => removeComments(ctx.scope, input.ids)),
  removeComment: can('triage:work')
    .input(commentRef)
    .mutation(({ ctx, input }) => removeComment(ctx.scope, input.id)),
  restoreComment: can('triage:work')
    .input(commentRef)
    .mutation(({ ctx, input }) => restoreComment(ctx.scope, input.id)),
})
