import { z } from 'zod'

/** A value as a query writes it, whatever is inside. */
export const quoteValue = (value: string) =>
  `"${value.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/\\+$/, (slashes) => slashes + slashes)}"`

const limit = z.number().int().min(1).max(200).default(50)
const time = z.iso.datetime({ offset: true })

export const searchInput = z.object({
  query: z.string().max(100_000).default(''),
  /** Event time, inclusive. */
  from: time.optional(),
  /** Event time, exclusive. */
  to: time.optional(),
  limit,
  /** Of a sorted list, it holds what the last row was sorted by. */
  cursor: z.string().max(2_000_000).optional(),
})

const asked = searchInput.pick({ query: true, from: true, to: true })

export const stackInput = asked.extend({
  /** Names as a query writes them: `Name`, `"Computer Info".Name`, `host`. */
  fields: z.array(z.string().min(1).max(1100)).min(1).max(8),
  order: z.enum(['most', 'fewest']).default('most'),
  limit,
})

export const histogramInput = asked.extend({ buckets: z.number().int().min(1).max(1000).default(60) })

export const explainInput = asked

export const completeInput = z.object({
  query: z.string().max(10_000),
  /** Where the cursor stands, from 0. */
  at: z.number().int().min(0),
  limit: z.number().int().min(1).max(50).default(12),
})

export const rawInput = z.object({ id: z.string().max(60), as: z.enum(['text', 'base64']).default('text') })

export const listInput = z.object({
  collectionId: z.number().int().positive(),
  sourceId: z.number().int().positive(),
  /** The number of the first row wanted. */
  cursor: z.number().int().min(0).default(0),
  limit,
})

export const linesInput = listInput.extend({ limit: z.number().int().min(1).max(5000).default(1000) })
