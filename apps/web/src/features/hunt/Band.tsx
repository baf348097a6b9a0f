/* oxlint-disable jsx-a11y/prefer-tag-over-role -- a grid of lines, which a table's own layout does not allow */
import type { ReactNode } from 'react'
import type { Outputs } from '../../api.ts'
import { count, plural } from '../../lib/format.ts'
import { problemOf } from '../../lib/problem.ts'
import { NotPresent } from '../../ui/Value.tsx'
import { useDelayed } from '../../lib/useDelayed.ts'
import { Value } from '../rows/Values.tsx'
import { FieldPicker } from './FieldPicker.tsx'
import { ofTenants } from './shares.ts'

type Stack = Outputs['rows']['stack']

interface BandProps {
  title: string
  fields: string[] | undefined
  choose: (fields: string[]) => void
  answer: { data: Stack | undefined; isError: boolean; error: unknown; refetch: () => unknown }
  note: ReactNode
  /** Bars behind the values, on a log scale. */
  scale?: boolean
}

/** Six values with how many rows have them and on how many hosts they were seen. As high with none. */
export function Band({ title, fields, choose, answer, note, scale = false }: BandProps) {
  const { data } = answer
  const tenants = data?.tenantsTotal
  if (!data || !fields) return <NoBand title={title} isFailed={answer.isError} error={answer.error} />
  const most = Math.max(...data.values.map(({ rows }) => rows), 1)
  const widthOf = (rows: number) => Math.max(1, (Math.log10(rows + 1) / Math.log10(most + 1)) * 100)
  return (
    <div className="band">
      <header>
        <h2>{title}</h2>
        <FieldPicker title={title} fields={fields} choose={choose} />
        <span className="meta end">{data.values.length > 0 && note}</span>
      </header>
      <div className={tenants === undefined ? 'bt' : 'bt tenants'} role="table" aria-label={`${title} values`}>
        <div role="row" style={{ height: 18 }}>
          <span role="columnheader">
            <span className="sr">{fields.join(', ')}</span>
          </span>
          <span role="columnheader">Rows</span>
          <span role="columnheader">Seen on hosts</span>
          {tenants !== undefined && <span role="columnheader">Tenants</span>}
        </div>
        {data.values.map((group) => (
          <div role="row" key={JSON.stringify(group.values)} title={whole(group, data)}>
            <span role="cell" className="name">
              {scale && <i className="fill" style={{ width: `${widthOf(group.rows)}%` }} />}
              {group.values.map((value, i) => (
                <BandValue key={i} value={value} field={fields[i]} />
              ))}
            </span>
            <span role="cell" className="n">
              {count(group.rows)}
            </span>
            <span role="cell" className="n">
              {count(group.hosts)} of {count(data.hostsTotal)}
            </span>
            {group.tenants !== undefined && (
              <span role="cell" className="n">
                {ofTenants(group.tenants, tenants)}
              </span>
            )}
          </div>
        ))}
      </div>
      {data.values.length === 0 && (
        <p className="meta">
          {data.total === 0 ? 'No row matches.' : `None of the ${count(data.total)} rows has ${fields.join(', ')}.`}
        </p>
      )}
    </div>
  )
}

const whole = ({ rows, hosts, tenants }: Stack['values'][number], { hostsTotal, tenantsTotal }: Stack) =>
  `${plural(rows, 'row', 'rows')} · seen on ${count(hosts)} of ${plural(hostsTotal, 'host', 'hosts')}${
    tenants === undefined ? '' : `, in ${ofTenants(tenants, tenantsTotal)} tenants`
  }`

const most = 120

function BandValue({ value, field }: { value: string | null; field: string | undefined }) {
  return value === null || field === undefined ? <NotPresent /> : <Value field={field} value={value} most={most} />
}

interface NoBandProps {
  title: string
  isFailed: boolean
  error?: unknown
  bars?: boolean
}

/** The same height and shape while there is nothing to show. */
export function NoBand({ title, isFailed, error, bars = false }: NoBandProps) {
  const late = useDelayed(150)
  return (
    <div className="band" aria-busy={!isFailed}>
      <header>
        <h2>{title}</h2>
      </header>
      {isFailed ? (
        <p className="meta">Not counted{error ? `: ${problemOf(error).what}` : '.'}</p>
      ) : (
        late && (bars ? <SkeletonBars /> : <SkeletonLines />)
      )}
    </div>
  )
}

const SkeletonLines = () => (
  <div className="bandsk">
    {[60, 48, 40, 36, 30, 26].map((width) => (
      <div key={width} className="row">
        <span className="sk" style={{ width: `${width}%` }} />
        <span className="sk end" style={{ width: 52 }} />
        <span className="sk" style={{ width: 60 }} />
      </div>
    ))}
  </div>
)

const heights = Array.from({ length: 42 }, (_, i) => 20 + Math.round(80 * Math.abs(Math.sin((i / 42) * Math.PI * 3))))

const SkeletonBars = () => (
  <div className="barsk">
    {heights.map((height, i) => (
      <span key={i} className="sk" style={{ height: `${height}%` }} />
    ))}
  </div>
)
