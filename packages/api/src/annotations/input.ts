import { z } from 'zod'
import { rowName } from '../timeline/input.ts'

const id = z.number().int().positive()

/** A time with up to nine digits of a second, in UTC. */
const time = z
  .string()
  .max(40)
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/)

export const listInput = z.object({
  hostId: id,
  /** Both inclusive. */
  from: time.optional(),
  to: time.optional(),
  limit: z.number().int().min(1).max(1000).default(500),
})

const text = z.string().trim().min(1).max(10_000)

export const createInput = z.object({
  hostId: id,
  at: time,
  text,
  /** The row that it is made from, and the field that tells `at`, a JSON array of keys. */
  row: rowName.optional(),
  field: z.string().max(2000).optional(),
  caseId: id.optional(),
})

export const annotationRef = z.object({ id })
export const updateInput = annotationRef.extend({ version: id, text, caseId: id.nullable().optional() })
