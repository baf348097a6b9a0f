import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  firstAccount,
  freePort,
  postgresPid,
  startServer,
  untilReady,
  type TestServer,
} from '../apps/server/src/testing.ts'
import { collectionsOf, faultsOf, openLedger, type Ledger } from './ledger.ts'
import { post } from './post.ts'
import { withChildren } from './processes.ts'
import {
  elastic,
  events,
  feed,
  feedFlow,
  logscale,
  splunk,
  webdav,
  type Kind,
  type Told,
  type World,
} from './real-senders.ts'

export type CallOf = <T>(path: string, input?: unknown) => Promise<T>

export interface ChaosReport extends Told {
  weather: Record<string, number>
  cutConnections: number
  rows: { sent: number; acknowledged: number; dropped: number; stored: number }
  /** Flows of which a sender gave rows up; each is listed as incomplete, and asked for again. */
  missing: number
  /** Each names what was lost, doubled, changed or not stated; empty when nothing was. */
  faults: string[]
}

const kinds: Kind[] = ['feed', 'events', 'elastic', 'splunk', 'logscale', 'webdav']
const cutEveryMs = 100

interface Bed {
  server: TestServer
  dataDir: string
  port: number
  call: CallOf
  tokens: Map<Kind, { id: number; token: string }>
}

/**
 * Every real sender at once against the real server, while server and database are killed, the database stops answering,
 * tokens are revoked and connections are cut. At the end every row that was acknowledged is there once, and what a sender
 * gave up is stated as missing.
 */
export async function chaos({ seconds, scale = 1 }: { seconds: number; scale?: number }): Promise<ChaosReport> {
  const dataDir = mkdtempSync(join(tmpdir(), 'velocicompanion-chaos-'))
  const port = await freePort()
  const bed = await openBed(dataDir, port)
  const end = () => bed.server.process.kill()
  process.once('exit', end)
  try {
    return await run(bed, seconds, scale)
  } finally {
    process.off('exit', end)
    await bed.server.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

async function openBed(dataDir: string, port: number): Promise<Bed> {
  const server = await startServer(dataDir, port)
  const account = await firstAccount(server.base)
  const call: CallOf = async (path, input) => {
    try {
      return await account.call(path, input)
    } catch {
      await untilReady(server.base)
      await account.signIn(account.who.username, account.who.password)
      return account.call(path, input)
    }
  }
  const bed: Bed = { server, dataDir, port, call, tokens: new Map() }
  for (const kind of kinds) await newToken(bed, kind)
  return bed
}

async function newToken({ call, tokens }: Bed, kind: Kind) {
  const name = `${kind} ${crypto.randomUUID()}`
  tokens.set(kind, await call('tokens.create', { name, scope: 'ingest', server: 'velociraptor', orgId: 'root' }))
}

async function run(bed: Bed, seconds: number, scale: number): Promise<ChaosReport> {
  const until = Date.now() + seconds * 1000
  const ledger = openLedger()
  const told: Told = { requests: 0, answers: {}, dropped: {} }
  let ending = false
  const world: World = {
    base: bed.server.base,
    ledger,
    token: (kind) => bed.tokens.get(kind)!.token,
    ending: () => ending,
    cuts: 0.1,
    scale,
    told,
  }
  const running = Promise.all([feed, events, elastic, splunk, logscale, webdav].map((sender) => sender(world)))
  const cutter = cutConnections(world)
  running.catch(() => {})
  const weather = await storm(bed, until)
  ending = true
  world.cuts = 0
  await running
  const cut = await cutter
  await importsDone(bed.call)
  const { faults, stored } = await faultsOf(bed.call, ledger)
  const counts = (['acknowledged', 'dropped'] as const).map((state) => ledger.count(state))
  const missing = await statedAsMissing(bed, world, faults)
  for (const why of Object.keys(told.dropped).filter((one) => !mayDrop(one))) faults.push(`made to drop rows: ${why}`)
  const [acknowledged = 0, dropped = 0] = counts
  const rows = { sent: ledger.rows.size, acknowledged, dropped, stored }
  return { ...told, weather, cutConnections: cut, rows, missing, faults: faults.slice(0, 50) }
}

/** An edit of its settings, a token that is refused, and Splunk's and WebDAV's senders, which keep nothing by themselves. */
const mayDrop = (why: string) => /^(splunk|webdav) | edit$|^logscale 401$/.test(why)

const storms = ['kill server', 'stop postgres', 'kill postgres', 'revoke'] as const

async function storm(bed: Bed, until: number) {
  const weather: Record<string, number> = {}
  for (let i = 0; Date.now() < until || i < storms.length; i++) {
    await sleep(1000 + Math.random() * 2000)
    const which = storms[i % storms.length]!
    weather[which] = (weather[which] ?? 0) + 1
    await blow(bed, which)
  }
  return weather
}

async function blow(bed: Bed, which: (typeof storms)[number]) {
  if (which === 'kill server') {
    bed.server.process.kill('SIGKILL')
    await once(bed.server.process, 'exit')
    bed.server = await startServer(bed.dataDir, bed.port)
  } else if (which === 'kill postgres') {
    process.kill(postgresPid(bed.dataDir), 'SIGKILL')
    await sleep(50)
    await untilReady(bed.server.base)
  } else if (which === 'stop postgres') {
    const pids = withChildren(postgresPid(bed.dataDir))
    for (const pid of pids) send(pid, 'SIGSTOP')
    await sleep(9000)
    for (const pid of pids) send(pid, 'SIGCONT')
    await untilReady(bed.server.base)
  } else {
    const kind = kinds[Math.floor(Math.random() * kinds.length)]!
    await bed.call('tokens.revoke', { id: bed.tokens.get(kind)!.id })
    await sleep(3000)
    await newToken(bed, kind)
  }
}

/** A backend may end while it is looked at. */
function send(pid: number, signal: NodeJS.Signals) {
  try {
    process.kill(pid, signal)
  } catch {
    // It is gone.
  }
}

/** Ten a second, each in the middle of a body; every thirtieth is long enough for a part of it to be stored. */
async function cutConnections(world: World) {
  let cut = 0
  for (; !world.ending(); cut++) {
    const flow = world.ledger.flow(`F.CUT${cut}`, 'C.00000000000000cc', 'Custom.Chaos.cut')
    const rows = world.ledger.more(flow, cut % 30 === 0 ? 4000 : 30)
    const from = { org_id: 'root', org_name: '<root>', client_id: flow.client, flow_id: flow.id, hunt_id: '' }
    const head = { kind: 'batch', version: 1, ...from, artifact: flow.artifact, start_row: 0, rows: rows.length }
    const headers = { authorization: `Bearer ${world.token('feed')}` }
    const body = `${JSON.stringify(head)}\n${rows.join('\n')}\n`
    await Promise.all([
      post({ url: `${world.base}/api/ingestion/rows`, headers, body, cutAt: 0.5 + Math.random() / 2 }),
      sleep(cutEveryMs),
    ])
  }
  return cut
}

async function importsDone(call: CallOf) {
  const until = Date.now() + 120_000
  for (;;) {
    const listed = await call<{ rows: { state: string; error: string | null }[] }>('ingestion.imports', { limit: 200 })
    // What a sender gave up is stated there too, and never was an import.
    const rows = listed.rows.filter(({ error }) => !error?.startsWith('not taken in'))
    if (rows.every(({ state }) => state === 'done')) return
    const failed = rows.find(({ state }) => state !== 'done' && state !== 'waiting' && state !== 'running')
    if (failed || Date.now() > until) throw new Error(`imports do not end: ${JSON.stringify(failed ?? rows[0])}`)
    await sleep(200)
  }
}

/** Sends Velociraptor's list of its flows, looks for those that lack rows, and sends again what the answer asks for. */
async function statedAsMissing(bed: Bed, world: World, faults: string[]) {
  const lacking = lackingOf(world.ledger)
  const listed = world.ledger.flows.filter(
    ({ id, rows }) => /^F\.(ELASTIC|SPLUNK|LOGSCALE)/.test(id) && rows.length > 0,
  )
  const ids = () =>
    collectionsOf(bed.call, { incomplete: true }).then((found) => new Set(found.map(({ flowId }) => flowId)))
  const asked = await reconcile(world, listed)
  const incomplete = await ids()
  for (const id of lacking) if (!incomplete.has(id)) faults.push(`not stated as missing: ${id}`)
  const again = listed.filter(({ id }) => asked.has(id))
  for (const flow of again) if (!(await feedFlow(world, flow))) faults.push(`could not be sent again: ${flow.id}`)
  const after = await ids()
  for (const { id } of again) if (after.has(id)) faults.push(`still incomplete: ${id}`)
  return lacking.length
}

const lackingOf = ({ rows }: Ledger) => [
  ...new Set(
    [...rows.values()]
      .filter(({ state, flow }) => state === 'dropped' && !flow.id.startsWith('F.WEBDAV'))
      .map(({ flow }) => flow.id),
  ),
]

async function reconcile(world: World, flows: ReturnType<typeof openLedger>['flows']) {
  const time = (Date.now() - 3_600_000) * 1000
  const lines = flows.map(({ id, client, rows, artifact }) =>
    JSON.stringify({
      client_id: client,
      flow_id: id,
      hunt_id: '',
      state: 'FINISHED',
      create_time: time,
      active_time: time,
      total_collected_rows: rows.length,
      total_uploaded_files: 0,
      artifacts_with_results: [artifact],
    }),
  )
  const head = { kind: 'reconcile', version: 1, org_id: 'root', org_name: '<root>', page: 1, pages: 1 }
  const { text } = await post({
    url: `${world.base}/api/ingestion/rows`,
    headers: { authorization: `Bearer ${world.token('feed')}` },
    body: `${[JSON.stringify({ ...head, flows: flows.length, total: flows.length }), ...lines].join('\n')}\n`,
  })
  const { resend = [] } = JSON.parse(text) as { resend?: { flow_id: string }[] }
  return new Set(resend.map(({ flow_id }) => flow_id))
}
