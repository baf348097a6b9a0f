import type { Outputs } from '../../api.ts'
import { bytes, count, plural } from '../../lib/format.ts'
import { List } from '../../ui/List.tsx'
import { Note } from '../../ui/Tag.tsx'
import { Time } from '../../ui/Time.tsx'

export type WouldRemove = Outputs['retention']['preview']

export const removedWords = ({ rows, sources, files, fileBytes, rejected }: WouldRemove) =>
  [
    `${plural(rows, 'row')} of ${plural(sources.length, 'source')}`,
    rejected > 0 && plural(rejected, 'line set aside', 'lines set aside'),
    files > 0 && `${plural(files, 'file')} (${bytes(fileBytes)})`,
  ]
    .filter(Boolean)
    .join(', ')

/** What the setting would remove if it were saved now. */
export function Preview({ days, found }: { days: number; found: WouldRemove }) {
  return (
    <>
      <Note {...(found.rows > 0 && { tone: 'warn' as const })}>
        <span>
          {found.rows + found.files + found.rejected > 0 ? (
            <>
              <b className="b">Would remove {removedWords(found)}.</b> They were received more than{' '}
              {plural(days, 'day')} ago.
            </>
          ) : (
            <>Would remove nothing now: no row was received more than {plural(days, 'day')} ago that no case holds.</>
          )}
          {found.rowsHeld > 0 && (
            <> {plural(found.rowsHeld, 'row')} as old stay: a case holds them, or a row that is stored with them.</>
          )}
        </span>
      </Note>
      {found.sources.length > 0 && (
        <List
          label="What would be removed"
          rows={found.sources}
          rowKey={(source) => `${source.kind} ${source.source}`}
          columns={[
            {
              head: 'Source',
              fill: true,
              cell: ({ source }) => (
                <span className="mono" title={source}>
                  {source}
                </span>
              ),
            },
            { head: 'Kind', cell: ({ kind }) => kind },
            { head: 'Rows', num: true, cell: ({ rows }) => count(rows) },
            { head: 'First received', cell: ({ oldest }) => <Time at={oldest} form="plain" /> },
            { head: 'Last received', cell: ({ newest }) => <Time at={newest} form="plain" /> },
          ]}
        />
      )}
    </>
  )
}
