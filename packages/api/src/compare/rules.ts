import type { Cells } from './cells/cells.ts'

const volatileWords = new Set(
  `time date timestamp created modified accessed changed mtime atime ctime btime birth born uptime ttl age expires seen
   pid ppid tid pids inode rss vms vsz cpu threads handles counter`.split(/\s+/),
)
const volatileNames =
  /(processid|threadid|recordid|recordnumber|workingsetsize|pagefaults?|runcount|lastruntimes?|laddr\.?"?port|localport|sourceport)"?$/i

const wordsOf = (name: string) =>
  name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)

/** Whether a column holds what differs each time one looks: times, numbers of processes, counters. */
export const isVolatile = (name: string) =>
  volatileNames.test(name) || wordsOf(name).some((word) => volatileWords.has(word))

/** What makes a row the same thing later, in sources that are compared most. */
const known: Record<string, string[]> = {
  'Windows.System.Services': ['Name'],
  'Windows.System.TaskScheduler': ['TaskName'],
  'Windows.System.Pslist': ['Exe', 'CommandLine', 'Username'],
  'Linux.Sys.Pslist': ['Exe', 'CommandLine', 'Username'],
  'Windows.Network.Netstat': ['Name', '"Raddr.IP"', '"Raddr.Port"', 'Status'],
  'Linux.Sys.Crontab': ['Path', 'User', 'Command'],
  'Linux.Ssh.AuthorizedKeys': ['OSPath', 'base64key'],
  'Windows.NTFS.MFT': ['OSPath'],
}

const nameable =
  /^(OSPath|FullPath|Path|Key|Name|TaskName|DisplayName|Exe|PathName|Executable|CommandLine|Command|ValueName|User|Username|UserId|Uid|Sid|"?Raddr\.?"?IP"?|RemoteAddr|RemotePort|"?Raddr\.?"?Port"?|Line|comment|base64key|Record|RecordType|EntryNumber|PrefetchFileName|Id|EventID|Type|Event|IP|Arguments|Description|Mount|Device|Package|Version)$/i

const mostKeys = 4

/**
 * Columns that tell the rows of a source apart and mean the same thing later. What is not known is found in rows: of columns
 * with a name for such a thing, the fewest that tell most apart; where there is none, all that do not change by themselves.
 */
export function chooseKey(source: string, sample: Cells[]): string[] {
  const there = new Set(sample.flatMap((cells) => [...cells.keys()]))
  const fixed = known[source.split('/')[0]!]
  if (fixed?.every((name) => there.has(name))) return fixed
  const candidates = [...there].filter((name) => nameable.test(name) && !isVolatile(name))
  if (candidates.length === 0) return [...there].filter((name) => !isVolatile(name)).slice(0, 20)
  const chosen: string[] = []
  let apart = 0
  while (chosen.length < mostKeys && candidates.length > 0) {
    const told = candidates.map((name) => distinct(sample, [...chosen, name]))
    const best = Math.max(...told)
    if (best <= apart) break
    apart = best
    chosen.push(candidates.splice(told.indexOf(best), 1)[0]!)
    if (apart === sample.length) break
  }
  return chosen
}

const distinct = (sample: Cells[], key: string[]) =>
  new Set(sample.map((cells) => key.map((name) => cells.get(name) ?? '').join('\u0000'))).size

/** One row of a side: what it is told by, and what it says beside. */
export interface Told {
  key: string
  content: string
}

/** Places in both sides; a row stands in one pair. */
export interface Pairs {
  /** Only on the right. */
  added: number[]
  /** Only on the left. */
  gone: number[]
  changed: [left: number, right: number][]
  same: number
  /** Rows that share their key with another row of their side. */
  repeated: number
}

/**
 * Pairs rows of the same key: first those that say the same, then the others in their order; what is left over is added or
 * gone. In the order of the left side, and what was added in that of the right.
 */
export function pair(left: Told[], right: Told[]): Pairs {
  const rights = placesByKey(right)
  const pairs: Pairs = { added: [], gone: [], changed: [], same: 0, repeated: 0 }
  const lefts = placesByKey(left)
  for (const [key, places] of lefts) pairs.repeated += repeatedIn(places) + repeatedIn(rights.get(key) ?? [])
  for (const [key, places] of rights) if (!lefts.has(key)) pairs.repeated += repeatedIn(places)
  const paired = new Uint8Array(right.length)
  for (const [key, places] of lefts) pairKey(pairs, places, rights.get(key) ?? [], { left, right, paired })
  for (let place = 0; place < right.length; place++) if (!paired[place]) pairs.added.push(place)
  pairs.gone.sort((a, b) => a - b)
  pairs.changed.sort((a, b) => a[0] - b[0])
  return pairs
}

const repeatedIn = (places: number[]) => (places.length > 1 ? places.length : 0)

function placesByKey(rows: Told[]): Map<string, number[]> {
  const places = new Map<string, number[]>()
  for (const [place, { key }] of rows.entries()) {
    const known = places.get(key)
    if (known) known.push(place)
    else places.set(key, [place])
  }
  return places
}

interface Both {
  left: Told[]
  right: Told[]
  paired: Uint8Array
}

function pairKey(pairs: Pairs, lefts: number[], rights: number[], { left, right, paired }: Both) {
  const waiting = new Map<string, number[]>()
  for (const place of rights) {
    const { content } = right[place]!
    const known = waiting.get(content)
    if (known) known.push(place)
    else waiting.set(content, [place])
  }
  const differing: number[] = []
  for (const place of lefts) {
    const same = waiting.get(left[place]!.content)?.shift()
    if (same === undefined) differing.push(place)
    else {
      paired[same] = 1
      pairs.same++
    }
  }
  const others = rights.filter((place) => !paired[place])
  for (const [i, place] of differing.entries()) {
    const other = others[i]
    if (other === undefined) pairs.gone.push(place)
    else {
      paired[other] = 1
      pairs.changed.push([place, other])
    }
  }
}
