import { useElementSize } from '@mantine/hooks'
import { useState, type PointerEvent } from 'react'
import { count, plural } from '../../lib/format.ts'
import { gapsOf, roundedUp, type Bucket, type Span } from './axis.ts'
import { Axis, Bars, frameOf, Gaps, type Frame } from './bars.tsx'
import { Brush } from './Brush.tsx'
import { HitsLane, Lane, type Incomplete } from './Lane.tsx'

interface HistogramProps {
  buckets: Bucket[]
  /** Seconds of a bucket. */
  seconds: number
  /** What arrived at all in the same buckets, where it is known. */
  arrived: Bucket[] | undefined
  incomplete: Incomplete[]
  /** Rows of each bucket that match an indicator. */
  hits: Bucket[]
  span: Span | undefined
  select: (span: Span | undefined) => void
  zoom: () => void
}

/** Counts over event time. What is hatched had no data of any kind; a flat line is data without a match. */
export function Histogram(props: HistogramProps) {
  const { buckets, seconds, arrived, span, select, zoom } = props
  const { ref, width, height } = useElementSize()
  const frame = frameOf(buckets, seconds, width || 560, height || 140)
  const gaps = gapsOf(buckets, arrived)
  const busiest = buckets.reduce((most, { rows }) => Math.max(most, rows), 0)
  const [start, setStart] = useState<number>()
  const bucketAt = (event: PointerEvent) => {
    const { left } = event.currentTarget.getBoundingClientRect()
    return Math.max(0, Math.min(buckets.length - 1, Math.floor(frame.bucket(event.clientX - left))))
  }
  const drag = (from: number, to: number) => select({ from: Math.min(from, to), to: Math.max(from, to) + 1 })
  return (
    <div
      className="hist"
      ref={ref}
      onPointerDown={(event) => {
        if (event.button !== 0 || (event.target as Element).closest('[role=slider], button')) return
        event.currentTarget.setPointerCapture(event.pointerId)
        const at = bucketAt(event)
        setStart(at)
        drag(at, at)
      }}
      onPointerMove={(event) => start !== undefined && drag(start, bucketAt(event))}
      onPointerUp={() => setStart(undefined)}
      onDoubleClick={zoom}
    >
      <svg role="img" aria-label={sentence(buckets, busiest, gaps, sumOf(props.hits))}>
        <Axis frame={frame} top={roundedUp(busiest)} />
        <Gaps frame={frame} gaps={gaps} seconds={seconds} />
        {span && <Selected frame={frame} span={span} />}
        <Bars frame={frame} buckets={buckets} top={roundedUp(busiest)} span={span} />
        <Lane frame={frame} incomplete={props.incomplete} />
        <HitsLane frame={frame} hits={props.hits} />
      </svg>
      <Brush frame={frame} buckets={buckets} seconds={seconds} span={span} select={select} zoom={zoom} />
    </div>
  )
}

const Selected = ({ frame, span }: { frame: Frame; span: Span }) => (
  <rect
    x={frame.x(span.from)}
    y={6}
    width={frame.x(span.to) - frame.x(span.from)}
    height={frame.plot}
    fill="var(--vc-accent-soft)"
  />
)

const sumOf = (buckets: Bucket[]) => buckets.reduce((sum, { rows }) => sum + rows, 0)

function sentence(buckets: Bucket[], busiest: number, gaps: Span[], hits: number) {
  const [first, last] = [buckets[0]?.time, buckets.at(-1)?.time]
  const nothing = gaps.length > 0 ? ` Nothing arrived in ${plural(gaps.length, 'stretch', 'stretches')} of it.` : ''
  return `Rows over event time from ${first} to ${last}. Busiest: ${count(busiest)} rows.${nothing}${hits > 0 ? ` ${plural(hits, 'row')} with an indicator.` : ''}`
}
