import { count, plural } from '../../lib/format.ts'
import type { Bucket } from './axis.ts'
import type { Frame } from './bars.tsx'

export interface Incomplete {
  id: number
  startedAt: Date | string | null
  endedAt: Date | string | null
  updatedAt: Date | string
  rowsReceived: number
  rowsExpected: number | null
}

/** Under the axis: when what is incomplete was collected, so that a dip there is not taken for quiet. */
export function Lane({ frame, incomplete }: { frame: Frame; incomplete: Incomplete[] }) {
  const inside = incomplete
    .filter(({ startedAt }) => startedAt !== null)
    .map((one) => ({ ...one, from: timeOf(one.startedAt!), to: timeOf(one.endedAt ?? one.updatedAt) }))
    .filter(({ from, to }) => to >= frame.from && from <= frame.to)
  if (inside.length === 0) return null
  const y = frame.height - 7
  const words = `${plural(inside.length, 'delivery', 'deliveries')} incomplete`
  const leftmost = Math.min(...inside.map(({ from }) => Math.max(frame.left, frame.atTime(from))))
  const isRoomy = leftmost > frame.left + 130
  return (
    <>
      {inside.map(({ id, from, to, rowsReceived, rowsExpected }) => {
        const x = Math.max(frame.left, frame.atTime(from))
        const width = Math.max(6, Math.min(frame.width - 4, frame.atTime(to)) - x)
        return (
          <rect key={id} x={Math.min(x, frame.width - 10)} y={y} width={width} height={4} fill="var(--vc-edge-medium)">
            <title>{`Incomplete: ${count(rowsReceived)} of ${rowsExpected === null ? 'an unknown number of' : count(rowsExpected)} rows`}</title>
          </rect>
        )
      })}
      <text x={isRoomy ? leftmost - 5 : leftmost + 24} y={y + 6} textAnchor={isRoomy ? 'end' : 'start'}>
        {words}
      </text>
    </>
  )
}

/** Under the axis: when rows were that match an indicator. */
export function HitsLane({ frame, hits }: { frame: Frame; hits: Bucket[] }) {
  const y = frame.height - 3
  return (
    <g className="hitslane">
      {hits.map(({ time, rows: here }, i) => {
        if (here === 0) return null
        const x = (frame.x(i) + frame.x(i + 1)) / 2
        return (
          <path key={time} d={`M${x} ${y - 8}l4 4l-4 4l-4 -4z`} fill="var(--vc-edge-critical)">
            <title>{`${plural(here, 'row')} with an indicator`}</title>
          </path>
        )
      })}
    </g>
  )
}

const timeOf = (at: Date | string) => new Date(at).getTime()
