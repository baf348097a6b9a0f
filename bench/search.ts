import { bed, connect, openSender, postgresUrls } from './bed.ts'
import { bareTable } from './copy.ts'
import { latency, timed } from './figures.ts'
import { watchLoop } from './loop.ts'
import { loadAverage } from './processes.ts'
import { hosts, programs } from './world.ts'

interface Page {
  total: number
  totalIsExact: boolean
}

interface Asked {
  name: string
  query: string
  /** The exact value in it that the scan looks for; none where no value is asked for. */
  value?: string
  from?: string
  to?: string
}

/** `rows.search` over many rows, against the same rows as jsonb: a scan of their text, and GIN on every key and value. */
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
      const { name: _name, value: _value, ...input } = question
      const first = await call<Page>('rows.search', input)
      await loop.held(server.pid)
      const times: number[] = []
      const scans: number[] = []
      const indexed: number[] = []
      for (let round = 0; round < rounds; round++) {
        times.push(await timed(() => call('rows.search', input)))
        if (question.value === undefined) continue
        if (round < 3) scans.push(await timed(() => bare.query(scanOf, [question.value])))
        if (round < 3) indexed.push(await timed(() => bare.query(indexedOf, [question.value])))
      }
      results.push({
        name: question.name,
        found: first.total,
        exact: first.totalIsExact,
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
  return [
    { name: 'a value of one row', query: rare, value: rare },
    { name: 'a value of many rows', query: common, value: common },
    { name: 'a value that no row has', query: 'nowhere.example.com', value: 'nowhere.example.com' },
    { name: 'host: and a value', query: `host:${host} ${common}` },
    { name: 'source: and a value', query: `source:Windows.System.Pslist ${common}` },
    { name: 'two values', query: `${common} "NT AUTHORITY\\SYSTEM"` },
    { name: 'a value in a week', query: common, from: '2026-07-01T00:00:00Z', to: '2026-07-08T00:00:00Z' },
    { name: 'newest rows, no value', query: '' },
    { name: 'host: alone', query: `host:${host}` },
  ]
}
