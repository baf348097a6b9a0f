import { z } from 'zod'
import { marks } from '../rows/language/ast.ts'

/** A row by its name: `<collection>.<source>.<row>`. */
const rowName = z
  .string()
  .max(60)
  .regex(/^\d{1,15}\.\d{1,9}\.\d{1,15}$/)
const rowNames = z.array(rowName).min(1).max(1000)
const id = z.number().int().positive()
const time = z.iso.datetime({ offset: true })

export { marks, type Mark } from '../rows/language/ast.ts'

const tagText = z.string().trim().min(1).max(60)
const mark = z.enum(marks)
/** What a query finds, in place of rows that are named. */
const found = z.object({
  query: z.string().max(100_000),
  /** Event time, from inclusive, to exclusive. */
  from: time.optional(),
  to: time.optional(),
})

export const marksOfInput = z.object({ rows: z.array(rowName).max(1000) })
export const rowInput = z.object({ row: rowName })
export const markInput = z.object({ rows: rowNames, mark })
export const markFoundInput = found.extend({ mark })
export const tagInput = z.object({ rows: rowNames, tag: tagText, on: z.boolean().default(true) })
export const tagFoundInput = found.extend({ tag: tagText, on: z.boolean().default(true) })
export const actionRef = z.object({ id })
export const commentInput = rowInput.extend({ text: z.string().trim().min(1).max(10_000) })
export const commentRowsInput = z.object({ rows: rowNames, text: commentInput.shape.text })
export const commentRef = z.object({ id })
export const commentRefs = z.object({ ids: z.array(id).min(1).max(1000) })
