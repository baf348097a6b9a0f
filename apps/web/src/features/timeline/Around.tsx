import { SegmentedControl, Switch } from '@mantine/core'
import { useMemo, useState, type ReactNode } from 'react'
import { trpc, type Outputs } from '../../api.ts'
import { plural } from '../../lib/format.ts'
import { useTenant } from '../../lib/tenant.ts'
import { Evidence } from '../../ui/evidence.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { gistOf } from './gist.ts'
import { type Entry, type Line, Lines, withGaps } from './Lines.tsx'
import { AnnotationEditor, useAnnotations, withNotes } from './notes.tsx'
import { SourceChips } from './SourceChips.tsx'
import { clock, fieldName, spanLabel, spanSeconds } from './words.ts'
import '../rows/rows.css'

interface AroundProps {
  /** The row in the middle, `<collection>.<source>.<row>`. */
  row: string
  /** To each side: `5m`, `1h`, or any other such span. */
  span: string
  onSpan: (span: string) => void
  onOpen: (row: Line) => void
  /** What stands at the left of the bar. */
  lead?: ReactNode
  /** Puts another row in the middle; without it, T does nothing. */
  onRow?: (row: Line) => void
}

const spans = ['10s', '2m', '5m', '15m', '1h', '1d']
const usual = '5m'

type Direction = 'before' | 'after'
type Page = Outputs['timeline']['aroundMore']
interface Further {
  before: Page[]
  after: Page[]
}
const nothing: Further = { before: [], after: [] }

/** The rows of a row's host around it, of every source, in the order of time. */
export function Around({ row, span, onSpan, onOpen, onRow, lead }: AroundProps) {
  const [off, setOff] = useState<number[]>([])
  const [every, setEvery] = useState(false)
  const [untimed, setUntimed] = useState(false)
  const seconds = spanSeconds(span)
  const shown = seconds === undefined ? usual : span
  const asked = { row, span: seconds ?? 300, off, every, untimed, ...useTenant() }
  const found = trpc.timeline.around.useQuery(asked, {
    placeholderData: (old) => (old?.anchor.id === row ? old : undefined),
  })
  const further = useFurther(asked, found.data)
  const options = spans.includes(shown) ? spans : [...spans, shown]
  return (
    <section className="around" aria-label="Timeline around the row" style={{ display: 'contents' }}>
      <div className="rowsbar">
        {lead}
        <span className="trunc">
          {spanLabel(shown)} around <span className="mono b">{found.data && <Subject line={found.data.anchor} />}</span>
          {found.data && (
            <>
              {' on '}
              <span className="mono b">
                <Evidence text={found.data.anchor.host} />
              </span>
            </>
          )}
        </span>
        <SegmentedControl
          aria-label="Window to each side"
          value={shown}
          onChange={onSpan}
          data={options.map((value) => ({ value, label: spanLabel(value) }))}
        />
        <span className="grow" />
        <Switch label="Every time field" checked={every} onChange={(event) => setEvery(event.currentTarget.checked)} />
      </div>
      <Loaded query={found}>
        {(data) => (
          <>
            <SourceChips sources={data.sources} off={off} onOff={setOff}>
              {data.untimed > 0 && (
                <Switch
                  label={`${plural(data.untimed, 'row tells', 'rows tell')} no time: show at receipt`}
                  checked={untimed}
                  onChange={(event) => setUntimed(event.currentTarget.checked)}
                />
              )}
            </SourceChips>
            <AroundLines data={data} further={further} onOpen={onOpen} onRow={onRow} />
          </>
        )}
      </Loaded>
    </section>
  )
}

const Subject = ({ line }: { line: Line }) => {
  const gist = gistOf(line)
  return <Evidence text={gist.length > 60 ? `${gist.slice(0, 60)}…` : gist} />
}

type Around = Outputs['timeline']['around']
type Asked = Parameters<typeof trpc.timeline.around.useQuery>[0]

/** Pages beyond the first on either side; gone when something else is asked. */
function useFurther(asked: Exclude<Asked, symbol>, first: Around | undefined) {
  const utils = trpc.useUtils()
  const question = JSON.stringify(asked)
  const [state, setState] = useState({ question, pages: nothing, loading: undefined as Direction | undefined })
  const { pages, loading } = state.question === question ? state : { pages: nothing, loading: undefined }
  const next = (direction: Direction) => (pages[direction].at(-1) ?? first?.[direction])?.next ?? null
  const load = async (direction: Direction) => {
    const cursor = next(direction)
    if (cursor === null || loading) return
    setState({ question, pages, loading: direction })
    const page = await utils.timeline.aroundMore.fetch({ ...asked, cursor, direction }).catch(() => undefined)
    const more = page ? { ...pages, [direction]: [...pages[direction], page] } : pages
    setState((now) => (now.question === question ? { question, pages: more, loading: undefined } : now))
  }
  return { pages, loading, next, load }
}

interface AroundLinesProps {
  data: Around
  further: ReturnType<typeof useFurther>
  onOpen: (row: Line) => void
  onRow: ((row: Line) => void) | undefined
}

function AroundLines({ data, further, onOpen, onRow }: AroundLinesProps) {
  const { pages, next, load } = further
  const notes = useAnnotations(data.anchor.hostId)
  const { list: written, open } = notes
  const entries = useMemo(() => {
    const side = (direction: Direction) => [data[direction], ...pages[direction]]
    const lines = (direction: Direction) => side(direction).flatMap((page) => page.lines)
    const end = (direction: Direction): Entry[] => {
      const last = side(direction).at(-1)!
      if (last.next !== null)
        return [
          {
            key: `more ${direction}`,
            note: <span className="acc">{direction === 'before' ? 'Show earlier rows' : 'Show later rows'}</span>,
            run: () => void load(direction),
          },
        ]
      return endsOf(data, direction, last.hiddenBeyond ?? 0)
    }
    const middle = [
      ...withGaps(lines('before'), data.anchor, 'before'),
      { key: data.anchor.key, line: data.anchor },
      ...withGaps(lines('after'), data.anchor, 'after'),
    ]
    const range = {
      from: next('before') === null ? data.from : (lines('before').at(-1)?.at ?? data.from),
      to: next('after') === null ? data.to : (lines('after').at(-1)?.at ?? data.to),
    }
    return [...end('before'), ...withNotes(middle, written, range, open), ...end('after')]
    // oxlint-disable-next-line react/exhaustive-deps -- `load` and `next` follow from the pages
  }, [data, pages, next('before'), next('after'), written, open])
  return (
    <>
      <Lines
        label={`Timeline, ${fieldName(data.anchor.field)} of the row in the middle`}
        entries={entries}
        anchor={data.anchor}
        onOpen={onOpen}
        letters={[...notes.letters, ...(onRow ? [{ key: 't', label: 'Timeline around the row', run: onRow }] : [])]}
      />
      <AnnotationEditor {...notes.editing} />
    </>
  )
}

/** What stands at an end of the window: rows that are not shown, and where collection stopped. */
function endsOf(data: Around, direction: Direction, hidden: number): Entry[] {
  const edge = direction === 'before' ? data.from : data.to
  const at = clock(edge, data.anchor.at)
  const ends: Entry[] = []
  if (hidden > 0) ends.push({ key: `hidden ${direction}`, gap: `${plural(hidden, 'row')} not shown up to ${at}` })
  const until = data.collectedUntil && new Date(data.collectedUntil).toISOString()
  const stopped = direction === 'after' && until !== null && Date.parse(until) < Date.parse(edge)
  ends.push({
    key: `end ${direction}`,
    gap: stopped
      ? `Nothing collected after ${clock(until, data.anchor.at)}, the newest delivery of this host`
      : `No further row ${direction === 'before' ? 'back' : 'up'} to ${at}`,
  })
  return direction === 'before' ? ends.reverse() : ends
}
