/* oxlint-disable jsx-a11y/prefer-tag-over-role -- two handles of one range, which an input of type range can't be */
import { useEffect, useRef, type KeyboardEvent } from 'react'
import { plural } from '../../lib/format.ts'
import { movedBy, sumOf, type Bucket, type Span } from './axis.ts'
import type { Frame } from './bars.tsx'
import { typed } from './times.ts'

interface BrushProps {
  frame: Frame
  buckets: Bucket[]
  seconds: number
  span: Span | undefined
  select: (span: Span | undefined) => void
  zoom: () => void
}

/** Two handles: arrows move the range, Shift and an arrow the one end, Enter zooms in, Escape clears. */
export function Brush({ frame, buckets, seconds, span, select, zoom }: BrushProps) {
  const first = useRef<HTMLDivElement>(null)
  const begun = useRef(false)
  useEffect(() => {
    if (span && begun.current) first.current?.focus()
    begun.current = false
  }, [span])
  if (!span) {
    const begin = () => {
      begun.current = true
      const middle = Math.floor(buckets.length / 2)
      select({ from: middle, to: Math.min(buckets.length, middle + Math.max(1, Math.round(buckets.length / 8))) })
    }
    return (
      <button type="button" className="brushbegin" onClick={begin}>
        Select a time range with the arrow keys
      </button>
    )
  }
  const onKey = (end: 'from' | 'to') => (event: KeyboardEvent) => {
    const next = movedBy(event.key, event.shiftKey, end, span, buckets.length)
    if (next) select(next)
    else if (event.key === 'Enter') zoom()
    else if (event.key === 'Escape') select(undefined)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  const timeAt = (bucket: number) =>
    typed(new Date(Date.parse(buckets[0]!.time) + bucket * seconds * 1000).toISOString())
  return (['from', 'to'] as const).map((end) => (
    <div
      key={end}
      ref={end === 'from' ? first : undefined}
      role="slider"
      tabIndex={0}
      className="handle"
      aria-label={end === 'from' ? 'Begin of the selection' : 'End of the selection'}
      aria-valuemin={0}
      aria-valuemax={buckets.length}
      aria-valuenow={span[end]}
      aria-valuetext={`${timeAt(span[end])}, ${plural(sumOf(buckets, span), 'row', 'rows')} selected`}
      style={{ left: frame.x(span[end]) - 12, height: frame.plot + 6 }}
      onKeyDown={onKey(end)}
      onPointerDown={(event) => {
        event.stopPropagation()
        event.currentTarget.setPointerCapture(event.pointerId)
      }}
      onPointerMove={(event) => {
        if (!event.currentTarget.hasPointerCapture(event.pointerId)) return
        const { left } = event.currentTarget.parentElement!.getBoundingClientRect()
        const at = Math.round(frame.bucket(event.clientX - left))
        const wanted = movedBy(at < span[end] ? 'ArrowLeft' : 'ArrowRight', true, end, span, buckets.length)
        if (at === span[end] || !wanted) return
        const bounded =
          end === 'from'
            ? Math.max(0, Math.min(span.to - 1, at))
            : Math.min(buckets.length, Math.max(span.from + 1, at))
        select({ ...span, [end]: bounded })
      }}
    />
  ))
}
