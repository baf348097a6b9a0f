import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { bed, connect, openSender, postgresUrls } from './bed.ts'
import { latency, spread, timed } from './figures.ts'
import { forgetPeak, loadAverage, memoryOf, postgresCpu, serverCpu } from './processes.ts'
import { questions } from './search-questions.ts'
import { openStore, serve, type Store } from './search-store.ts'

interface Options {
  /** Rows that are swept, and rows that arrive in each leg. */
  rows: number
  arriving: number
  pairs: number
  /** A folder of `search` whose rows are kept; what is written into it is removed again. */
  folder?: string | undefined
}

type Call = <T>(procedure: string, input: object) => Promise<T>
interface Processes {
  pid: number
  postmaster: number
}

const cpuOf = ({ pid, postmaster }: Processes) => serverCpu(pid) + postgresCpu(postmaster)
const rounded = (value: number) => Number(value.toPrecision(3))
const digest = (text: string) => createHash('sha256').update(text).digest('hex')

/** Sweeps of pasted values and of a new list over what is stored, and what a million active indicators cost ingestion. */
export async function indicators({ rows, arriving, pairs, folder }: Options) {
  const load = [loadAverage()]
  const { store, remove } = await openStore(rows, folder)
  try {
    const swept = await sweeps({ ...store, ...(folder && { dataDir: folder }) })
    load.push(loadAverage())
    const ingestion = await costOfMatching(arriving, pairs)
    load.push(loadAverage())
    return { rows: store.rows, load, ...swept, ingestion }
  } finally {
    remove()
  }
}

const listed = 100_000
const listName = 'bench: swept'

async function sweeps(store: Store) {
  const server = await serve(store, { ROLE: 'all' })
  const urls = postgresUrls(store.dataDir)
  const database = await connect(urls.superuser)
  const call = server.call as Call
  const clean = async () => {
    const lists = `select id from indicator_lists where name = '${listName}'`
    for (const table of ['indicator_hits', 'hushed_indicators'])
      await database.query(
        `delete from ${table} where indicator_id in (select id from indicators where list_id in (${lists}))`,
      )
    await database.query(`delete from indicator_sweeps where list_id in (${lists})`)
    await database.query(`delete from indicators where list_id in (${lists})`)
    await database.query(`delete from indicator_lists where name = '${listName}'`)
  }
  try {
    await clean()
    const pasted = await pastedValues(store, call, server)
    // All tenants match against it, so all stored rows are swept.
    const [, ...others] = store.tenants
    const list = await call<{ id: number; version: number }>('indicators.create', {
      name: listName,
      active: false,
      sharedWith: others,
      indicators: [],
    })
    for (let at = 0; at < listed; at += 10_000)
      await call('indicators.add', { id: list.id, indicators: indicatorsFrom(store, at) })
    await sleep(10_000)
    const idle = await searchTimes(store, call, 20)
    const { version } = await call<{ version: number }>('indicators.get', { id: list.id })
    const began = performance.now()
    const cpu = cpuOf(server)
    await call('indicators.update', { id: list.id, version, active: true })
    const meanwhile: number[] = []
    const ask = searcher(store, call)
    const left = () =>
      database.one(
        `select count(*) as n from indicator_lists l where l.id = $1 and (select count(*) from indicator_sweeps s
           where s.list_id = l.id and s.generation = l.generation and s.swept_to >= l.last_indicator) < $2`,
        [list.id, store.tenants.length],
      )
    while ((await left()) > 0) {
      meanwhile.push(await timed(ask))
      await sleep(100)
    }
    const seconds = rounded((performance.now() - began) / 1000)
    // Searches of the meantime are in it, and idle jobs.
    const cpuSeconds = rounded(cpuOf(server) - cpu)
    const hits = await database.one(
      'select count(*) as n from indicator_hits where indicator_id in (select id from indicators where list_id = $1)',
      [list.id],
    )
    const during = latency(meanwhile)
    return {
      pasted,
      list: {
        indicators: listed,
        seconds,
        cpuSeconds,
        goalCpuSeconds: 30,
        hits,
        search: { idle, during, slower: rounded(during.p50 / idle.p50), goal: 2 },
      },
    }
  } finally {
    await clean()
    await database.end()
    await server.stop()
  }
}

/** What the search benchmark plants is among them, so that hits are verified and kept too. */
function indicatorsFrom(store: Store, at: number) {
  const planted = at === 0 ? valuesOf(store, 0) : []
  return Array.from({ length: 10_000 }, (_, i) => ({
    kind: 'other',
    value: planted[i] ?? digest(`bench ${at + i}`),
  }))
}

const valuesOf = (store: Store, round: number) => {
  const asked = questions(store).find(({ procedure }) => procedure === 'indicators.sweep')!
  return (asked.input(round) as { values: string[] }).values
}

async function pastedValues(store: Store, call: Call, server: Processes) {
  for (let i = 0; i < 3; i++) await call('indicators.sweep', { values: valuesOf(store, i) })
  const cpu = cpuOf(server)
  const times: number[] = []
  for (let i = 0; i < 20; i++) times.push(await timed(() => call('indicators.sweep', { values: valuesOf(store, i) })))
  return { values: 1000, ms: latency(times), cpuMs: rounded(((cpuOf(server) - cpu) * 1000) / 20) }
}

function searcher(store: Store, call: Call) {
  let round = 0
  return () => call('rows.search', { query: `"${valuesOf(store, 0)[round++ % 1000]}"`, limit: 100 })
}

async function searchTimes(store: Store, call: Call, n: number) {
  const ask = searcher(store, call)
  const times: number[] = []
  for (let i = 0; i < n; i++) times.push(await timed(ask))
  return latency(times)
}

const active = 1_000_000
const patterns = 2000

/** The same rows arrive with and without lists, in turns; each leg ends when what arrived is matched. */
async function costOfMatching(rows: number, pairs: number) {
  const sender = await openSender(rows)
  const server = await bed()
  const database = await connect(postgresUrls(server.dataDir).superuser)
  try {
    await fillLists(database)
    const set = (on: boolean) => database.query('update indicator_lists set active = $1, version = version + 1', [on])
    const leg = async (run: string, on: boolean) => {
      await set(on)
      await sleep(15_000)
      await database.query('checkpoint')
      forgetPeak(server.pid)
      const before = cpuOf(server)
      await sender.order({ what: 'feed', base: server.base, token: server.account.token, run, connections: 2 })
      // The matching of what came last is a part of it; so are the other jobs of these seconds, in each leg alike.
      await sleep(10_000)
      return { cpu: cpuOf(server) - before, memory: memoryOf(server.pid) }
    }
    await leg('warm', false)
    const legs = []
    for (let pair = 0; pair < pairs; pair++)
      legs.push({ without: await leg(`${pair}-off`, false), with: await leg(`${pair}-on`, true) })
    return {
      rows,
      exact: active,
      patterns,
      cpuSeconds: {
        without: spread(legs.map((one) => one.without.cpu)),
        with: spread(legs.map((one) => one.with.cpu)),
      },
      cpuRatio: { ...spread(legs.map((one) => one.with.cpu / one.without.cpu)), goal: 1.1 },
      moreMemoryMb: {
        ...spread(legs.map((one) => one.with.memory.peakMb - one.without.memory.peakMb)),
        goal: 300,
      },
      hits: await database.one('select count(*) as n from indicator_hits'),
    }
  } finally {
    await database.end()
    await sender.close()
    await server.remove()
  }
}

/** Straight into the tables, as swept: what is measured is what arrives. Their hashes are as even as those of true values. */
async function fillLists({ query }: Awaited<ReturnType<typeof connect>>) {
  await query(`
insert into indicator_lists (tenant_id, name, active) values (1, 'exact', false), (1, 'patterns', false);
insert into indicators (tenant_id, list_id, kind, value, key, term)
  select 1, (select id from indicator_lists where name = 'exact'), 'sha256', sha256(n::text::bytea)::text, sha256(n::text::bytea),
    hashint8(n) from generate_series(1, ${active}) n;
insert into indicators (tenant_id, list_id, kind, match, value, key)
  select 1, (select id from indicator_lists where name = 'patterns'), 'other',
    (case when n % 2 = 0 then 'wildcard' else 'regex' end)::indicator_match,
    case when n % 2 = 0 then '*\\temp\\' || left(md5(n::text), 6) || 'x*.exe' else 'upd' || left(md5(n::text), 6) || '\\d{3}\\.example' end,
    sha256(('p' || n)::bytea) from generate_series(1, ${patterns}) n;
update indicator_lists l set last_indicator = (select max(id) from indicators i where i.list_id = l.id);
insert into indicator_sweeps (tenant_id, owner_tenant_id, list_id, generation, swept_to)
  select 1, 1, id, generation, last_indicator from indicator_lists;
analyze indicators`)
}
