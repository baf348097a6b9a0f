import type { OpenBlock } from './evaluate.ts'
import type { Groups, Numbered } from './groups.ts'

const dayMicros = 86_400e6
const daysTold = 7

/** The last event time of each group of the block, and its rows on the seven days up to `daysEnd`. */
export function addLast(
  groups: Groups,
  { codes, idsOf }: Numbered,
  { times, n, blockId }: OpenBlock,
  mask: Uint8Array | undefined,
  daysEnd: number,
) {
  if (!times) throw new Error(`block ${blockId} has no event times`)
  const last = new Float64Array(idsOf.length).fill(-Infinity)
  const days = new Map<number, number[]>()
  const begin = daysEnd - daysTold * dayMicros
  for (let row = 0; row < n; row++) {
    if (mask && mask[row] === 0) continue
    const [code, time] = [codes[row]!, times[row]!]
    if (time > last[code]!) last[code] = time
    if (time < begin || time >= daysEnd) continue
    const own = days.get(code) ?? noDays()
    own[Math.floor((time - begin) / dayMicros)]!++
    days.set(code, own)
  }
  for (const [code, time] of last.entries())
    if (time > -Infinity) for (const id of [idsOf.get(code)].flat()) raise(groups, id, time)
  for (const [code, own] of days) for (const id of [idsOf.get(code)].flat()) addDays(groups, id, own)
}

export const noDays = () => Array.from({ length: daysTold }, () => 0)

function addDays({ days }: Groups, id: number, more: number[]) {
  const own = days.get(id)
  if (!own) days.set(id, [...more])
  else for (const [day, rows] of more.entries()) own[day]! += rows
}

function raise({ last }: Groups, id: number, time: number) {
  if (time > last[id]!) last[id] = time
}

/** Adds what was told elsewhere; `targets` are the groups here of each one there. */
export function mergeLast(into: Groups, { last, days }: Groups, targets: number[][]) {
  for (const [id, time] of last.entries()) for (const target of targets[id]!) raise(into, target, time)
  for (const [id, own] of days) for (const target of targets[id]!) addDays(into, target, own)
}
