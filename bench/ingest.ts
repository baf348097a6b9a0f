import { setTimeout as sleep } from 'node:timers/promises'
import { bed, connect, openSender, postgresUrls } from './bed.ts'
import { bareTable } from './copy.ts'
import { spread } from './figures.ts'
import { forgetPeak, loadAverage, memoryOf, postgresCpu, serverCpu } from './processes.ts'
import type { Order } from './sender.ts'

type Bed = Awaited<ReturnType<typeof bed>>

interface Leg {
  connections: number
  seconds: number
  serverCpu: number
  postgresCpu: number
}

/** Rows through HTTP into evidence blocks, against a bare COPY of the same lines on the same PostgreSQL, in turns. */
export async function ingest(rows: number, pairs: number, flowRows?: number) {
  const sender = await openSender(rows, flowRows)
  const server = await bed()
  const urls = postgresUrls(server.dataDir)
  const database = await connect(urls.superuser)
  const bare = await connect(urls.login)
  const load = [loadAverage()]
  try {
    const copies: Leg[] = []
    const feeds: Leg[] = []
    const feed = (run: string, connections: number): Order => ({
      what: 'feed',
      base: server.base,
      token: server.account.token,
      run,
      connections,
    })
    const leg = async (order: Order) => {
      await database.query('checkpoint')
      return measured(server, order.connections, () => sender.order(order))
    }
    forgetPeak(server.pid)
    let diskBytes = 0
    for (let pair = 0; pair < pairs; pair++) {
      for (const connections of [1, 2]) {
        await bare.query(bareTable)
        copies.push(await leg({ what: 'copy', url: urls.login, connections }))
        const before = await evidenceBytes(database)
        feeds.push(await leg(feed(`${pair}-${connections}`, connections)))
        diskBytes = (await evidenceBytes(database)) - before
      }
    }
    const memory = memoryOf(server.pid)
    await database.query("alter system set track_functions = 'pl'")
    await database.query('select pg_reload_conf()')
    const again = await leg(feed(`${pairs - 1}-2`, 1))
    await sleep(statsMs)
    const repeat = await database.query<Repeat>(repeats)
    const cleanup = await cleanUp(server, database)
    load.push(loadAverage())
    const { bytes, deliveries, meanRows, rows: sent } = sender.index
    return {
      sent: { rows: sent, rawMb: Math.round(bytes / 1e6), deliveries: deliveries.length, meanRows },
      pairs,
      load,
      ...compared(copies, feeds),
      pendingCleanupCpu: cleanup,
      disk: { ofRaw: Number((diskBytes / bytes).toFixed(3)), bareOfRaw: await bareSize(database, bytes) },
      repeat: {
        seconds: again.seconds,
        ofFirst: ratio(again.seconds, feeds.at(-2)!.seconds),
        cpuOfFirst: ratio(again.serverCpu + again.postgresCpu, feeds.at(-2)!.serverCpu + feeds.at(-2)!.postgresCpu),
        notedMs: repeat.rows[0],
      },
      serverMemoryMb: memory,
    }
  } finally {
    await database.end()
    await bare.end()
    await sender.close()
    await server.remove()
  }
}

const ratio = (a: number, b: number) => Number((a / b).toFixed(3))

async function measured({ pid, postmaster }: Bed, connections: number, work: () => Promise<number>): Promise<Leg> {
  const before = { server: serverCpu(pid), postgres: postgresCpu(postmaster) }
  const seconds = Number(((await work()) / 1000).toFixed(2))
  return {
    connections,
    seconds,
    serverCpu: Number((serverCpu(pid) - before.server).toFixed(2)),
    postgresCpu: Number((postgresCpu(postmaster) - before.postgres).toFixed(2)),
  }
}

/** Each ratio is of a pair that ran one after the other: above 1, ingestion is faster or cheaper. */
function compared(copies: Leg[], feeds: Leg[]) {
  const of = (connections: number, legs: Leg[]) => legs.filter((leg) => leg.connections === connections)
  const pairs = (a: Leg[], b: Leg[], what: (copy: Leg, feed: Leg) => number) =>
    spread(a.map((copy, i) => what(copy, b[i]!)))
  const wall = (copy: Leg, feed: Leg) => copy.seconds / feed.seconds
  const cpu = (copy: Leg, feed: Leg) => copy.postgresCpu / (feed.postgresCpu + feed.serverCpu)
  const figures = (legs: Leg[]) => ({
    seconds: spread(legs.map((leg) => leg.seconds)),
    serverCpu: spread(legs.map((leg) => leg.serverCpu)),
    postgresCpu: spread(legs.map((leg) => leg.postgresCpu)),
  })
  return {
    wallRatio: {
      oneSenderToOneCopy: pairs(of(1, copies), of(1, feeds), wall),
      twoSendersToOneCopy: pairs(of(1, copies), of(2, feeds), wall),
      twoSendersToTwoCopies: pairs(of(2, copies), of(2, feeds), wall),
    },
    cpuRatio: { one: pairs(of(1, copies), of(1, feeds), cpu), two: pairs(of(2, copies), of(2, feeds), cpu) },
    copy: { one: figures(of(1, copies)), two: figures(of(2, copies)) },
    feed: { one: figures(of(1, feeds)), two: figures(of(2, feeds)) },
  }
}

type Connected = Awaited<ReturnType<typeof connect>>

/** Everything that rows cost on disk: tables, their TOAST and their indexes. */
const evidenceBytes = ({ one }: Connected) =>
  one(`select sum(pg_total_relation_size(c.oid)) as n from pg_class c where c.relkind = 'r'
    and (c.relname ~ '^(blocks|block_columns)_' or c.relname in ('runs', 'deliveries', 'fields', 'collection_sources', 'collections'))`)

const bareSize = async ({ one }: Connected, bytes: number) =>
  Number(((await one(`select pg_total_relation_size('bare') as n`)) / bytes).toFixed(3))

/** A backend tells what it did a second later at the latest, when it is idle. */
const statsMs = 2000

/** What the one statement of a delivery that came before takes in PostgreSQL: all but the begin and the commit, which waits for no disk. */
interface Repeat {
  calls: number
  mean: number
}
const repeats = `select calls::int, round((total_time / nullif(calls, 0))::numeric, 3)::float as mean from pg_stat_user_functions
  where funcname = 'note_repeat'`

/** What GIN put off: CPU seconds to take the pending entries of all runs into the index. */
async function cleanUp({ postmaster }: Bed, database: Connected) {
  const before = postgresCpu(postmaster)
  await database.query(`select gin_clean_pending_list(c.oid) from pg_class c join pg_am a on a.oid = c.relam
    where a.amname = 'gin' and c.relkind = 'i' and c.relname ~ '^blocks_[0-9]+_terms'`)
  return Number((postgresCpu(postmaster) - before).toFixed(2))
}
