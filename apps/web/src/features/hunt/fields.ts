import type { Row } from '../rows/RowDrawer.tsx'

/** Fields that tell one thing from another, the most telling first. */
const telling = [
  'Name',
  'ProcessName',
  'Process',
  'Exe',
  'Image',
  'CommandLine',
  'DisplayName',
  'OSPath',
  'FullPath',
  'Path',
  'Username',
  'User',
  'EventID',
]

/** What to count by until a person says so: a telling field where all rows are of one source, else the source. */
export function bandFields(rows: Row[]): string[] {
  const first = rows[0]
  if (!first || rows.some(({ sourceId }) => sourceId !== first.sourceId)) return ['source']
  const keys = new Set(rows.slice(0, 20).flatMap((row) => leavesOf(row.omitted ? undefined : row.data)))
  const found = telling.find((field) => keys.has(field))
  return [found ?? 'host']
}

const leavesOf = (data: unknown) =>
  typeof data === 'object' && data !== null
    ? Object.entries(data).flatMap(([key, value]) => (typeof value === 'object' ? [] : [key]))
    : []
