import { useDelayed } from '../lib/useDelayed.ts'

const quick = 150

/** Grey lines in the shape of a list. Nothing for 150 ms, so that what is quick does not flicker. */
export function SkeletonRows({ rows = 6, height = 34 }: { rows?: number; height?: number }) {
  const late = useDelayed(quick)
  return (
    <output aria-label="Loading" style={{ minHeight: rows * height }}>
      {late &&
        Array.from({ length: rows }, (_, i) => (
          <div
            key={i}
            className="row g16"
            style={{ height, padding: '0 14px', borderBottom: '1px solid var(--vc-line)' }}
          >
            <span className="sk" style={{ width: `${22 + ((i * 7) % 12)}%` }} />
            <span className="sk" style={{ width: '14%' }} />
            <span className="sk end" style={{ width: '9%' }} />
          </div>
        ))}
    </output>
  )
}
