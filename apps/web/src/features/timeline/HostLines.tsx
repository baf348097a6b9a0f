import { Button, Switch, TextInput } from '@mantine/core'
import { useMemo, useState, type SyntheticEvent } from 'react'
import { trpc } from '../../api.ts'
import { count, plural } from '../../lib/format.ts'
import { useTenant } from '../../lib/tenant.ts'
import { useSetSearch } from '../../lib/url.ts'
import { Loaded } from '../../ui/Loaded.tsx'
import { EmptyState, ErrorState } from '../../ui/states.tsx'
import { StatusLine } from '../../ui/StatusLine.tsx'
import { Lanes } from './Lanes.tsx'
import { AnnotationEditor, useAnnotations, withNotes } from './notes.tsx'
import { type Entry, type Line, Lines, timelineKeys, withGaps } from './Lines.tsx'
import { TimeFields } from './TimeFields.tsx'
import { clock } from './words.ts'

interface HostSearch {
  query?: string | undefined
  from?: string | undefined
  to?: string | undefined
  off?: number[] | undefined
  every?: boolean | undefined
  untimed?: boolean | undefined
  around?: string | undefined
  row?: string | undefined
}

interface HostLinesProps {
  hostId: number
  search: HostSearch
  onOpen: (row: Line) => void
}

const isoOf = (micros: number) => new Date(Math.round(micros / 1000)).toISOString()

const isTime = (text: string | undefined) => text !== undefined && !Number.isNaN(Date.parse(text))

/** Lanes of all sources, and the rows of those that are switched on. */
export function HostLines({ hostId, search, onOpen }: HostLinesProps) {
  const setSearch = useSetSearch<HostSearch>()
  const { query = '', off = [], every = false, untimed = false } = search
  const [from, to] = [search.from, search.to].map((time) => (isTime(time) ? new Date(time!).toISOString() : undefined))
  const asked = { hostId, ...(from && { from }), ...(to && { to }), off, query, every, untimed, ...useTenant() }
  const lanes = trpc.timeline.lanes.useQuery({ ...asked, off: [] }, { placeholderData: (old) => old })
  const found = trpc.timeline.host.useInfiniteQuery(asked, {
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: (old) => old,
  })
  const { fetchNextPage } = found
  const notes = useAnnotations(hostId)
  const { list: written, open } = notes
  const pages = found.data?.pages
  const entries = useMemo(() => {
    const last = pages?.at(-1)
    if (!pages || !last) return []
    const lines = withGaps(
      pages.flatMap((page) => page.lines),
      undefined,
      'after',
    )
    const range = { from: from ?? '', to: last.next === null ? (to ?? '9999') : (last.lines.at(-1)?.at ?? '') }
    return [...withNotes(lines, written, range, open), ...endOf(last, to, () => void fetchNextPage())]
  }, [pages, from, to, fetchNextPage, written, open])
  const shown = pages?.reduce((sum, { lines }) => sum + lines.length, 0) ?? 0
  const first = pages?.[0]
  const total = lanes.data?.lanes.reduce((sum, { rows }) => sum + rows, 0)
  return (
    <>
      <Filter key={`${query} ${from} ${to}`} search={{ query, from, to }} run={(next) => setSearch(next)} />
      {lanes.error && <ErrorState error={lanes.error} retry={() => void lanes.refetch()} />}
      {lanes.data && (
        <Lanes
          data={lanes.data}
          off={off}
          onOff={(next) => setSearch({ off: next.length > 0 ? next : undefined }, true)}
          onRange={(low, high) => setSearch({ from: isoOf(low), to: isoOf(high) })}
          marks={written}
        />
      )}
      <div className="rowsbar">
        <Zoom lanes={lanes.data} isWhole={from === undefined && to === undefined} set={(next) => setSearch(next)} />
        {notes.button}
        <span className="grow" />
        {(lanes.data?.untimed ?? 0) > 0 && (
          <Switch
            label={`${plural(lanes.data!.untimed, 'row tells', 'rows tell')} no time: show at receipt`}
            checked={untimed}
            onChange={(event) => setSearch({ untimed: event.currentTarget.checked || undefined }, true)}
          />
        )}
        <TimeFields asked={asked} />
        <Switch
          label="Every time field"
          checked={every}
          onChange={(event) => setSearch({ every: event.currentTarget.checked || undefined }, true)}
        />
      </div>
      <Loaded query={found}>
        {() =>
          shown === 0 && entries.length <= 1 ? (
            <EmptyState title="No row in this part of the timeline">
              {total
                ? 'All rows here are switched off or do not match.'
                : 'Nothing of this host tells a time in this range.'}
            </EmptyState>
          ) : (
            <Lines
              label="Timeline of the host"
              entries={entries}
              anchor={undefined}
              onOpen={onOpen}
              letters={[
                ...notes.letters,
                {
                  key: 't',
                  label: 'Timeline around the row',
                  run: (line) => setSearch({ around: line.id, row: undefined }),
                },
              ]}
            />
          )
        }
      </Loaded>
      <AnnotationEditor {...notes.editing} />
      <StatusLine
        parts={[
          total !== undefined && `${plural(total, 'row')} in the range`,
          `${count(shown)} shown`,
          first && `${count(first.tookMs)} ms`,
          (found.isFetching || lanes.isFetching) && 'updating',
        ]}
        keys={timelineKeys}
      />
    </>
  )
}

interface Last {
  next: string | null
  hiddenBeyond: number | null
  collectedUntil: string | Date | null
}

function endOf({ next, hiddenBeyond, collectedUntil }: Last, to: string | undefined, more: () => void): Entry[] {
  if (next !== null) return [{ key: 'more', note: <span className="acc">Show later rows</span>, run: more }]
  const ends: Entry[] = []
  if (hiddenBeyond) ends.push({ key: 'hidden', gap: `${plural(hiddenBeyond, 'row')} not shown up to the end` })
  const until = collectedUntil === null ? undefined : new Date(collectedUntil).toISOString()
  if (until !== undefined && (to === undefined || Date.parse(until) < Date.parse(to)))
    ends.push({ key: 'until', gap: `Nothing collected after ${clock(until)}, the newest delivery of this host` })
  return ends
}

type Range = Pick<HostSearch, 'from' | 'to'>

interface FilterProps {
  search: Range & { query: string }
  run: (next: Range & { query: string | undefined }) => void
}

/** The query that rows must match, and the range; Enter runs. */
function Filter({ search, run }: FilterProps) {
  const [query, setQuery] = useState(search.query)
  const [from, setFrom] = useState(search.from ?? '')
  const [to, setTo] = useState(search.to ?? '')
  const wrong = (text: string) => (text === '' || isTime(text) ? undefined : 'Not a time')
  const submit = (event: SyntheticEvent) => {
    event.preventDefault()
    if (wrong(from) ?? wrong(to)) return
    run({ query: query || undefined, from: from || undefined, to: to || undefined })
  }
  return (
    <form className="tlfilter" onSubmit={submit} aria-label="What the timeline shows">
      <TextInput
        aria-label="Query"
        placeholder="Only rows that match, such as Name:svc*.exe"
        className="mono grow"
        value={query}
        onChange={(event) => setQuery(event.currentTarget.value)}
      />
      <TextInput
        aria-label="From (UTC)"
        placeholder="From, 2026-11-24T06:00:00Z"
        value={from}
        error={wrong(from)}
        onChange={(event) => setFrom(event.currentTarget.value)}
        style={{ width: 210 }}
      />
      <TextInput
        aria-label="To (UTC)"
        placeholder="To"
        value={to}
        error={wrong(to)}
        onChange={(event) => setTo(event.currentTarget.value)}
        style={{ width: 210 }}
      />
      <Button type="submit">Show</Button>
    </form>
  )
}

interface ZoomProps {
  lanes: { from: string; to: string } | undefined
  isWhole: boolean
  set: (range: Range) => void
}

/** The same as a drag over the lanes, by button. */
function Zoom({ lanes, isWhole, set }: ZoomProps) {
  if (!lanes) return null
  const [from, to] = [Date.parse(lanes.from), Date.parse(lanes.to)]
  const quarter = Math.max(1, (to - from) / 4)
  const part = (low: number, high: number) =>
    set({ from: new Date(Math.floor(low)).toISOString(), to: new Date(Math.ceil(high)).toISOString() })
  return (
    <Button.Group>
      <Button variant="default" onClick={() => part(from - 2 * quarter, to - 2 * quarter)}>
        Earlier
      </Button>
      <Button variant="default" onClick={() => part(from + quarter, to - quarter)}>
        Zoom in
      </Button>
      <Button variant="default" onClick={() => part(from - 2 * quarter, to + 2 * quarter)}>
        Zoom out
      </Button>
      <Button variant="default" onClick={() => part(from + 2 * quarter, to + 2 * quarter)}>
        Later
      </Button>
      <Button variant="default" disabled={isWhole} onClick={() => set({ from: undefined, to: undefined })}>
        All times
      </Button>
    </Button.Group>
  )
}
