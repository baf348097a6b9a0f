import { z } from 'zod'
import { artifactTypes } from '../artifacts/input.ts'
import { caseSeverities } from '../cases/input.ts'

/** The words of a case's artifacts: what stands in a case can go on a list as it is. */
export const indicatorKinds = artifactTypes
export type IndicatorKind = (typeof indicatorKinds)[number]
export const indicatorMatches = ['exact', 'wildcard', 'regex'] as const
export type IndicatorMatch = (typeof indicatorMatches)[number]
export const tlps = ['clear', 'green', 'amber', 'amber+strict', 'red'] as const
export type Tlp = (typeof tlps)[number]
export const fileFormats = ['text', 'csv', 'stix', 'misp'] as const
export type FileFormat = (typeof fileFormats)[number]

export const mostAtOnce = 10_000
export const longestValue = 10_000

const id = z.number().int().positive()
const time = z.iso.datetime({ offset: true }).nullable()
const tags = z.array(z.string().trim().min(1).max(200)).max(100)

const fields = {
  name: z.string().trim().min(1, 'Give the list a name').max(200),
  benign: z.boolean(),
  active: z.boolean(),
  tlp: z.enum(tlps),
  confidence: z.number().int().min(0).max(100),
  severity: z.enum(caseSeverities),
  tags,
  source: z.string().trim().max(1000),
  note: z.string().max(20_000),
  validFrom: time,
  validUntil: time,
  /** Tenants that match against it too: a super-admin's to say. */
  sharedWith: z.array(id).max(1000),
}

export const indicatorInput = z.object({
  kind: z.enum(indicatorKinds),
  match: z.enum(indicatorMatches).default('exact'),
  value: z.string().min(1, 'Give a value').max(longestValue),
  note: z.string().max(5000).default(''),
  tags: tags.default([]),
  validFrom: time.default(null),
  validUntil: time.default(null),
})
export type WrittenIndicator = z.output<typeof indicatorInput>

export const listRef = z.object({ id })
export const listVersion = listRef.extend({ version: id })

export const listCreateInput = z.object({
  name: fields.name,
  benign: fields.benign.default(false),
  active: fields.active.default(true),
  tlp: fields.tlp.default('amber'),
  confidence: fields.confidence.default(50),
  severity: fields.severity.default('medium'),
  tags: fields.tags.default([]),
  source: fields.source.default(''),
  note: fields.note.default(''),
  validFrom: fields.validFrom.default(null),
  validUntil: fields.validUntil.default(null),
  sharedWith: fields.sharedWith.default([]),
  indicators: z.array(indicatorInput).max(mostAtOnce).default([]),
})

export const listUpdateInput = listVersion.extend({
  name: fields.name.optional(),
  benign: fields.benign.optional(),
  active: fields.active.optional(),
  tlp: fields.tlp.optional(),
  confidence: fields.confidence.optional(),
  severity: fields.severity.optional(),
  tags: fields.tags.optional(),
  source: fields.source.optional(),
  note: fields.note.optional(),
  validFrom: fields.validFrom.optional(),
  validUntil: fields.validUntil.optional(),
  sharedWith: fields.sharedWith.optional(),
})

export const addInput = listRef.extend({ indicators: z.array(indicatorInput).min(1).max(mostAtOnce) })
export const removeInput = listRef.extend({ indicators: z.array(id).min(1).max(mostAtOnce) })

/** Rows by their names: `<collection>.<source>.<row>`. */
const rowNames = z.array(z.string().regex(/^\d{1,15}\.\d{1,9}\.\d{1,15}$/, 'Not the name of a row'))
export const hitsOfInput = z.object({ rows: rowNames.max(200) })
export const acknowledgeInput = z.object({ indicators: z.array(id).min(1).max(200), hostId: id.optional() })
export const toCaseInput = z.object({
  indicators: z.array(id).min(1).max(50),
  /** A case that is there, or the title of a new one. */
  caseId: id.optional(),
  title: z.string().trim().min(1).max(300).optional(),
})

/** Artifacts of cases onto a list, or the new one that is named. */
export const promoteInput = z.object({
  artifacts: z.array(id).min(1).max(1000),
  listId: id.optional(),
  name: fields.name.optional(),
  /** Also those that would find too much; else they are named and left out. */
  broad: z.boolean().default(false),
})

const column = z.string().max(1000)
export const importInput = z.object({
  /** The list to add to, or the name of a new one. */
  id: id.optional(),
  name: fields.name.optional(),
  format: z.enum(fileFormats),
  text: z.string().max(20_000_000),
  /** Which columns of a CSV hold what; without it they are called value, kind, match, note, tags, valid_from, valid_until. */
  mapping: z
    .object({
      value: column,
      kind: column.optional(),
      match: column.optional(),
      note: column.optional(),
      tags: column.optional(),
      validFrom: column.optional(),
      validUntil: column.optional(),
    })
    .optional(),
})
export const exportInput = listRef.extend({ format: z.enum(fileFormats) })
