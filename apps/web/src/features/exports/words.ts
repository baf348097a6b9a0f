import type { ExportFormat } from '@velocicompanion/api/exports/input'
import type { Outputs } from '../../api.ts'
import { bytes, dayTime, plural } from '../../lib/format.ts'
import type { Tone } from '../../ui/Dot.tsx'

export type Export = Outputs['exports']['get']

export const formatName: Record<ExportFormat, string> = { csv: 'CSV', jsonl: 'JSON lines', parquet: 'Parquet' }

export const formatHint: Record<ExportFormat, string> = {
  csv: 'For spreadsheets. Cells that one would run as a formula get an apostrophe in front, and are counted.',
  jsonl: 'Each row exactly as it was sent, byte for byte.',
  parquet: 'For DuckDB, pandas and Spark. Every column is text, so that no number is rounded.',
}

export const groupsHint = 'One object for each group, its values as text.'

export const isOpen = ({ state }: Pick<Export, 'state'>) => state === 'queued' || state === 'running'

/** The share of the blocks that were looked into; undefined while it is not known how many there are. */
export const shareOf = ({ blocks, blocksDone }: Export) =>
  blocks === null ? undefined : blocks === 0 ? 1 : blocksDone / blocks

export function stateOf(row: Export): { tone: Tone; words: string } {
  switch (row.state) {
    case 'queued':
      return { tone: 'hollow', words: 'waits its turn' }
    case 'running': {
      const share = shareOf(row)
      const done = share === undefined ? '' : `, ${Math.floor(share * 100)} %`
      return { tone: 'acc', words: `writes${done}: ${plural(row.rows, row.of)}, ${bytes(row.bytes)}` }
    }
    case 'done':
      return { tone: 'ok', words: `done, kept until ${dayTime(row.expiresAt!)} UTC` }
    case 'failed':
      return { tone: 'bad', words: row.error ?? 'failed' }
    case 'cancelled':
      return { tone: 'quiet', words: 'cancelled' }
    case 'expired':
      return { tone: 'quiet', words: 'file removed' }
  }
}
