import { trpc, type Outputs } from '../../api.ts'
import { count, plural } from '../../lib/format.ts'
import { sentence } from '../../lib/problem.ts'
import { List, type Column } from '../../ui/List.tsx'
import { Time } from '../../ui/Time.tsx'
import { Mono } from '../../ui/Value.tsx'

type Tried = Outputs['benign']['try']
type Sample = Tried['rows'][number]

interface TrialProps {
  query: string
  tenant: { tenant?: number | 'all' }
}

const mostShown = 300

/** What a rule would do to the rows that are stored, before it is saved. */
export function Trial({ query, tenant }: TrialProps) {
  const tried = trpc.benign.try.useQuery({ query, limit: 10, ...tenant }, { staleTime: 0, gcTime: 0, retry: false })
  if (tried.error)
    return (
      <div className="note bad" role="alert">
        {sentence(tried.error)}
      </div>
    )
  if (!tried.data) return <output className="meta">Trying it on all stored rows…</output>
  return <Found {...tried.data} />
}

function Found({ total, judged, bad, hosts, hostsTotal, rows, tookMs }: Tried) {
  return (
    <section className="trial" aria-label="What it would hide">
      <output>
        <b className="b">{plural(total, 'stored row matches', 'stored rows match')}</b>
        {total > 0 && `, on ${count(hosts)} of ${plural(hostsTotal, 'host')}`}
        {`, ${count(tookMs)} ms.`}
        {judged > 0 &&
          ` ${count(judged)} ${judged === 1 ? 'is' : 'are'} marked already and ${judged === 1 ? 'stays' : 'stay'} as ${judged === 1 ? 'it is' : 'they are'}.`}
      </output>
      {bad > 0 && (
        <div className="note bad" role="alert">
          {plural(bad, 'row that matches is', 'rows that match are')} marked suspicious or malicious: look at{' '}
          {bad === 1 ? 'it' : 'them'} before you save this.
        </div>
      )}
      {rows.length > 0 && (
        <div className="trialrows">
          <List label="The newest of them" rows={rows} rowKey={(row) => row.id} columns={columns} />
        </div>
      )}
    </section>
  )
}

const columns: Column<Sample>[] = [
  { head: 'Time', cell: (row) => <Time at={row.eventTime} form="plain" /> },
  { head: 'Host', cell: (row) => <Mono value={row.host} /> },
  { head: 'Source', cell: (row) => <Mono value={row.source} /> },
  { head: 'Row', fill: true, cell: (row) => <Mono value={textOf(row)} /> },
]

const textOf = ({ data }: Sample) => JSON.stringify(data).slice(0, mostShown).toWellFormed()
