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
  cursor: z.string().max(200).optional(),
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
