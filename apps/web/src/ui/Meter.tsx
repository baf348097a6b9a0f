import { count } from '../lib/format.ts'

interface MeterProps {
  received: number
  /** Unknown while the sender has not said it. */
  expected: number | null | undefined
}

/** "12,004 of 40,112", "all 18,204", or the bare count while nobody said how many to expect. */
export const receivedWords = ({ received, expected }: MeterProps) => {
  if (expected === null || expected === undefined) return `${count(received)}, expected not known`
  return received === expected ? `all ${count(expected)}` : `${count(received)} of ${count(expected)}`
}

export function Meter({ received, expected }: MeterProps) {
  const words = receivedWords({ received, expected })
  const share = expected ? Math.min(1, received / expected) : received > 0 || expected === 0 ? 1 : 0
  const tone = expected === null || expected === undefined || received >= expected ? '' : share < 0.5 ? 'bad' : 'warn'
  return (
    <span className="row" style={{ gap: 12 }}>
      <span className={`meter ${tone}`} style={{ maxWidth: 52 }} aria-hidden>
        <i style={{ width: `${share * 100}%` }} />
      </span>
      <span>{words}</span>
    </span>
  )
}
