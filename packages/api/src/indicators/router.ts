import { z } from 'zod'
import { cursorInput, limitInput } from '../keyset.ts'
import { can, canAcross, canSearch, router } from '../trpc.ts'
import { exportIndicators, importIndicators } from './files/queries.ts'
import { acknowledge, groupedHits, hitsOf, hitsToCase } from './hits/queries.ts'
import { sweep } from './indicators.ts'
import {
  acknowledgeInput,
  addInput,
  exportInput,
  hitsOfInput,
  importInput,
  listCreateInput,
  listRef,
  listUpdateInput,
  listVersion,
  promoteInput,
  removeInput,
  toCaseInput,
} from './input.ts'
import { createList, deleteList, getList, listLists, restoreList, updateList } from './queries.ts'
import { recognise } from './recognise/rules.ts'
import { promote } from './promotion/queries.ts'
import { addTo, listValues, removeFrom, shows } from './values/queries.ts'

const id = z.number().int().positive()
const listInput = z.object({ query: z.string().max(200).optional(), limit: limitInput, cursor: cursorInput })
const valuesInput = z.object({
  id: id.optional(),
  query: z.string().max(1000).optional(),
  show: z.enum(shows).default('all'),
  limit: limitInput,
  cursor: id.nullish().transform((c) => c ?? undefined),
})
const hitsInput = z.object({
  listId: id.optional(),
  hostId: id.optional(),
  open: z.boolean().default(false),
  limit: limitInput,
})
const sweepInput = z.object({
  values: z.array(z.string().max(10_000)).min(1).max(10_000),
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
})

export const indicatorsRouter = router({
  list: canAcross('indicator:read')
    .input(listInput)
    .query(({ ctx, input }) => listLists(ctx.scope, input)),
  get: can('indicator:read')
    .input(listRef)
    .query(({ ctx, input }) => getList(ctx.scope, input.id)),
  create: can('indicator:work')
    .input(listCreateInput)
    .mutation(({ ctx, input }) => createList(ctx.scope, input)),
  update: can('indicator:work')
    .input(listUpdateInput)
    .mutation(({ ctx, input }) => updateList(ctx.scope, input)),
  delete: can('indicator:work')
    .input(listVersion)
    .mutation(({ ctx, input }) => deleteList(ctx.scope, input)),
  restore: can('indicator:work')
    .input(listRef)
    .mutation(({ ctx, input }) => restoreList(ctx.scope, input.id)),
  values: canAcross('indicator:read')
    .input(valuesInput)
    .query(({ ctx, input }) => listValues(ctx.scope, input)),
  add: can('indicator:work')
    .input(addInput)
    .mutation(({ ctx, input }) => addTo(ctx.scope, input.id, input.indicators)),
  remove: can('indicator:work')
    .input(removeInput)
    .mutation(({ ctx, input }) => removeFrom(ctx.scope, input.id, input.indicators)),
  /** Puts artifacts of cases on a list: a hit leads back to their case. */
  promote: can('indicator:work')
    .input(promoteInput)
    .mutation(({ ctx, input }) => promote(ctx.scope, input)),
  import: can('indicator:work')
    .input(importInput)
    .mutation(({ ctx, input }) => importIndicators(ctx.scope, input)),
  export: can('indicator:read')
    .input(exportInput)
    .query(({ ctx, input }) => exportIndicators(ctx.scope, input.id, input.format, ctx.services.now())),
  /** Reads a text for indicators, and keeps nothing. */
  recognise: can('indicator:read')
    .input(z.object({ text: z.string().max(5_000_000) }))
    .query(({ input }) => recognise(input.text)),
  hits: canAcross('indicator:read')
    .input(hitsInput)
    .query(({ ctx, input }) => groupedHits(ctx.scope, input)),
  hitsOf: canAcross('indicator:read')
    .input(hitsOfInput)
    .query(({ ctx, input }) => hitsOf(ctx.scope, input.rows)),
  acknowledge: can('indicator:work')
    .input(acknowledgeInput)
    .mutation(({ ctx, input }) => acknowledge(ctx.scope, input.indicators, input.hostId)),
  toCase: can('case:work')
    .input(toCaseInput)
    .mutation(({ ctx, input }) => hitsToCase(ctx.scope, input)),
  sweep: canSearch('row:read')
    .input(sweepInput)
    .query(({ ctx, input }) => sweep(ctx.searcher, input)),
})
