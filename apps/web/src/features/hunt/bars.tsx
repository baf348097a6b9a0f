import { count } from '../../lib/format.ts'
import { tick, ticksOf, type Bucket, type Span } from './axis.ts'
import { lengthWords } from './times.ts'

/** Where things stand in the picture. */
export interface Frame {
  width: number
  height: number
  left: number
  plot: number
  /** Of a bucket's begin. */
  x: (bucket: number) => number
  /** The bucket at a place, with its fraction. */
  bucket: (x: number) => number
  /** Of a time in milliseconds. */
  atTime: (time: number) => number
  from: number
  to: number
}

const left = 40
const bottom = 30

export function frameOf(buckets: Bucket[], seconds: number, width: number, height: number): Frame {
  const inner = Math.max(1, width - left - 4)
  const n = Math.max(1, buckets.length)
  const from = Date.parse(buckets[0]?.time ?? '')
  const to = from + n * seconds * 1000
  return {
    width,
    height,
    left,
    plot: Math.max(1, height - bottom - 6),
    x: (bucket) => left + (bucket / n) * inner,
    bucket: (x) => ((x - left) / inner) * n,
    atTime: (time) => left + ((time - from) / (to - from)) * inner,
    from,
    to,
  }
}

export function Axis({ frame, top }: { frame: Frame; top: number }) {
  const { width, height, plot } = frame
  const y = (share: number) => 6 + plot - share * plot
  return (
    <>
      {[0, 0.5, 1].map((share) => (
        <g key={share}>
          <line x1={left} x2={width - 4} y1={y(share)} y2={y(share)} stroke="var(--vc-line)" />
          {(share !== 0.5 || top > 1) && (
            <text x={left - 6} y={y(share) + 4} textAnchor="end">
              {tick(top * share)}
            </text>
          )}
        </g>
      ))}
      {ticksOf(frame.from, frame.to, Math.max(2, Math.floor((width - left) / 78))).map(({ at, label }) => (
        <g key={at}>
          <line
            x1={frame.atTime(at)}
            x2={frame.atTime(at)}
            y1={plot + 6}
            y2={plot + 10}
            stroke="var(--vc-line-strong)"
          />
          {frame.atTime(at) < width - 44 && (
            <text x={frame.atTime(at) + 3} y={height - 14}>
              {label}
            </text>
          )}
        </g>
      ))}
    </>
  )
}

interface BarsProps {
  frame: Frame
  buckets: Bucket[]
  top: number
  span: Span | undefined
}

export function Bars({ frame, buckets, top, span }: BarsProps) {
  const width = Math.max(1, frame.x(1) - frame.x(0) - 1.5)
  return buckets.map(({ time, rows }, i) => {
    const inside = span !== undefined && i >= span.from && i < span.to
    // A single row among very many must still be seen.
    const height = rows === 0 ? 0 : Math.max(1.5, (rows / top) * frame.plot)
    return (
      <rect
        key={time}
        x={frame.x(i)}
        y={6 + frame.plot - height}
        width={width}
        height={height}
        fill={inside ? 'var(--vc-accent-solid)' : 'var(--vc-bar-ink)'}
        opacity={inside ? 1 : 0.75}
      >
        <title>{`${time}: ${count(rows)} ${rows === 1 ? 'row' : 'rows'}`}</title>
      </rect>
    )
  })
}

interface GapsProps {
  frame: Frame
  gaps: Span[]
  seconds: number
}

/** Hatched, with how long it is where there is place for the words. */
export const Gaps = ({ frame, gaps, seconds }: GapsProps) => (
  <>
    <defs>
      <pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect width="2" height="6" fill="var(--vc-hatch)" />
      </pattern>
    </defs>
    {gaps.map(({ from, to }) => {
      const [x, width] = [frame.x(from), frame.x(to) - frame.x(from)]
      const length = lengthWords((to - from) * seconds)
      return (
        <g key={from}>
          <rect x={x} y={6} width={width} height={frame.plot} fill="url(#hatch)">
            <title>{`No data for ${length}`}</title>
          </rect>
          {width > 50 && (
            <>
              <rect x={x + width / 2 - 23} y={frame.plot / 2 - 11} width={46} height={32} fill="var(--vc-surface)" />
              {['no data', length].map((words, i) => (
                <text
                  key={i}
                  x={x + width / 2}
                  y={frame.plot / 2 + 2 + i * 14}
                  textAnchor="middle"
                  style={{ fill: 'var(--vc-text-2)' }}
                >
                  {words}
                </text>
              ))}
            </>
          )}
        </g>
      )
    })}
  </>
)
