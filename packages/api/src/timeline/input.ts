import { z } from 'zod'

const time = z.iso.datetime({ offset: true })
export const rowName = z.string().max(60)
const id = z.number().int().positive()

/** What of a host's rows a timeline shows, and how many lines at a time. */
const view = {
  /** Sources that are switched off: their rows are counted, not shown. */
  off: z.array(id).max(1000).default([]),
  /** As in `rows.search`, without a pipe: rows that do not match are counted, not shown. */
  query: z.string().max(100_000).default(''),
  /** Whether each time of a row places it, not its main one alone. */
  every: z.boolean().default(false),
  /** Whether rows that tell no time are shown at the time of their receipt. */
  untimed: z.boolean().default(false),
  limit: z.number().int().min(1).max(200).default(100),
}

const cursor = z
  .string()
  .regex(/^-?\d{1,17}(_\d{1,15}){5}$/)
  .optional()

export const aroundInput = z.object({
  row: rowName,
  /** Seconds to each side. */
  span: z
    .number()
    .int()
    .min(1)
    .max(366 * 86_400),
  /** The field whose time of the row is the middle, as a JSON array of keys; its main time when it is left out. */
  field: z.string().max(2000).optional(),
  ...view,
})

/** Further lines away from a cursor. */
export const aroundMoreInput = aroundInput.extend({ cursor: cursor.unwrap(), direction: z.enum(['before', 'after']) })

export const hostTimelineInput = z.object({
  hostId: id,
  /** Both inclusive. */
  from: time.optional(),
  to: time.optional(),
  ...view,
  cursor,
  order: z.enum(['asc', 'desc']).default('asc'),
})

export const lanesInput = hostTimelineInput
  .omit({ cursor: true, order: true, limit: true })
  .extend({ buckets: z.number().int().min(1).max(400).default(120) })

export const timeFieldInput = z.object({
  sourceId: id,
  /** A JSON array of keys; null for the one that the rows themselves suggest. */
  field: z.string().max(2000).nullable(),
})
