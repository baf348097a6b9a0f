import { dayTime, exactTime, plainTime, relativeTime } from '../lib/format.ts'

type Form = 'relative' | 'day' | 'plain' | 'exact'

const forms = { relative: relativeTime, day: dayTime, plain: plainTime, exact: exactTime }

/** A time of our own in UTC; the title holds every digit. `none` is said where there is no time. */
export function Time({
  at,
  form = 'relative',
  none = 'never',
}: {
  at: string | Date | null | undefined
  form?: Form
  none?: string
}) {
  if (at === null || at === undefined) return <span className="t3">{none}</span>
  return (
    <time dateTime={new Date(at).toISOString()} title={exactTime(at)} className="nowrap">
      {forms[form](at)}
    </time>
  )
}
