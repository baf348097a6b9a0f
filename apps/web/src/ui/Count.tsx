import { count } from '../lib/format.ts'

/** An exact count with separators. */
export function Count({ n }: { n: number | null | undefined }) {
  return n === null || n === undefined ? <span className="t3">not known</span> : <span>{count(n)}</span>
}
