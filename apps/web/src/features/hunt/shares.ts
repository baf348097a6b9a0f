import { count } from '../../lib/format.ts'

/** "all 3", "1 of 3". */
export const ofTenants = (n: number, total: number | undefined) =>
  n === total ? `all ${count(n)}` : `${count(n)} of ${count(total ?? n)}`

/** "87.9 %", never rounded to what it is not. */
export function share(rows: number, total: number) {
  const percent = (rows / total) * 100
  if (rows === total) return '100 %'
  if (percent < 0.1) return 'under 0.1 %'
  return percent > 99.9 ? 'over 99.9 %' : `${percent.toFixed(1)} %`
}
