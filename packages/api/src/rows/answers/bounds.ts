import type { Bounds } from '../rows.ts'
import { microsOfIso } from '../rules.ts'

export const boundsOf = ({ from, to }: { from?: string | undefined; to?: string | undefined }): Bounds => ({
  from: from === undefined ? -9e18 : microsOfIso(from),
  to: to === undefined ? 9e18 : microsOfIso(to),
})
