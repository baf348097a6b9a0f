import { z } from 'zod'
import { cursorInput, limitInput, skipInput } from '../keyset.ts'
import { parseRowId } from '../rows/rules.ts'
import { can, canAcross, router } from '../trpc.ts'
import {
  caseCreateInput,
  caseRef,
  caseRowsInput,
  caseSeverities,
  caseStatuses,
  caseUpdateInput,
  caseVersion,
} from './input.ts'
import { addCaseRows, listCaseRows, removeCaseRows } from './rows/queries.ts'
import { createCase, deleteCase, getCase, listCases, restoreCase, updateCase } from './queries.ts'

const listInput = z.object({
  query: z.string().max(200).optional(),
  status: z.enum(caseStatuses).optional(),
  severity: z.enum(caseSeverities).optional(),
  order: z.enum(['asc', 'desc']).default('desc'),
  limit: limitInput,
  skip: skipInput,
  cursor: cursorInput,
})

/** The input holds names of rows only. */
const nameOf = (id: string) => parseRowId(id)!

export const casesRouter = router({
  list: canAcross('case:read')
    .input(listInput)
    .query(({ ctx, input }) => listCases(ctx.scope, input)),
  get: can('case:read')
    .input(caseRef)
    .query(({ ctx, input }) => getCase(ctx.scope, input.id)),
  create: can('case:work')
    .input(caseCreateInput)
    .mutation(({ ctx, input }) => createCase(ctx.scope, input)),
  update: can('case:work')
    .input(caseUpdateInput)
    .mutation(({ ctx, input }) => updateCase(ctx.scope, input)),
  delete: can('case:work')
    .input(caseVersion)
    .mutation(({ ctx, input }) => deleteCase(ctx.scope, input)),
  restore: can('case:work')
    .input(caseRef)
    .mutation(({ ctx, input }) => restoreCase(ctx.scope, input.id)),
  rows: can('case:read')
    .input(caseRef.extend({ limit: limitInput }))
    .query(({ ctx, input }) => listCaseRows(ctx.scope, input.id, input.limit)),
  addRows: can('case:work')
    .input(caseRowsInput)
    .mutation(({ ctx, input }) => addCaseRows(ctx.scope, input.id, input.rows.map(nameOf), input.note)),
  removeRows: can('case:work')
    .input(caseRowsInput.omit({ note: true }))
    .mutation(({ ctx, input }) => removeCaseRows(ctx.scope, input.id, input.rows.map(nameOf))),
})
