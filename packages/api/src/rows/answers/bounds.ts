import type { Bounds } from '../rows.ts'
import { microsOfIso } from '../rules.ts'

export const everyTime: Bounds = { from: -9e18, to: 9e18 }

export const boundsOf = ({ from, to }: { from?: string | undefined; to?: string | undefined }): Bounds => ({
  from: from === undefined ? everyTime.from : microsOfIso(from),
  to: to === undefined ? everyTime.to : microsOfIso(to),
})
