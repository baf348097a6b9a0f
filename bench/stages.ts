import { mkdtempSync, rmSync } from 'node:fs'
import { Session, type Profiler } from 'node:inspector/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packPrepared } from '../packages/api/src/evidence/packed.ts'
import { prepareBlocks } from '../packages/api/src/evidence/prepare.ts'
import { bed, connect, openSender, postgresUrls } from './bed.ts'
import { linesOf, readDeliveries, writeDeliveries } from './deliveries.ts'
import { loadAverage, postgresCpu, serverCpu } from './processes.ts'

/** What each stage of ingestion costs, in microseconds of CPU for a row. */
export async function stages(rows: number) {
  return { load: loadAverage(), worker: await prepared(rows), storing: await stored(rows) }
}

/** By the file in which the time is spent; the first that fits. JSON.parse counts for what calls it. */
const stageOf: [stage: string, file: RegExp][] = [
  ['terms and indicators', /evidence\/(terms|indicators)\.ts$/],
  ['grams', /evidence\/grams\.ts$/],
  ['columns', /evidence\/(columns|ints|event-times)\.ts$/],
  ['zstd', /zlib|evidence\/(bytes|frames)\.ts$/],
  ['parse and lines', /evidence\/(prepare|json)\.ts$/],
  ['encode leaves and text', /evidence\/(block|text|fields|times)\.ts$/],
]

/** Rows prepared in this process as a worker does it, under the profiler: microseconds of a row by stage. */
async function prepared(rows: number) {
  const folder = mkdtempSync(join(tmpdir(), 'velocicompanion-stages-'))
  try {
    writeDeliveries(folder, rows)
    const loaded = readDeliveries(folder)
    const target = new Uint8Array(new SharedArrayBuffer(2_000_000))
    const all = () => {
      for (const delivery of loaded.index.deliveries)
        packPrepared(prepareBlocks(linesOf(loaded, delivery), { termKey: Buffer.alloc(32, 7), receivedAt: 0 }), target)
    }
    all()
    const session = new Session()
    session.connect()
    await session.post('Profiler.enable')
    await session.post('Profiler.start')
    const before = process.cpuUsage()
    all()
    const { user, system } = process.cpuUsage(before)
    const { profile } = await session.post('Profiler.stop')
    session.disconnect()
    const perRow = (micros: number) => Number((micros / loaded.index.rows).toFixed(2))
    const seen = Object.entries(byStage(profile)).toSorted(([, a], [, b]) => b - a)
    const sum = seen.reduce((all, [, n]) => all + n, 0)
    // The profiler sees time on the clock, also while something else has the processor: shares of it are what counts.
    const micros = seen.map(([stage, n]) => [stage, perRow((n / sum) * (user + system))])
    return { all: perRow(user + system), ...Object.fromEntries(micros) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Microseconds on the clock in which this thread was seen in each stage: what is built in counts for what called it. */
function byStage({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile) {
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)))
  const nodeOf = new Map(nodes.map((node) => [node.id, node]))
  const stages = new Map<number, string>()
  const find = (id: number): string => {
    const { functionName, url } = nodeOf.get(id)!.callFrame
    if (functionName === '(garbage collector)') return 'garbage'
    const known = stageOf.find(([, file]) => file.test(url))?.[0]
    const parent = parents.get(id)
    return known ?? (parent === undefined ? 'rest' : find(parent))
  }
  const sums: Record<string, number> = {}
  for (const [i, id] of samples.entries()) {
    const stage = stages.get(id) ?? find(id)
    stages.set(id, stage)
    sums[stage] = (sums[stage] ?? 0) + timeDeltas[i]!
  }
  return sums
}

/** Through HTTP with one connection: the server's processes, PostgreSQL, and of that what the index of terms takes. */
async function stored(rows: number) {
  const sender = await openSender(rows)
  const server = await bed()
  const database = await connect(postgresUrls(server.dataDir).superuser)
  const perRow = (seconds: number) => Number(((seconds * 1e6) / sender.index.rows).toFixed(1))
  const leg = async (run: string, after = '') => {
    await database.query('checkpoint')
    const before = { server: serverCpu(server.pid), postgres: postgresCpu(server.postmaster) }
    await sender.order({ what: 'feed', base: server.base, token: server.account.token, run, connections: 1 })
    if (after) await database.query(after)
    return {
      server: perRow(serverCpu(server.pid) - before.server),
      postgres: perRow(postgresCpu(server.postmaster) - before.postgres),
    }
  }
  try {
    await leg('first')
    const whole = await leg('whole', takeIn)
    await database.query('drop index blocks_terms')
    const without = await leg('without')
    return { ...whole, ofThatGin: Number((whole.postgres - without.postgres).toFixed(1)) }
  } finally {
    await database.end()
    await sender.close()
    await server.remove()
  }
}

/** What GIN has put off is part of the price. */
const takeIn = `select gin_clean_pending_list(c.oid) from pg_class c join pg_am a on a.oid = c.relam
  where a.amname = 'gin' and c.relkind = 'i' and c.relname ~ '^blocks_[0-9]+_terms'`
