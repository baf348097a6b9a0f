import { z } from 'zod'
import { limitInput } from '../keyset.ts'
import { can, canAcross, canSearch, router } from '../trpc.ts'
import { tryRule } from './benign.ts'
import { ruleCreateInput, ruleRef, ruleShows, ruleTryInput, ruleUpdateInput, ruleVersion } from './input.ts'
import { createRule, endRule, getRule, listRules, restoreRule, updateRule } from './queries.ts'

const listInput = z.object({
  show: z.enum(ruleShows).default('open'),
  limit: limitInput,
  cursor: z
    .number()
    .int()
    .positive()
    .nullish()
    .transform((c) => c ?? undefined),
})

export const benignRouter = router({
  list: canAcross('row:read')
    .input(listInput)
    .query(({ ctx, input }) => listRules(ctx.scope, input)),
  get: can('row:read')
    .input(ruleRef)
    .query(({ ctx, input }) => getRule(ctx.scope, input.id)),
  try: canSearch('row:read')
    .input(ruleTryInput)
    .query(({ ctx, input }) => tryRule(ctx.searcher, input)),
  create: can('benign:work')
    .input(ruleCreateInput)
    .mutation(({ ctx, input }) => createRule(ctx.scope, input, ctx.services.now())),
  update: can('benign:work')
    .input(ruleUpdateInput)
    .mutation(({ ctx, input }) => updateRule(ctx.scope, input, ctx.services.now())),
  end: can('benign:work')
    .input(ruleVersion)
    .mutation(({ ctx, input }) => endRule(ctx.scope, input)),
  restore: can('benign:work')
    .input(ruleRef)
    .mutation(({ ctx, input }) => restoreRule(ctx.scope, input.id)),
})
