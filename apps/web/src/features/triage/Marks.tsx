import { IconMessage } from '@tabler/icons-react'
import type { Mark } from '@velocicompanion/api/triage/input'
import { createContext, use, type ReactNode } from 'react'
import { plural } from '../../lib/format.ts'
import { visible } from '../../ui/evidence.tsx'
import { Keys } from '../../ui/Keys.tsx'
import { Time } from '../../ui/Time.tsx'
import { useMarks, useTriage, type Judged, type RowRef } from './useTriage.ts'
import { markOrder, markWords } from './words.ts'
import './triage.css'

const MarksContext = createContext<ReadonlyMap<string, Judged>>(new Map())

/** What was said of rows, for the cells of a grid below. */
export const MarksOf = ({ marks, children }: { marks: ReadonlyMap<string, Judged>; children: ReactNode }) => (
  <MarksContext value={marks}>{children}</MarksContext>
)

/** The mark as a word, tags, and how many comments; of an unseen row nothing. */
export function MarkCell({ id }: { id: string }) {
  const said = use(MarksContext).get(id)
  if (!said) return null
  return (
    <span className="markcell">
      {said.mark !== 'unseen' && <span className={`mark-${said.mark}`}>{markWords[said.mark]}</span>}
      {said.comments > 0 && (
        <span className="meta" title={plural(said.comments, 'comment')}>
          <IconMessage size={13} aria-hidden /> {said.comments}
        </span>
      )}
      {said.tags.map((tag) => (
        <span key={tag} className="tag">
          {visible(tag)}
        </span>
      ))}
    </span>
  )
}

interface MarkButtonsProps {
  /** What is marked now, where it is one row. */
  now?: Mark
  marks: readonly Mark[]
  onMark: (mark: Mark) => void
}

/** A button for each mark, with its key. */
export const MarkButtons = ({ now, marks, onMark }: MarkButtonsProps) => (
  <fieldset className="markbuttons" aria-label="Mark">
    {marks.map((mark) => (
      <button
        key={mark}
        type="button"
        aria-pressed={now === undefined ? undefined : now === mark}
        className={now === mark ? `on mark-${mark}` : undefined}
        onClick={() => onMark(mark)}
      >
        {markWords[mark]} <Keys keys={String(markOrder.indexOf(mark))} />
      </button>
    ))}
  </fieldset>
)

/** The mark of one row, with who gave it and when. */
export function RowMark({ row }: { row: RowRef }) {
  const said = useMarks([row]).get(row.id)
  const { mark } = useTriage()
  const now = said?.mark ?? 'unseen'
  return (
    <div className="rowmark">
      {mark ? (
        <MarkButtons now={now} marks={markOrder} onMark={(to) => void mark([row], to)} />
      ) : (
        <span className={`mark-${now}`}>{markWords[now]}</span>
      )}
      {said?.by && (
        <span className="meta">
          {said.rule !== null && 'by a rule of '}
          {visible(said.by)}
          {said.at && (
            <>
              , <Time at={said.at} />
            </>
          )}
        </span>
      )}
    </div>
  )
}
