import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

/** Clock ticks of /proc in a second, on every Linux that Node runs on. */
const ticks = 100
const mb = (kb: number) => Math.round(kb / 1024)

/** The fields of /proc/<pid>/stat behind the name, which may hold spaces. */
function statOf(pid: number) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

const parentOf = (pid: number) => Number(statOf(pid)[1])

/** CPU seconds that a process and its threads have used; with those of children that ended and were waited for. */
function cpuOf(pid: number, ended = false) {
  const stat = statOf(pid)
  const [user, system, childUser, childSystem] = stat.slice(11, 15).map(Number) as [number, number, number, number]
  return (user + system + (ended ? childUser + childSystem : 0)) / ticks
}

function childrenOf(pid: number) {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(Number).filter((child) => unless(() => parentOf(child) === pid, false))
}

/** A process and what it started. */
export const withChildren = (pid: number) => [pid, ...childrenOf(pid)]

/** A process may end while it is looked at. */
function unless<T>(look: () => T, gone: T): T {
  try {
    return look()
  } catch {
    return gone
  }
}

export const serverCpu = (pid: number) => cpuOf(pid)

/** CPU seconds of PostgreSQL: the postmaster, the backends that ended, and those that run. */
export const postgresCpu = (postmaster: number) =>
  childrenOf(postmaster).reduce((sum, pid) => sum + unless(() => cpuOf(pid), 0), cpuOf(postmaster, true))

/** Lets VmHWM, the most memory that a process ever held, begin anew. */
export const forgetPeak = (pid: number) => writeFileSync(`/proc/${pid}/clear_refs`, '5')

export function memoryOf(pid: number) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kb = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1])
  return { peakMb: mb(kb('VmHWM')), nowMb: mb(kb('VmRSS')) }
}

/** Load averages of one, five and fifteen minutes: what else ran beside the benchmark. */
export const loadAverage = () => readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 3).map(Number)
