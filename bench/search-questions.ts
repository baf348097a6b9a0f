import { randomFrom } from './random.ts'
import { planted } from './search-rows.ts'
import type { Store } from './search-store.ts'
import { addresses, domains, programs } from './world.ts'

export interface Asked {
  name: string
  procedure: 'rows.search' | 'rows.stack' | 'rows.histogram' | 'values.seen' | 'indicators.sweep'
  /** What is asked the nth time. */
  input: (round: number) => object
  /** Milliseconds that the table of goals allows at a million rows: when its chunks are kept from before, and the first time. */
  goal?: number
  firstGoal?: number
  /** The same for OpenSearch: a body of `_search`, and the source where it is about one. */
  openSearch?: (round: number) => object
}

/** Where is asked, and whether the page waits for the count of all rows. */
type More = { tenant?: 'all' | number; countFor?: number }

const random = randomFrom(23)

const quoted = (value: string) => `"${value}"`
const rareValue = (i: number) =>
  [
    programs[1500 + random.below(4000)]!.sha256,
    addresses[3000 + random.below(30_000)]!,
    domains[3000 + random.below(20_000)]!,
  ][i % 3]!
const rare = Array.from({ length: 200 }, (_, i) => rareValue(i))
const names = Array.from({ length: 200 }, (_, i) => programs[300 + i * 25]!.name)
const common = Array.from({ length: 40 }, (_, i) => programs[i]!.sha256)
const lists = Array.from({ length: 40 }, () => {
  const known = Array.from({ length: 50 }, (_, i) => rareValue(i))
  const unknown = Array.from({ length: 950 }, (_, i) =>
    i % 2 ? random.hex(64) : `${1 + random.below(200)}.${random.below(256)}.${random.below(256)}.255`,
  )
  return [...new Set([...known, ...unknown])]
})
const times = Array.from({ length: 200 }, () =>
  new Date(Date.UTC(2026, 5, 10) + random.next() * 70 * 86_400_000).toISOString(),
)

const of = <T>(values: T[], round: number) => values[round % values.length]!

const search = (
  name: string,
  text: (round: number) => string,
  goal: number,
  more: Partial<Asked> & { in?: More; limit?: number } = {},
): Asked => {
  const { in: where, limit = 100, ...rest } = more
  return { name, procedure: 'rows.search', input: (round) => ({ query: text(round), limit, ...where }), goal, ...rest }
}
const stack = (name: string, query: string, field: string, goals: [number, number], more: object = {}): Asked => ({
  name,
  procedure: 'rows.stack',
  input: () => ({ query, fields: [field], limit: 100, ...more }),
  goal: goals[1],
  firstGoal: goals[0],
})

const pslist = 'source:Windows.System.Pslist'
const evtx = 'source:Windows.EventLogs.Evtx'
const mft = 'source:Windows.NTFS.MFT'
const all = { in: { tenant: 'all' as const } }
const page = { in: { countFor: 0 } }

const oneTenant = { term: { tenant: 1 } }
const anywhere = (text: string) => ({
  query_string: { query: text, fields: ['*'], lenient: true, analyze_wildcard: true },
})
const rowsOf = (query: object, more: object = {}) => ({
  size: 100,
  track_total_hits: true,
  query: { bool: { filter: [query] } },
  ...more,
})
const within = (query: object, more: object = {}) => ({
  size: 100,
  track_total_hits: true,
  query: { bool: { filter: [query, oneTenant] } },
  ...more,
})
const everything = { match_all: {} }
const top = (field: string) => ({
  size: 0,
  aggs: { values: { terms: { field, size: 100 }, aggs: { hosts: { cardinality: { field: 'client.keyword' } } } } },
})
const ofSource = (artifact: string, body: object) => ({ artifact: `Windows.${artifact}`, ...body })
const newest = { sort: [{ event_time: 'desc' }], track_total_hits: false }

/** By the names of the questions. */
const ofOpenSearch: Record<string, (round: number) => object> = {
  'one exact value, all tenants': (i) => rowsOf(anywhere(quoted(of(rare, i)))),
  'one exact value, one tenant': (i) => within(anywhere(quoted(of(rare, i)))),
  'rare part mimikatz.exe': () => within(anywhere('*mimikatz*')),
  'absent part': () => within(anywhere('*zzqxkv*')),
  'common part powershell, first 100': () => within(anywhere('*powershell*'), { track_total_hits: false }),
  'common part svc, first 100': () => within(anywhere('*svc*'), { track_total_hits: false }),
  'common part powershell, counted': () => within(anywhere('*powershell*'), { size: 0 }),
  'common part svc, counted': () => within(anywhere('*svc*'), { size: 0 }),
  'field equals': (i) => ofSource('System.Pslist', within({ term: { 'Name.keyword': of(names, i) } })),
  'range and wildcard on a source': () =>
    ofSource(
      'System.Pslist',
      within({ bool: { filter: [{ range: { Pid: { gt: 15_000 } } }, { wildcard: { 'Name.keyword': 'svc*' } }] } }),
    ),
  'timeline of logs, newest': () => ofSource('EventLogs.Evtx', within(everything, newest)),
  'timeline of logs, at a random time': (i) =>
    ofSource('EventLogs.Evtx', within({ range: { event_time: { lt: of(times, i) } } }, newest)),
  'stack Name of processes (2,200 values)': () => ofSource('System.Pslist', within(everything, top('Name.keyword'))),
  'stack EventID (5 values)': () => ofSource('EventLogs.Evtx', within(everything, top('EventID'))),
  'stack FileName (67,000 values)': () => ofSource('NTFS.MFT', within(everything, top('FileName.keyword'))),
  'seen by host, common, one tenant': (i) =>
    within(anywhere(quoted(of(common, i))), {
      size: 0,
      aggs: {
        hosts: {
          terms: { field: 'client.keyword', size: 1000 },
          aggs: { first: { min: { field: 'event_time' } }, last: { max: { field: 'event_time' } } },
        },
      },
    }),
}

/** The table of goals, with values that the rows hold. */
export const questions = (store: Pick<Store, 'hunt'>): Asked[] =>
  table(store).map((question) => {
    const openSearch = ofOpenSearch[question.name]
    return { ...question, ...(openSearch && { openSearch }) }
  })

const table = ({ hunt }: Pick<Store, 'hunt'>): Asked[] => [
  search('one exact value, all tenants', (i) => quoted(of(rare, i)), 2, all),
  search('one exact value, one tenant', (i) => quoted(of(rare, i)), 2),
  search('1,000 values: rows', (i) => of(lists, i).map(quoted).join(' OR '), 25),
  { name: '1,000 values: hosts', procedure: 'indicators.sweep', input: (i) => ({ values: of(lists, i) }), goal: 25 },
  search(`rare part ${planted.name}`, () => '*mimikatz*', 3),
  search('absent part', () => '*zzqxkv*', 3),
  search('part in another script', () => `*"${planted.note}"*`, 3),
  search('rare part _4711.dll', () => '*_4711.dll*', 3),
  search('rare part layoutlayout', () => '*layoutlayout*', 15),
  search('common part powershell, first 100', () => '*powershell*', 15, page),
  search('common part svc, first 100', () => '*svc*', 15, page),
  search('common part powershell, counted', () => '*powershell* | count', 150),
  search('common part svc, counted', () => '*svc* | count', 300),
  search('common exact value, first 100 and count', (i) => quoted(of(common, i)), 20),
  search('field equals', (i) => `${pslist} Name:${of(names, i)}`, 2),
  search('range and wildcard on a source', () => `${pslist} Pid:>15000 Name:svc*`, 16),
  search('timeline of logs, newest', () => evtx, 5),
  {
    ...search('timeline of logs, at a random time', () => evtx, 8),
    input: (i) => ({ query: evtx, limit: 100, to: of(times, i) }),
  },
  search('timeline of files, newest', () => mft, 5),
  {
    ...search('timeline of files, at a random time', () => mft, 8),
    input: (i) => ({ query: mft, limit: 100, to: of(times, i) }),
  },
  search('newest rows of all sources', () => '', 8),
  stack('stack Name of processes (2,200 values)', pslist, 'Name', [8, 2]),
  stack('stack EventID (5 values)', evtx, 'EventID', [8, 4]),
  stack('stack FileName (67,000 values)', mft, 'FileName', [40, 15]),
  stack('stack EventData.Image in a channel', `${evtx} Channel:*Sysmon*`, 'EventData.Image', [23, 8]),
  { name: 'histogram of logs', procedure: 'rows.histogram', input: () => ({ query: evtx, buckets: 90 }), goal: 14 },
  {
    name: 'seen by host, rare, all tenants',
    procedure: 'values.seen',
    input: (i) => ({ value: of(rare, i), tenant: 'all' }),
    goal: 2,
  },
  {
    name: 'seen by host, common, one tenant',
    procedure: 'values.seen',
    input: (i) => ({ value: of(common, i) }),
    goal: 20,
  },
  stack('hunt of 10,000 hosts: stack Name', '', 'Name', [40, 40], { tenant: hunt }),
  stack('hunt of 10,000 hosts: stack Name of a port', 'Raddr.Port:3389', 'Name', [40, 40], { tenant: hunt }),
  search('hunt of 10,000 hosts: filter', () => 'Raddr.Port:3389 Name:svc*', 40, { in: { tenant: hunt } }),
  search('page of 200 rows of many blocks', (i) => quoted(programs[30 + (i % 40)]!.sha256), 15, { limit: 200 }),
]
