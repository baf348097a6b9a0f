import { z } from 'zod'
import { builtins } from './language/ast.ts'

/** A value as a query writes it, whatever is inside. */
export const quoteValue = (value: string) =>
  `"${value.replaceAll(/(\\*)"/g, '$1$1\\"').replace(/\\+$/, (slashes) => slashes + slashes)}"`

const plainKey = /^[a-z_][a-z0-9_-]+$/i

/** The name of a row's own field as a query writes it: dots, spaces and quotes inside of keys, and names that every row has, are quoted. */
export function writeField(path: string[]): string {
  const isBuiltin = path.length === 1 && builtins.some((name) => name === path[0]!.toLowerCase())
  return path.map((key) => (plainKey.test(key) && !isBuiltin ? key : quoteValue(key))).join('.')
}

/** A value to ask for: numbers as they were written, `undefined` for a field that is not there. */
export type AskedFor = string | { number: string } | boolean | null | undefined

/** A longer value is asked for by its first characters: a query has room for no more. */
const longestAsked = 4000
const startAsked = 1000

/**
 * What finds the rows that hold a value in a field, which stands as a query writes it, or anywhere in the row when there is none.
 * Undefined where nothing can be asked: only fields are empty, null, true, false or absent.
 */
export function writeTerm(field: string | undefined, value: AskedFor): string | undefined {
  const of = field === undefined ? '' : `${field}:`
  if (value === undefined) return field && `NOT ${of}*`
  if (value === null || typeof value === 'boolean' || value === '')
    return field && `${of}${value === '' ? '""' : value}`
  if (typeof value === 'object') return `${of}${value.number}`
  if (value.length <= longestAsked) return `${of}${quoteValue(value)}`
  return `${of}${quoteValue(value.slice(0, startAsked).replace(/[Σ\ud800-\udbff]+$/, ''))}*`
}

const limit = z.number().int().min(1).max(200).default(50)
const time = z.iso.datetime({ offset: true })

const longestCount = 1_500

export const searchInput = z.object({
  query: z.string().max(100_000).default(''),
  /** Event time, inclusive. */
  from: time.optional(),
  /** Event time, exclusive. */
  to: time.optional(),
  limit,
  /** Of a sorted list, it holds what the last row was sorted by. */
  cursor: z.string().max(2_000_000).optional(),
  /** How long to go on counting once the page is full, in milliseconds: 0 answers with the page as soon as it is known. */
  countFor: z.number().int().min(0).max(longestCount).default(longestCount),
  /** Leaves out rows that are marked benign, and says how many. */
  hideBenign: z.boolean().optional(),
})

const asked = searchInput.pick({ query: true, from: true, to: true, hideBenign: true })

export const stackInput = asked.extend({
  /** Names as a query writes them: `Name`, `"Computer Info".Name`, `host`. */
  fields: z.array(z.string().min(1).max(1100)).min(1).max(8),
  /** By rows, or by the hosts that they are on. */
  order: z.enum(['most', 'fewest', 'widest', 'narrowest']).default('most'),
  /** Whether each group tells its first event time, and on how many tenants' hosts it was seen. */
  first: z.boolean().optional(),
  /** Whether each group tells its last event time, and its rows on the seven days up to the end of the range. */
  last: z.boolean().optional(),
  tenants: z.boolean().optional(),
  limit,
  /** How many of that order were shown: the whole is counted for each page. */
  cursor: z.number().int().min(0).max(1_000_000).nullish(),
})

export const histogramInput = asked.extend({ buckets: z.number().int().min(1).max(1000).default(60) })

export const explainInput = asked.omit({ hideBenign: true })

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
