import { count, shortDay } from '../../lib/format.ts'

const [bar, gap, height] = [9, 3, 20]

/** The rows of seven days as bars, each against the largest; a day with a single row is still seen. */
export function Week({ days, lastDay }: { days: number[]; lastDay: string }) {
  const top = Math.max(...days, 1)
  const words = days.map((rows, i) => `${dayBefore(lastDay, days.length - 1 - i)}: ${count(rows)}`).join(', ')
  return (
    <span title={words}>
      <svg className="week" width={days.length * (bar + gap) - gap} height={height} role="img" aria-label={words}>
        {days.map((rows, i) => {
          const tall = rows === 0 ? 0 : Math.max(2, (rows / top) * (height - 2))
          return <rect key={i} x={i * (bar + gap)} y={height - 1 - tall} width={bar} height={tall} />
        })}
      </svg>
    </span>
  )
}

const dayMs = 86_400_000

const dayBefore = (day: string, by: number) =>
  shortDay(new Date(Date.parse(`${day}T00:00:00Z`) - by * dayMs).toISOString())
