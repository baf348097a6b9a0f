import { Button } from '@mantine/core'
import { trpc } from '../../api.ts'
import { count, plural } from '../../lib/format.ts'
import { useTenant } from '../../lib/tenant.ts'
import { NextToken } from '../tokens/NextToken.tsx'
import { Evidence } from '../../ui/evidence.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { asked, type Part } from './parts.ts'
import { toggled } from './Chips.tsx'
import { rangeWords } from './times.ts'
import { abortable, still, type Hunt } from './useHunt.ts'

interface NoMatchProps {
  hunt: Hunt
  tookMs: number
  /** Benign rows that match and are left out. */
  hidden: number
  whole: { rows: number; hosts: number; incomplete: { total: number } } | undefined
}

/** The most parts that are tried one by one. */
const mostTried = 8

/** Says what was searched, and what the query would find without each of its parts. */
export function NoMatch({ hunt, tookMs, hidden, whole }: NoMatchProps) {
  const { search, setSearch, query, off, parts, run, hideBenign, within } = hunt
  const isTimed = Boolean(search.from ?? search.to)
  const conditions = parts.flatMap((part, i) => (part.kind === 'condition' && !off.includes(i) ? [{ part, i }] : []))
  if (conditions.length === 0 && !isTimed && hidden === 0)
    return (
      <EmptyState title="No row yet" action={<NextToken />}>
        Rows appear with the first delivery.
      </EmptyState>
    )
  return (
    <div className="nomatch">
      <h2>No row matches</h2>
      <p>{searched(whole, tookMs, rangeWords(search))}</p>
      <ul aria-label="What it would find">
        {conditions.slice(0, mostTried).map(({ part, i }) => (
          <Tried
            key={`${i} ${part.text}`}
            words="without"
            what={part.text}
            input={{ query: asked(query, [...off, i], isPipe), ...within }}
            use={() => run(query, toggled(off, i))}
          />
        ))}
        {hideBenign && hidden > 0 && (
          <Tried
            words="with benign rows"
            what="mark:benign"
            input={{ query: asked(query, off, isPipe), ...hunt.bounds }}
            use={() => setSearch({ hide: undefined })}
          />
        )}
        {isTimed && (
          <Tried
            words="with time range"
            what="any time"
            input={{ query: asked(query, off, isPipe), ...(hideBenign && { hideBenign }) }}
            use={() => setSearch({ from: undefined, to: undefined })}
          />
        )}
      </ul>
      {conditions.length > mostTried && (
        <p>{`The first ${mostTried} of ${count(conditions.length)} parts are tried one by one.`}</p>
      )}
      <p>
        A word is a whole value: a file’s full path, a hash, an address. For a part of one write{' '}
        <span className="mono">*part*</span>.
      </p>
      <div>
        <Button variant="default" onClick={() => run('')}>
          Clear the query
        </Button>
      </div>
    </div>
  )
}

const isPipe = (part: Part) => part.kind === 'pipe'

function searched(whole: NoMatchProps['whole'], tookMs: number, range: string) {
  if (!whole) return `No row, in ${count(tookMs)} ms.`
  const { rows, hosts, incomplete } = whole
  const times = range === 'Any time' ? 'of any time' : `of the time “${range}”`
  const but =
    incomplete.total > 0
      ? `, except ${count(incomplete.total)} that ${incomplete.total === 1 ? 'is' : 'are'} incomplete`
      : ''
  return `0 of ${plural(rows, 'row', 'rows')}, in ${count(tookMs)} ms. ${plural(hosts, 'host', 'hosts')} and all deliveries ${times} were searched${but}.`
}

interface TriedProps {
  words: string
  what: string
  input: { query: string; from?: string; to?: string; hideBenign?: boolean }
  use: () => void
}

function Tried({ words, what, input, use }: TriedProps) {
  const found = trpc.rows.search.useQuery({ ...input, limit: 1, ...useTenant() }, { ...still, ...abortable })
  const { data } = found
  return (
    <li>
      <span className="t2 nowrap">{words}</span>
      <span className="mono trunc" title={what}>
        <Evidence text={what} />
      </span>
      <span className="t2 nowrap end">
        {data
          ? `${data.totalIsExact ? '' : 'at least '}${plural(data.total, 'row', 'rows')}`
          : found.isError
            ? 'not counted'
            : 'counting'}
      </span>
      <Button variant="default" size="compact-sm" onClick={use}>
        Use
      </Button>
    </li>
  )
}
