import { canAcross, router } from '../trpc.ts'
import { linesInput, listInput, rawInput, searchInput } from './input.ts'
import { exactLines, listRows, rawRow, showRows } from './lines/lines.ts'
import { findRows } from './rows.ts'
import { microsOfIso, parseQuery, readCursor, writeCursor } from './rules.ts'
import type { z } from 'zod'
import type { ReadScope } from '../scope.ts'

export const rowsRouter = router({
  search: canAcross('row:read')
    .input(searchInput)
    .query(({ ctx, input }) => searchRows(ctx.scope, input)),
  list: canAcross('row:read')
    .input(listInput)
    .query(({ ctx, input }) => listRows(ctx.scope, input)),
  lines: canAcross('row:read')
    .input(linesInput)
    .query(({ ctx, input }) => exactLines(ctx.scope, input)),
  raw: canAcross('row:read')
    .input(rawInput)
    .query(({ ctx, input }) => rawRow(ctx.scope, input)),
})

/** The newest matching rows; `total` counts all of them, on later pages as the first one counted. */
async function searchRows(scope: ReadScope, input: z.output<typeof searchInput>) {
  const started = performance.now()
  const cursor = input.cursor === undefined ? undefined : readCursor(input.cursor)
  const bounds = {
    from: input.from === undefined ? -9e18 : microsOfIso(input.from),
    to: input.to === undefined ? 9e18 : microsOfIso(input.to),
  }
  const found = await findRows(scope, parseQuery(input.query), { bounds, limit: input.limit, cursor })
  const { hits, total, totalIsExact } = found
  const rows = await showRows(scope, hits.slice(0, input.limit))
  const place = hits[rows.length - 1]
  return {
    rows,
    total,
    totalIsExact,
    tookMs: Math.round(performance.now() - started),
    nextCursor: place && hits.length > rows.length ? writeCursor({ place, total, totalIsExact }) : null,
  }
}
