import { z } from 'zod'
import { quoteValue } from '../rows/input.ts'

export const searchViews = ['rows', 'groups', 'timeline'] as const

/** RFC3339, or relative to when it is run: `now-7d`. */
const time = z.union([z.string().regex(/^now(-[1-9]\d{0,5}[smhdw])?$/), z.iso.datetime({ offset: true })])

const range = { from: time.optional(), to: time.optional() }

const fields = {
  name: z.string().trim().min(1, 'Give the search a name').max(120),
  description: z.string().trim().max(2000),
  query: z.string().max(100_000),
  view: z.enum(searchViews),
  columns: z.array(z.string().min(1).max(1100)).max(100),
  sort: z.string().max(1100).nullable(),
  /** Numbers of the query's parts that are switched off. */
  off: z.array(z.number().int().min(0).max(100_000)).max(1000),
  shared: z.boolean(),
}

/** A search that was saved, or, by a number below 0, one of those that are built in. */
export const searchRef = z.object({ id: z.number().int() })
const savedRef = z.object({ id: z.number().int().positive() })

export const searchCreateInput = z.object({
  name: fields.name,
  description: fields.description.default(''),
  query: fields.query,
  view: fields.view.default('rows'),
  columns: fields.columns.default([]),
  sort: fields.sort.default(null),
  off: fields.off.default([]),
  shared: fields.shared.default(false),
  ...range,
})

export const searchVersion = savedRef.extend({ version: z.number().int().positive() })

/** Changes what is named; a time range is changed as a whole. */
export const searchUpdateInput = searchVersion.extend({
  name: fields.name.optional(),
  description: fields.description.optional(),
  query: fields.query.optional(),
  view: fields.view.optional(),
  columns: fields.columns.optional(),
  sort: fields.sort.optional(),
  off: fields.off.optional(),
  shared: fields.shared.optional(),
  range: z.object(range).optional(),
})

export const searchRestoreInput = savedRef
export const pinInput = searchRef.extend({ pinned: z.boolean() })

export const rememberInput = z.object({
  /** The query that this one came from. */
  parent: z.number().int().positive().optional(),
  query: fields.query,
  ...range,
  /** What was searched, where that was not the user's own tenant. */
  across: z.union([z.number().int().positive(), z.literal('all')]).optional(),
  rows: z.number().int().min(0),
  exact: z.boolean(),
})

export const annotateInput = savedRef.extend({ note: z.string().trim().max(2000) })

const parameter = /\{\{([A-Za-z]\w{0,39})\}\}/g

/** Names of the parameters of a query, each once, in their order: `{{host}}` is one. */
export const parametersOf = (query: string) => [...new Set([...query.matchAll(parameter)].map((match) => match[1]!))]

/** Puts values in the place of parameters, each quoted: whatever is inside, it stays one value. */
export const fillParameters = (query: string, values: Record<string, string>) =>
  query.replaceAll(parameter, (whole, name: string) =>
    Object.hasOwn(values, name) ? quoteValue(values[name]!) : whole,
  )
