import { bed, connect, postgresUrls } from './bed.ts'
import { latency, timed } from './figures.ts'
import { loadAverage } from './processes.ts'

interface Page {
  rows: { id: number }[]
  nextCursor: string | null
  total: number
}

/** Each has two collections of three sources, of which every tenth lacks rows. */
const collectionsOfHost = 2

/** `hosts.list` and `collections.list` over many hosts, each against a plain first page of the same table. */
export async function hosts(count: number, rounds: number) {
  const server = await bed()
  const urls = postgresUrls(server.dataDir)
  const database = await connect(urls.superuser)
  const { call } = server.account
  try {
    const tenant = await database.one('select tenant_id as n from velociraptor_servers')
    await fill(database.query, tenant, count)
    const load = [loadAverage()]
    const deep = (await placesOf((cursor) => call<Page>('hosts.list', { limit: 200, cursor }), 40)).at(-1)
    const measured = []
    for (const { procedure, name, input } of asked(deep)) {
      const page = await call<Page>(procedure, input)
      const times: number[] = []
      const plain: number[] = []
      for (let round = 0; round < rounds; round++) {
        times.push(await timed(() => call(procedure, input)))
        plain.push(
          await timed(() => database.query('select * from hosts where tenant_id = $1 order by id limit 50', [tenant])),
        )
      }
      const took = latency(times)
      const ofPlain = Number((took.p50 / latency(plain).p50).toFixed(1))
      measured.push({ procedure, name, total: page.total, rows: page.rows.length, ...took, ofPlain })
    }
    load.push(loadAverage())
    return { hosts: count, collections: count * collectionsOfHost, rounds, load, measured }
  } finally {
    await database.end()
    await server.remove()
  }
}

const asked = (deep: string | undefined) => [
  { procedure: 'hosts.list', name: 'first page, last seen', input: {} },
  { procedure: 'hosts.list', name: 'first page, by name', input: { sort: 'hostname', order: 'asc' } },
  { procedure: 'hosts.list', name: 'page 41 of 200 by cursor', input: { limit: 200, cursor: deep } },
  { procedure: 'hosts.list', name: 'a word in a name: many', input: { query: 'ws-1' } },
  { procedure: 'hosts.list', name: 'a word in a name: one', input: { query: 'ws-77777.corp' } },
  { procedure: 'hosts.list', name: 'by label', input: { label: 'dmz' } },
  { procedure: 'hosts.list', name: 'by system', input: { os: 'linux' } },
  { procedure: 'collections.list', name: 'first page', input: {} },
  { procedure: 'collections.list', name: 'incomplete', input: { incomplete: true } },
  { procedure: 'collections.list', name: 'of a client', input: { clientId: 'C.0000000000004242' } },
  { procedure: 'collections.list', name: 'of a hunt', input: { huntId: 'H.BENCH' } },
]

/** Where the first `pages` pages end. */
async function placesOf(read: (cursor: string | undefined) => Promise<Page>, pages: number) {
  const places: string[] = []
  while (places.length < pages) {
    const { nextCursor } = await read(places.at(-1))
    if (nextCursor === null) break
    places.push(nextCursor)
  }
  return places
}

async function fill(query: Awaited<ReturnType<typeof connect>>['query'], tenant: number, count: number) {
  await query(`insert into hosts (tenant_id, server_id, client_id, hostname, fqdn, os, ip_address, labels, last_seen)
    select ${tenant}, (select id from velociraptor_servers where tenant_id = ${tenant}), 'C.' || lpad(n::text, 16, '0'),
      'WS-' || n, 'ws-' || n || '.corp.example.com', case n % 5 when 0 then 'linux' else 'windows' end,
      '10.' || n % 250 || '.' || n / 250 % 250 || '.1', case n % 50 when 0 then '{dmz}'::text[] else '{}' end,
      now() - n % 86400 * interval '7 seconds'
    from generate_series(1, ${count}) n`)
  await query(
    `insert into sources (tenant_id, name) select ${tenant}, 'Bench.Source/' || n from generate_series(1, 3) n`,
  )
  await query(`insert into collections (tenant_id, host_id, flow_id, hunt_id, rows_expected, updated_at)
    select tenant_id, id, 'F.' || id || '.' || n, case when id % 20 = 0 then 'H.BENCH' end, 300, now() - id % 50000 * interval '9 seconds'
    from hosts, generate_series(1, ${collectionsOfHost}) n where tenant_id = ${tenant}`)
  await query(`insert into collection_sources (tenant_id, collection_id, source_id, rows_expected, received, rows_stored)
    select c.tenant_id, c.id, s.id, 100, int8multirange(int8range(0, got)), got
    from collections c join sources s using (tenant_id), lateral (select case when c.id % 10 = 0 and s.id % 3 = 0 then 60 else 100 end as got) g
    where tenant_id = ${tenant}`)
  await query('vacuum analyze')
}
