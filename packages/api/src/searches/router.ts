import { z } from 'zod'
import { cursorInput, limitInput } from '../keyset.ts'
import { can, router } from '../trpc.ts'
import { annotateQuery, askedQueries, rememberQuery } from './history/queries.ts'
import {
  annotateInput,
  pinInput,
  rememberInput,
  searchCreateInput,
  searchRef,
  searchRestoreInput,
  searchUpdateInput,
  searchVersion,
} from './input.ts'
import { pinnedSearches, pinSearch } from './pins/queries.ts'
import { createSearch, deleteSearch, getSearch, listSearches, restoreSearch, updateSearch } from './queries.ts'

const listInput = z.object({ query: z.string().max(200).optional(), limit: limitInput, cursor: cursorInput })
const historyInput = z.object({ limit: limitInput, cursor: cursorInput })

export const searchesRouter = router({
  list: can('search:keep')
    .input(listInput)
    .query(({ ctx, input }) => listSearches(ctx.scope, input)),
  get: can('search:keep')
    .input(searchRef)
    .query(({ ctx, input }) => getSearch(ctx.scope, input.id)),
  create: can('search:keep')
    .input(searchCreateInput)
    .mutation(({ ctx, input }) => createSearch(ctx.scope, input, ctx.services.now())),
  update: can('search:keep')
    .input(searchUpdateInput)
    .mutation(({ ctx, input }) => updateSearch(ctx.scope, input, ctx.services.now())),
  delete: can('search:keep')
    .input(searchVersion)
    .mutation(({ ctx, input }) => deleteSearch(ctx.scope, input)),
  restore: can('search:keep')
    .input(searchRestoreInput)
    .mutation(({ ctx, input }) => restoreSearch(ctx.scope, input.id)),
  pin: can('search:keep')
    .input(pinInput)
    .mutation(({ ctx, input }) => pinSearch(ctx.scope, input)),
  pinned: can('search:keep').query(({ ctx }) => pinnedSearches(ctx.scope)),
  history: can('search:keep')
    .input(historyInput)
    .query(({ ctx, input }) => askedQueries(ctx.scope, input)),
  remember: can('search:keep')
    .input(rememberInput)
    .mutation(({ ctx, input }) => rememberQuery(ctx.scope, input)),
  annotate: can('search:keep')
    .input(annotateInput)
    .mutation(({ ctx, input }) => annotateQuery(ctx.scope, input)),
})
