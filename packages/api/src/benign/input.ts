import { z } from 'zod'

const id = z.number().int().positive()
const version = z.number().int().positive()
const query = z.string().trim().min(1, 'Say which rows are benign').max(20_000)
const reason = z.string().trim().min(1, 'Say why they are benign').max(2000)
/** Null for no end. */
const expiresAt = z.iso.datetime({ offset: true }).nullable()

export const ruleShows = ['open', 'ended', 'all'] as const

export const ruleRef = z.object({ id })
export const ruleVersion = z.object({ id, version })
export const ruleCreateInput = z.object({
  query,
  reason,
  expiresAt: expiresAt.default(null),
  /** For the rows of every tenant. */
  everywhere: z.boolean().default(false),
})
export const ruleUpdateInput = ruleVersion.extend({
  query: query.optional(),
  reason: reason.optional(),
  expiresAt: expiresAt.optional(),
  everywhere: z.boolean().optional(),
})
export const ruleTryInput = z.object({ query, limit: z.number().int().min(1).max(50).default(10) })
