/* oxlint-disable jsx-a11y/prefer-tag-over-role -- lines stand at computed places, which a table does not allow */
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import type { Outputs } from '../../api.ts'
import { plural } from '../../lib/format.ts'
import { useKeys } from '../../lib/keys.ts'
import { Evidence, visible } from '../../ui/evidence.tsx'
import { gistOf } from './gist.ts'
import { clock, duration, fieldName, offset } from './words.ts'
import './timeline.css'

export type Line = Outputs['timeline']['around']['anchor']

/** A line of a timeline: a row, what stands between rows, or what somebody wrote. */
export type Entry =
  | { key: string; line: Line }
  | { key: string; gap: ReactNode }
  | { key: string; note: ReactNode; run: () => void }

interface LinesProps {
  label: string
  entries: Entry[]
  /** The line in the middle; offsets are from it. */
  anchor: Line | undefined
  onOpen: (line: Line) => void
  /** Letters on the line that has the focus. */
  letters?: { key: string; label: string; run: (line: Line) => void }[]
}

export const timelineKeys = [
  { keys: ['J', 'K'], label: 'move' },
  { keys: ['Enter'], label: 'open' },
  { keys: ['T'], label: 'around the row' },
  { keys: ['?'], label: 'all keys' },
]

const heightOf = (entry: Entry) => ('gap' in entry ? 26 : 30)

/** One tab stop: J, K and arrows, Page, Home and End move; Enter opens. */
export function Lines({ label, entries, anchor, onOpen, letters = [] }: LinesProps) {
  const scroller = useRef<HTMLDivElement>(null)
  const [here, setHere] = useState(anchor?.key)
  const at = Math.max(
    0,
    entries.findIndex(({ key }) => key === here),
  )
  // oxlint-disable-next-line react/incompatible-library -- nothing here is memoised by a compiler
  const list = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: (i) => heightOf(entries[i]!),
    getItemKey: (i) => entries[i]!.key,
    overscan: 20,
  })
  useStayingPlace(list, entries)
  const middle = anchor?.key
  useEffect(() => {
    setHere(middle)
    const index = entries.findIndex(({ key }) => key === middle)
    if (index >= 0) list.scrollToIndex(index, { align: 'center' })
    // oxlint-disable-next-line react/exhaustive-deps -- only when another row is the middle
  }, [middle])
  const go = (by: number) => {
    const isGap = (i: number) => 'gap' in (entries[i] ?? { gap: null })
    let next = Math.max(0, Math.min(entries.length - 1, at + by))
    // A gap is nothing to act on.
    while (isGap(next) && next + Math.sign(by) in entries) next += Math.sign(by)
    if (!isGap(next)) setHere(entries[next]!.key)
    list.scrollToIndex(next)
  }
  const act = () => {
    const entry = entries[at]
    if (entry && 'line' in entry) onOpen(entry.line)
    else if (entry && 'note' in entry) entry.run()
  }
  const onLine = (run: (line: Line) => void) => () => {
    const entry = entries[at]
    if (entry && 'line' in entry) run(entry.line)
  }
  useKeys('Timeline', [
    { keys: 'j', label: 'Next line', run: () => go(1) },
    { keys: 'k', label: 'Line before', run: () => go(-1) },
    { keys: 'PageDown', label: '20 lines on; arrows, PageUp, Home and End likewise', shownOnly: true },
    { keys: 'Enter', label: 'Open the row', shownOnly: true },
    ...letters.map(({ key, label: words, run }) => ({ keys: key, label: words, run: onLine(run) })),
  ])
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const run = { ...moves(go, entries.length), Enter: act }[event.key]
    if (!run || (event.key === 'Enter' && event.target !== event.currentTarget)) return
    event.preventDefault()
    event.stopPropagation()
    run()
  }
  return (
    <div
      className={anchor ? 'grid-wrap tlines' : 'grid-wrap tlines dated'}
      ref={scroller}
      role="grid"
      tabIndex={0}
      aria-label={label}
      aria-rowcount={entries.length}
      aria-colcount={5}
      aria-activedescendant={entries.length > 0 ? `line-${at}` : undefined}
      onKeyDown={onKeyDown}
    >
      <div role="presentation" style={{ height: list.getTotalSize(), position: 'relative' }}>
        {list.getVirtualItems().map(({ index, start }) => {
          const entry = entries[index]!
          const place = { index, start, isHere: index === at }
          const put = (run: () => void) => () => {
            setHere(entry.key)
            run()
          }
          if ('gap' in entry) return <Gap key={entry.key} {...place} gap={entry.gap} />
          if ('note' in entry) return <Note key={entry.key} {...place} note={entry.note} onClick={put(entry.run)} />
          const { line } = entry
          return <RowLine key={entry.key} {...place} line={line} anchor={anchor} onClick={put(() => onOpen(line))} />
        })}
      </div>
    </div>
  )
}

const moves = (go: (by: number) => void, length: number): Record<string, (() => void) | undefined> => ({
  ArrowDown: () => go(1),
  ArrowUp: () => go(-1),
  PageDown: () => go(20),
  PageUp: () => go(-20),
  Home: () => go(-length),
  End: () => go(length),
})

/** Earlier lines that come in above leave what is being read where it is. */
function useStayingPlace(
  list: { scrollOffset: number | null; scrollToOffset: (to: number) => void },
  entries: Entry[],
) {
  const known = useRef<Entry[]>([])
  useLayoutEffect(() => {
    const old = known.current.find((entry) => 'line' in entry)
    const index = old ? entries.findIndex(({ key }) => key === old.key) : -1
    if (old && index > 0) {
      const sum = (some: Entry[]) => some.reduce((height, entry) => height + heightOf(entry), 0)
      const grown = sum(entries.slice(0, index)) - sum(known.current.slice(0, known.current.indexOf(old)))
      if (grown > 0) list.scrollToOffset((list.scrollOffset ?? 0) + grown)
    }
    known.current = entries
  }, [entries, list])
}

interface PlaceProps {
  index: number
  start: number
  isHere: boolean
}

const Gap = ({ index, start, gap }: PlaceProps & { gap: ReactNode }) => (
  <div role="row" aria-rowindex={index + 1} className="tl gap" style={{ top: start }}>
    <span role="gridcell" aria-colspan={5}>
      {gap}
    </span>
  </div>
)

const Note = ({ index, start, isHere, note, onClick }: PlaceProps & { note: ReactNode; onClick: () => void }) => (
  // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the grid is one tab stop and hears the keys for its lines
  <div
    role="row"
    id={`line-${index}`}
    aria-rowindex={index + 1}
    className={isHere ? 'tl note cur' : 'tl note'}
    style={{ top: start }}
    onClick={onClick}
  >
    <span role="gridcell" aria-colspan={5} className="trunc">
      {note}
    </span>
  </div>
)

interface RowLineProps extends PlaceProps {
  line: Line
  anchor: Line | undefined
  onClick: () => void
}

function RowLine({ index, start, isHere, line, anchor, onClick }: RowLineProps) {
  const isAnchor = line.key === anchor?.key
  const gist = gistOf(line)
  const className = ['tl', isHere && 'cur', isAnchor && 'anchor'].filter(Boolean).join(' ')
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the grid is one tab stop and hears the keys for its lines
    <div
      role="row"
      id={`line-${index}`}
      aria-rowindex={index + 1}
      aria-current={isAnchor ? 'true' : undefined}
      className={className}
      style={{ top: start }}
      onClick={onClick}
    >
      <span role="gridcell" className="mono trunc" title={line.at}>
        {clock(line.at, anchor?.at)}
      </span>
      {anchor && (
        <span role="gridcell" className={isAnchor ? 'acc b' : 't3'}>
          {isAnchor ? 'here' : offset(anchor, line)}
        </span>
      )}
      <span role="gridcell" className="mono t2 trunc" title={visible(line.source)}>
        <Evidence text={line.source} />
      </span>
      <span role="gridcell" className="mono t3 trunc" title={fieldName(line.field)}>
        {fieldName(line.field)}
      </span>
      <span role="gridcell" className="mono trunc" title={visible(gist.slice(0, 2000))}>
        <Evidence text={gist} />
      </span>
    </div>
  )
}

/** What stands between two lines that rows are hidden of. */
const hiddenWords = (a: Line, b: Line, hidden: number) =>
  `${duration(Math.abs(b.micros - a.micros + (b.nanos - a.nanos) / 1000))}, ${plural(hidden, 'row')} not shown`

/** Lines in the order of time with their gaps; `lines` go away from `from`. */
export function withGaps(lines: Line[], from: Line | undefined, direction: 'before' | 'after'): Entry[] {
  const away = lines.flatMap((line, i): Entry[] => {
    const near = lines[i - 1] ?? from
    if (line.hidden === 0) return [{ key: line.key, line }]
    const gap = near ? hiddenWords(near, line, line.hidden) : `${plural(line.hidden, 'row')} not shown`
    return [
      { key: `gap ${line.key}`, gap },
      { key: line.key, line },
    ]
  })
  return direction === 'after' ? away : away.reverse()
}
