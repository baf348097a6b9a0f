import { trpc } from '../../api.ts'
import { count, plural } from '../../lib/format.ts'
import { useLookAgain, useTenant } from '../../lib/tenant.ts'
import { Loaded } from '../../ui/Loaded.tsx'
import { Panel } from '../../ui/Panel.tsx'

/** Rows of the last hour in parts of five minutes, of all senders together. */
export function Arriving() {
  const senders = trpc.senders.list.useQuery({ ...useTenant() }, { refetchInterval: useLookAgain(30_000) })
  return (
    <Panel title="Rows arriving" count="last 60 minutes">
      <Loaded query={senders}>
        {({ rows }) => {
          const parts = Array.from({ length: 12 }, (_, i) => rows.reduce((sum, one) => sum + (one.lastHour[i] ?? 0), 0))
          const now = rows.reduce((sum, { rateNow }) => sum + rateNow, 0)
          return (
            <div className="pad arriving">
              <div>
                <div className="figure">{count(now)}</div>
                <div className="meta">rows a minute now</div>
              </div>
              <Bars parts={parts} />
            </div>
          )
        }}
      </Loaded>
    </Panel>
  )
}

const [width, height] = [264, 44]

function Bars({ parts }: { parts: number[] }) {
  const top = Math.max(1, ...parts)
  const total = parts.reduce((sum, n) => sum + n, 0)
  const step = width / parts.length
  return (
    <svg
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={
        total === 0
          ? 'No row arrived in the last hour.'
          : `${plural(total, 'row')} in the last hour, in parts of five minutes: ${parts.map(count).join(', ')}.`
      }
    >
      {parts.map((n, i) => {
        const tall = n === 0 ? 0 : Math.max(2, (n / top) * (height - 2))
        return <rect key={i} x={i * step + 1} y={height - 1 - tall} width={step - 2} height={tall} />
      })}
      <line x1={0} x2={width} y1={height - 0.5} y2={height - 0.5} />
    </svg>
  )
}
