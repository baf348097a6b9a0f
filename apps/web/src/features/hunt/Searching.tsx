import { Button } from '@mantine/core'
import { useEffect, useState } from 'react'
import { count } from '../../lib/format.ts'
import { useDelayed } from '../../lib/useDelayed.ts'

/** Seconds since it was drawn, a tenth at a time. */
function useElapsed() {
  const [elapsed, setElapsed] = useState(0)
  useEffect(() => {
    const begun = performance.now()
    const timer = setInterval(() => setElapsed(performance.now() - begun), 100)
    return () => clearInterval(timer)
  }, [])
  return elapsed
}

/** "48.2 M": rounded only beyond 10 M, and only in prose. */
export const manyRows = (n: number) => (n > 10_000_000 ? `${(n / 1e6).toFixed(1)} M` : count(n))

interface WaitingProps {
  rows: number | undefined
  stop: () => void
}

/** Nothing for a second; then how long it has taken, and a way to end it. */
export function Waiting({ rows, stop }: WaitingProps) {
  const elapsed = useElapsed()
  if (elapsed < 1000) return null
  return (
    <>
      <span className="meta">
        Searching {rows === undefined ? 'all' : manyRows(rows)} rows, {(elapsed / 1000).toFixed(1)} s so far
      </span>
      <Button variant="default" size="compact-xs" onClick={stop}>
        Stop
      </Button>
    </>
  )
}

/** Grey lines in the shape of the grid. */
export function SkeletonGrid() {
  const late = useDelayed(150)
  return (
    <output className="grid-wrap gridsk" aria-label="Loading">
      <div className="hd" />
      {late &&
        Array.from({ length: 24 }, (_, i) => (
          <div key={i} className="r">
            {[11, 9, 10, 14, 28].map((width, c) => (
              <span key={c}>
                <span className="sk" style={{ width: `${48 + ((i * 17 + c * 29) % 42)}%` }} data-width={width} />
              </span>
            ))}
          </div>
        ))}
    </output>
  )
}
