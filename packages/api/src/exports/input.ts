import { z } from 'zod'

export const exportFormats = ['csv', 'jsonl', 'parquet'] as const
export type ExportFormat = (typeof exportFormats)[number]

const time = z.iso.datetime({ offset: true })

export const exportInput = z.object({
  query: z.string().max(100_000).default(''),
  /** Event time, inclusive. */
  from: time.optional(),
  /** Event time, exclusive. */
  to: time.optional(),
  format: z.enum(exportFormats),
  /** Names as a query writes them: columns of CSV and Parquet; every field unless told. */
  columns: z.array(z.string().min(1).max(1100)).min(1).max(500).optional(),
})
