import { useState } from 'react'
import { trpc } from '../../api.ts'
import { plural } from '../../lib/format.ts'
import { useAllTenants, useTenant } from '../../lib/tenant.ts'
import type { Row } from '../rows/RowDrawer.tsx'
import { sumOf, type Span } from './axis.ts'
import { Band, NoBand } from './Band.tsx'
import { bandFields } from './fields.ts'
import { Histogram } from './Histogram.tsx'
import { hasData, sourcesOnly } from './arrived.ts'
import type { Incomplete } from './Lane.tsx'
import { lengthWords } from './times.ts'
import { abortable, filterOf, still, type Hunt } from './useHunt.ts'

interface BandsProps {
  hunt: Hunt
  /** The first rows of the answer; undefined while there is none to this query. */
  rows: Row[] | undefined
  whole: { rows: number; incomplete: { rows: Incomplete[] } } | undefined
}

const lines = 6
const buckets = 84

/** What the rows have in common, when they were, and what is rare among them. */
export function Bands({ hunt, rows, whole }: BandsProps) {
  const { search, setSearch, query, off, within, grouping, runs } = hunt
  const filter = filterOf(query, off)
  const asked = { query: filter, ...within, ...useTenant() }
  const guess = grouping?.fields ?? (rows && bandFields(rows))
  const keep = { placeholderData: <T,>(old: T) => old, ...still, ...abortable }
  const tenants = useAllTenants() && { tenants: true }
  const stackOf = (fields: string[] | undefined, order: 'most' | 'fewest') => ({
    input: { ...asked, fields: fields ?? ['source'], order, ...tenants, limit: lines },
    options: { ...keep, enabled: fields !== undefined },
  })
  const [mostFields, leastFields] = [search.most ?? guess, search.least ?? guess]
  const [most, least] = [stackOf(mostFields, 'most'), stackOf(leastFields, 'fewest')]
  const common = trpc.rows.stack.useQuery(most.input, most.options)
  const rare = trpc.rows.stack.useQuery(least.input, least.options)
  return (
    <section className="bands" aria-label="What these rows have in common">
      <Band
        title="Most common"
        fields={mostFields}
        choose={(most) => setSearch({ most })}
        answer={common}
        note={common.data && `${plural(common.data.distinct, 'group')}, log scale`}
        scale
      />
      <OverTime key={`${filter} ${JSON.stringify(within)} ${runs}`} hunt={hunt} asked={asked} whole={whole} />
      <Band
        title="Least common"
        fields={leastFields}
        choose={(least) => setSearch({ least })}
        answer={rare}
        note={rare.data && onOneHost(rare.data)}
      />
    </section>
  )
}

function onOneHost({ values, distinct }: { values: { hosts: number }[]; distinct: number }) {
  const n = values.filter(({ hosts }) => hosts === 1).length
  if (n === 0) return plural(distinct, 'group')
  return n === values.length && n > 1 ? 'all on a single host' : `${n} on a single host`
}

interface OverTimeProps {
  hunt: Hunt
  asked: { query: string; from?: string; to?: string; hideBenign?: boolean; tenant?: number | 'all' }
  whole: BandsProps['whole']
}

function OverTime({ hunt, asked, whole }: OverTimeProps) {
  const { setSearch } = hunt
  const answer = trpc.rows.histogram.useQuery({ ...asked, buckets }, { ...still, ...abortable })
  const chart = answer.data
  const arrived = hasData(asked.query, chart, whole?.rows)
  const other = trpc.rows.histogram.useQuery(
    { ...asked, query: sourcesOnly(asked.query), buckets, ...(chart && { from: chart.from, to: chart.to }) },
    { ...still, ...abortable, enabled: arrived === 'ask' },
  )
  // Nothing is read where no row has a hit.
  const hits = trpc.rows.histogram.useQuery(
    { ...asked, query: withHits(asked.query), buckets, ...(chart && { from: chart.from, to: chart.to }) },
    { ...still, ...abortable, enabled: chart !== undefined && chart.buckets.length > 0 },
  )
  const [span, select] = useState<Span>()
  if (!chart) return <NoBand title="Over time" isFailed={answer.isError} bars />
  const all = chart.buckets
  const zoom = () => {
    const [first, last] = [span && all[span.from], span && (all[span.to]?.time ?? chart.to)]
    if (first && last) setSearch({ from: utc(first.time), to: utc(last), row: undefined })
  }
  return (
    <div className="band">
      <header>
        <h2>Over time</h2>
        <span className="meta nowrap">event time{all.length > 0 && `, per ${lengthWords(chart.seconds)}`}</span>
        {arrived === 'untold' && !span && (
          <span className="end meta trunc" title={untoldWhy}>
            zero or no data: not told
          </span>
        )}
        {span && (
          <>
            <span className="end meta nowrap">{plural(sumOf(all, span), 'row', 'rows')} selected</span>
            <button type="button" className="linkbutton bandbutton" onClick={zoom}>
              Zoom in
            </button>
            <button type="button" className="linkbutton bandbutton" onClick={() => select(undefined)}>
              Clear
            </button>
          </>
        )}
      </header>
      {all.length === 0 ? (
        <p className="meta">No row has a time in this range.</p>
      ) : (
        <Histogram
          buckets={all}
          seconds={chart.seconds}
          arrived={arrived === 'ask' ? other.data?.buckets : arrived === 'untold' ? undefined : arrived}
          incomplete={whole?.incomplete.rows ?? []}
          hits={hits.data?.seconds === chart.seconds ? hits.data.buckets : []}
          span={span}
          select={select}
          zoom={zoom}
        />
      )}
    </div>
  )
}

const withHits = (query: string) => (query.trim() === '' ? 'indicator:*' : `(${query}) indicator:*`)

const untoldWhy =
  'Where no row matches, it is not told whether anything arrived at all: in so many rows that would take a second search. Ask for the source alone to see it.'

const utc = (time: string) => time.replace(/\.0+Z$/, 'Z')
