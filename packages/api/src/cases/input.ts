import { z } from 'zod'

export const caseStatuses = ['open', 'investigating', 'closed'] as const
export const caseSeverities = ['low', 'medium', 'high', 'critical'] as const
export type CaseStatus = (typeof caseStatuses)[number]
export type CaseSeverity = (typeof caseSeverities)[number]

const fields = {
  title: z.string().trim().min(1, 'Give the case a title').max(300),
  description: z.string().max(200_000),
  status: z.enum(caseStatuses),
  severity: z.enum(caseSeverities),
}

export const caseCreateInput = z.object({
  title: fields.title,
  description: fields.description.default(''),
  status: fields.status.default('open'),
  severity: fields.severity.default('medium'),
})

export const caseRef = z.object({ id: z.number().int().positive() })
export const caseVersion = caseRef.extend({ version: z.number().int().positive() })
export const caseUpdateInput = caseVersion.extend({
  title: fields.title.optional(),
  description: fields.description.optional(),
  status: fields.status.optional(),
  severity: fields.severity.optional(),
})

/** Rows by their names: `<collection>.<source>.<row>`. */
export const caseRowsInput = caseRef.extend({
  rows: z
    .array(z.string().regex(/^\d{1,15}\.\d{1,9}\.\d{1,15}$/, 'Not the name of a row'))
    .min(1)
    .max(200),
  /** What the person who adds them says about them. */
  note: z.string().trim().max(4000).default(''),
})
