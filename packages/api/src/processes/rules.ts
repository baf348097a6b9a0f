/** A process as its row tells it; what a row does not tell is undefined. */
export interface Process {
  pid: number | undefined
  ppid: number | undefined
  /** Microseconds since 1970. */
  start: number | undefined
  /** Sysmon's own ids, which are never used twice. */
  guid: string | undefined
  parentGuid: string | undefined
}

/** Why a process stands at the top. */
export type Gone =
  /** It names no parent, or itself. */
  | 'none'
  /** Nothing here has the parent's number. */
  | 'missing'
  /** What has the parent's number started later: the number was used again. */
  | 'reused'
  /** Its parents lead back to itself. */
  | 'loop'

export interface Placed {
  /** The place of the parent in the list; undefined at the top. */
  parent: number | undefined
  gone: Gone | undefined
  /** Why the parent may be another one. */
  uncertain: 'no start' | 'several' | undefined
}

/**
 * The parent of each process. It is the last that took the parent's number up to the time at which the child started: a number
 * has one holder at a time. Without times it is the only one that can be meant, and said to be uncertain.
 */
export function parentsOf(processes: Process[]): Placed[] {
  const byPid = new Map<number, Holders>()
  const byGuid = new Map<string, number>()
  for (const [i, { pid, guid }] of processes.entries()) {
    if (guid !== undefined && !byGuid.has(guid)) byGuid.set(guid, i)
    if (pid === undefined) continue
    const holders = byPid.get(pid) ?? { dated: [], undated: [] }
    byPid.set(pid, holders)
    if (processes[i]!.start === undefined) holders.undated.push(i)
    else holders.dated.push(i)
  }
  const startOf = (i: number) => processes[i]!.start!
  for (const { dated } of byPid.values()) dated.sort((a, b) => startOf(a) - startOf(b) || a - b)
  const placed = processes.map((process, i) => place(process, i, { byPid, byGuid, startOf }))
  cutLoops(processes, placed)
  return placed
}

interface Holders {
  /** By their start. */
  dated: number[]
  undated: number[]
}

interface Index {
  byPid: Map<number, Holders>
  byGuid: Map<string, number>
  startOf: (i: number) => number
}

const top = (gone: Gone): Placed => ({ parent: undefined, gone, uncertain: undefined })
const under = (parent: number, uncertain?: Placed['uncertain']): Placed => ({ parent, gone: undefined, uncertain })

function place({ pid, ppid, start, parentGuid }: Process, self: number, { byPid, byGuid, startOf }: Index): Placed {
  const named = parentGuid === undefined ? undefined : byGuid.get(parentGuid)
  if (named !== undefined && named !== self) return under(named)
  if (ppid === undefined || ppid === pid) return top('none')
  const holders = byPid.get(ppid)
  if (!holders) return top(ppid === 0 ? 'none' : 'missing')
  const { dated, undated } = holders
  if (start === undefined) {
    const all = [...dated.slice(-1), ...undated.slice(0, 1)]
    return under(all[0]!, dated.length + undated.length > 1 ? 'several' : 'no start')
  }
  const before = lastUpTo(dated, start, startOf)
  if (before >= 0) {
    const twin = before > 0 && startOf(dated[before - 1]!) === startOf(dated[before]!)
    return under(dated[before]!, twin ? 'several' : undefined)
  }
  if (undated.length > 0) return under(undated[0]!, undated.length > 1 ? 'several' : 'no start')
  return top('reused')
}

/** The place of the last that started up to then; -1 for none. */
function lastUpTo(dated: number[], start: number, startOf: (i: number) => number) {
  let [low, high] = [0, dated.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (startOf(dated[middle]!) <= start) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** Only rows of one time, or of none, can lead back to themselves: of each loop the first in the list goes to the top. */
function cutLoops(processes: Process[], placed: Placed[]) {
  const state = new Uint8Array(processes.length)
  for (let i = 0; i < processes.length; i++) {
    const path: number[] = []
    let at: number | undefined = i
    while (at !== undefined && state[at] === 0) {
      state[at] = 1
      path.push(at)
      at = placed[at]!.parent
    }
    if (at !== undefined && state[at] === 1) {
      const loop = path.slice(path.indexOf(at))
      placed[loop.reduce((a, b) => Math.min(a, b))] = top('loop')
    }
    for (const done of path) state[done] = 2
  }
}
