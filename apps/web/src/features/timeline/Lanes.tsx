import { IconEye, IconEyeOff } from '@tabler/icons-react'
import { useState, type PointerEvent } from 'react'
import type { Outputs } from '../../api.ts'
import { count, plural } from '../../lib/format.ts'
import { Evidence, visible } from '../../ui/evidence.tsx'
import { clock } from './words.ts'

type Data = Outputs['timeline']['lanes']

interface LanesProps {
  data: Data
  off: number[]
  onOff: (off: number[]) => void
  /** Zooms to a part, in microseconds since 1970. */
  onRange: (from: number, to: number) => void
  /** Moments that stand over the lanes. */
  marks: { id: number; micros: number; text: string }[]
}

const microsOf = (iso: string) => Date.parse(iso) * 1000

/** One lane of bars per source over one axis; a drag over the lanes chooses a part of the time. */
export function Lanes({ data, off, onOff, onRange, marks }: LanesProps) {
  const [drag, setDrag] = useState<{ from: number; to: number }>()
  const from = microsOf(data.from)
  const width = data.seconds * 1e6 * (data.lanes[0]?.buckets.length ?? 1)
  const held = data.lanes.filter(({ rows }) => rows > 0)
  const at = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect()
    return Math.max(0, Math.min(1, (event.clientX - box.left) / box.width))
  }
  const choose = () => {
    if (drag && Math.abs(drag.to - drag.from) > 0.005) {
      const [low, high] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)]
      onRange(Math.floor(from + low * width), Math.ceil(from + high * width))
    }
    setDrag(undefined)
  }
  return (
    <section className="lanes" aria-label="Rows over time by source">
      <div className="lanenames">
        {held.map((lane) => (
          <LaneName key={lane.id} lane={lane} isOff={off.includes(lane.id)} off={off} onOff={onOff} />
        ))}
      </div>
      <div
        className="lanebars"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId)
          setDrag({ from: at(event), to: at(event) })
        }}
        onPointerMove={(event) => drag && setDrag({ ...drag, to: at(event) })}
        onPointerUp={choose}
        onPointerCancel={() => setDrag(undefined)}
      >
        {held.map((lane) => (
          <Bars key={lane.id} lane={lane} isOff={off.includes(lane.id)} data={data} />
        ))}
        {marks.map(({ id, micros, text }) =>
          micros < from || micros > from + width ? null : (
            <span
              key={id}
              className="lanemark"
              title={visible(text.slice(0, 300))}
              style={{ left: `${((micros - from) / width) * 100}%` }}
            />
          ),
        )}
        {drag && (
          <span
            className="lanebrush"
            style={{
              left: `${Math.min(drag.from, drag.to) * 100}%`,
              width: `${Math.abs(drag.to - drag.from) * 100}%`,
            }}
          />
        )}
      </div>
      <div className="laneaxis meta">
        <span>{clock(data.from)}</span>
        <span>{clock(data.to)}</span>
      </div>
    </section>
  )
}

interface LaneNameProps {
  lane: Data['lanes'][number]
  isOff: boolean
  off: number[]
  onOff: (off: number[]) => void
}

const LaneName = ({ lane, isOff, off, onOff }: LaneNameProps) => (
  <button
    type="button"
    className={isOff ? 'lanename off' : 'lanename'}
    aria-pressed={!isOff}
    title={`${isOff ? 'Show' : 'Hide'} ${visible(lane.name)}`}
    onClick={() => onOff(isOff ? off.filter((id) => id !== lane.id) : [...off, lane.id])}
  >
    {isOff ? <IconEyeOff size={14} /> : <IconEye size={14} />}
    <span className="mono trunc grow">
      <Evidence text={lane.name} />
    </span>
    <span className="t3">
      {lane.matching === lane.rows ? count(lane.rows) : `${count(lane.matching)} of ${count(lane.rows)}`}
    </span>
  </button>
)

const height = 22

/** Bars of one lane by the square root of their rows, so that a few are seen beside many. */
function Bars({ lane, isOff, data }: { lane: Data['lanes'][number]; isOff: boolean; data: Data }) {
  const most = Math.max(1, ...lane.buckets)
  const n = lane.buckets.length
  const words = `${visible(lane.name)}: ${plural(lane.matching, 'row')} from ${clock(data.from)} to ${clock(data.to)}`
  return (
    <svg
      className={isOff ? 'lane off' : 'lane'}
      viewBox={`0 0 ${n} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={words}
    >
      {lane.buckets.map((rows, i) => {
        const tall = rows === 0 ? 0 : Math.max(2, Math.sqrt(rows / most) * (height - 4))
        return rows === 0 ? null : <rect key={i} x={i + 0.1} width={0.8} y={height - tall} height={tall} />
      })}
    </svg>
  )
}
