import { z } from 'zod'

const id = z.number().int().positive()

/** One side: a collection, the newest collection of a host that has the source, or all collections of a hunt. */
export const sideInput = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('collection'), id }),
  z.object({ kind: z.literal('host'), id }),
  z.object({ kind: z.literal('hunt'), id: z.string().min(1).max(200) }),
])
export type Side = z.output<typeof sideInput>

export const sidesInput = z.object({ left: sideInput, right: sideInput })

const columns = z.array(z.string().min(1).max(1100)).max(50)
const limit = z.number().int().min(1).max(200).default(50)
const offset = z.number().int().min(0).max(1_000_000).default(0)

export const differences = ['added', 'gone', 'changed'] as const
export type Difference = (typeof differences)[number]

export const compareInput = sidesInput.extend({
  sourceId: id,
  /** Columns that say which rows are the same thing, as a query names them; chosen from the rows where left out. */
  key: columns.min(1).optional(),
  /** Columns in which a difference does not count; times, process numbers and counters where left out. */
  ignore: columns.optional(),
  show: z.enum(differences).default('changed'),
  limit,
  offset,
})

export const newValuesInput = sidesInput.extend({
  sourceId: id,
  fields: columns.min(1).optional(),
  order: z.enum(['most', 'fewest']).default('fewest'),
  limit,
  offset,
})
