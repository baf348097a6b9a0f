import { bed, connect, openSender, postgresUrls } from './bed.ts'
import { bareTable } from './copy.ts'
import { latency, timed } from './figures.ts'
import { watchLoop } from './loop.ts'
import { loadAverage } from './processes.ts'
import { hosts, programs } from './world.ts'

interface Answer {
  total?: number
  totalIsExact?: boolean
  rows?: number | unknown[]
  hits?: unknown[]
}

interface Asked {
  name: string
  /** `rows.search` unless told. */
  procedure?: string
  input: object
  /** The exact value in it that the scan looks for; none where no value is asked for. */
  value?: string
}

/** What an answer counted. */
const foundOf = ({ total, hits, rows }: Answer) => total ?? hits?.length ?? (typeof rows === 'number' ? rows : 0)

/** Questions over many rows; an exact value also against the same rows as jsonb: a scan of their text, and GIN on every key and value. */
export async function search(rows: number, rounds: number) {
  const loop = watchLoop()
  const sender = await openSender(rows)
  const server = await bed()
  const urls = postgresUrls(server.dataDir)
  const bare = await connect(urls.login)
  const { call, token } = server.account
  try {
    await sender.order({ what: 'feed', base: server.base, token, run: 'search', connections: 2 })
    await bare.query(bareTable)
    await sender.order({ what: 'copy', url: urls.login, connections: 1 })
    await bare.query('set maintenance_work_mem = 1000000; create index on bare using gin (row); analyze bare')
    const database = await connect(urls.superuser)
    await database.query('vacuum analyze')
    await database.query('checkpoint')
    await database.end()
    const load = [loadAverage()]
    const asked = await questions(bare)
    const results = []
    for (const question of asked) {
      const { input, procedure = 'rows.search' } = question
      const first = await call<Answer>(procedure, input)
      await loop.held(server.pid)
      const times: number[] = []
      const scans: number[] = []
      const indexed: number[] = []
      for (let round = 0; round < rounds; round++) {
        times.push(await timed(() => call(procedure, input)))
        if (question.value === undefined) continue
        if (round < 3) scans.push(await timed(() => bare.query(scanOf, [question.value])))
        if (round < 3) indexed.push(await timed(() => bare.query(indexedOf, [question.value])))
      }
      results.push({
        name: question.name,
        found: foundOf(first),
        exact: first.totalIsExact ?? true,
        search: latency(times),
        loopHeldMs: await loop.held(server.pid),
        ...(question.value !== undefined && {
          scan: { ms: latency(scans), ofSearch: ratio(scans, times) },
          jsonbGin: { ms: latency(indexed), ofSearch: ratio(indexed, times) },
        }),
      })
    }
    load.push(loadAverage())
    return { rows: sender.index.rows, rounds, load, results }
  } finally {
    await bare.end()
    await sender.close()
    await server.remove()
    loop.close()
  }
}

/** How many times as long as the search: above 1, the search is faster. */
const ratio = (others: number[], times: number[]) => Number((latency(others).p50 / latency(times).p50).toFixed(2))

/** What a person without an index would ask: the text of every row. It also finds the value as a part of another. */
const scanOf = `select count(*) as n from bare where position(lower($1) in lower(row::text)) > 0`
/** What jsonb's own index can answer: a leaf that is exactly this, in this case. */
const indexedOf = `select count(*) as n from bare where row @? format('$.** ? (@ == %s)', to_json($1::text))::jsonpath`

type Connected = Awaited<ReturnType<typeof connect>>

/** Values from the rows themselves, so that what is rare and what is common is so in this data. */
async function questions({ query }: Connected): Promise<Asked[]> {
  const { rows } = await query<{ value: string }>(
    `select row->>'FileName' as value from bare where row->>'FileName' ~ '^[0-9a-f]{8}\\.tmp$' limit 1`,
  )
  const rare = rows[0]!.value
  const common = programs[0]!.name
  const host = hosts[3]!.clientId
  const { rows: values } = await query<{ value: string }>(
    `select distinct row->>'SHA256' as value from bare where row ? 'SHA256' limit 50`,
  )
  const unknown = Array.from({ length: 1000 - values.length }, (_, i) => `nothing-${i}.example.net`)
  const swept = [...values.map(({ value }) => value), ...unknown]
  const search = (name: string, text: string, more: Partial<Asked> = {}): Asked => ({
    name,
    input: { query: text, limit: 100 },
    ...more,
  })
  const stack = (field: string) => ({
    name: `stack of ${field}`,
    procedure: 'rows.stack',
    input: { query: '', fields: [field], limit: 100 },
  })
  const week = { from: '2026-07-01T00:00:00Z', to: '2026-07-08T00:00:00Z' }
  return [
    search('a value of one row', rare, { value: rare }),
    search('a value of many rows', common, { value: common }),
    search('a value that no row has', 'nowhere.example.com', { value: 'nowhere.example.com' }),
    search('host: and a value', `host:${host} ${common}`),
    search('source: and a value', `source:Windows.System.Pslist ${common}`),
    search('two values', `${common} "NT AUTHORITY\\SYSTEM"`),
    { name: 'a value in a week', input: { query: common, limit: 100, ...week } },
    search('newest rows, no value', ''),
    search('host: alone', `host:${host}`),
    search('a rare part of a value', `*${rare.slice(1, 9)}*`),
    search('a part that no row has', '*zzqxkv*'),
    search('a part in another script', '*überprüfung*'),
    search('a common part, first 100', '*svchost*'),
    search('a common part, counted', '*svchost* | count'),
    search('a regular expression', '/svc[a-z]+\\.exe$/ | count'),
    search('a field is a value', `source:Windows.System.Pslist Name:${common}`),
    search('a range and a wildcard on a source', 'source:Windows.System.Pslist Pid:>5000 Name:svc*'),
    search('NOT and OR', `(Name:${common} OR EventID:4624) NOT host:${host}`),
    stack('Name'),
    stack('EventID'),
    stack('FullPath'),
    { name: 'histogram', procedure: 'rows.histogram', input: { query: '' } },
    { name: 'seen, rare', procedure: 'values.seen', input: { value: rare } },
    { name: 'seen, common', procedure: 'values.seen', input: { value: common } },
    { name: 'sweep of 1,000 values', procedure: 'indicators.sweep', input: { values: swept } },
  ]
}
