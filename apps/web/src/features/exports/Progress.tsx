import { type Export, formatName, shareOf } from './words.ts'

/** How much of what the query looks into was read. */
export function Progress({ row }: { row: Export }) {
  const share = shareOf(row)
  return (
    <progress
      className="exportprogress"
      aria-label={`Progress of the ${formatName[row.format]} export`}
      max={1}
      {...(share !== undefined && { value: share })}
    />
  )
}
