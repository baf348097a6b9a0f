import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  firstAccount,
  freePort,
  postgresPid,
  sendRows,
  startServer,
  untilReady,
  type TestServer,
} from '../apps/server/src/testing.ts'

export interface CrashReport {
  kills: { server: number; postgres: number }
  /** Requests that were answered 2xx, and attempts that it took. */
  acknowledged: number
  attempts: number
  /** Attempts beyond the first, of requests that were not answered. */
  retried: number
  rows: number
  /** Each names what was lost, doubled or changed; empty when nothing was. */
  faults: string[]
}

interface Flow {
  id: string
  client: string
  /** Row texts that were acknowledged, by row number. */
  sent: string[]
}

const batchRows = 25
const senders = 3
const artifact = 'Custom.Crash.Rows'

const rowText = (flow: string, n: number) =>
  `{"n":${n},"flow":"${flow}","exact":9007199254740993,"minus":-0,"text":"${'ä<&'.repeat(n % 7)}","at":"2026-11-24T06:56:27Z"}`

/**
 * Kills the server or its PostgreSQL at random moments under load, each time brings it back, and at the end reads every
 * row that was acknowledged: each must be there exactly once, with the bytes that were sent.
 */
export async function crash(kills: number): Promise<CrashReport> {
  const dataDir = mkdtempSync(join(tmpdir(), 'velocicompanion-crash-'))
  const port = await freePort()
  let server = await startServer(dataDir, port)
  const report: CrashReport = {
    kills: { server: 0, postgres: 0 },
    acknowledged: 0,
    attempts: 0,
    retried: 0,
    rows: 0,
    faults: [],
  }
  try {
    const account = await firstAccount(server.base)
    const load = startLoad(server.base, account.token, report)
    for (let i = 0; i < kills; i++) {
      await progress(report)
      await sleep(Math.random() * 900)
      // Half of them each, and both kinds even in a short run.
      server = await killOne(server, port, i % 2 === 0 ? 'server' : 'postgres', report)
    }
    await progress(report)
    const flows = await load.finish()
    await account.signIn(account.who.username, account.who.password)
    await verify(account.call, flows, report)
  } finally {
    await server.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
  return report
}

/** Waits until the load got through again, so that each kill hits work under way. */
async function progress(report: CrashReport) {
  const before = report.acknowledged
  const until = Date.now() + 60_000
  while (report.acknowledged < before + senders) {
    if (Date.now() > until) throw new Error('no request gets through')
    await sleep(10)
  }
}

async function killOne(server: TestServer, port: number, which: 'server' | 'postgres', report: CrashReport) {
  report.kills[which]++
  if (which === 'postgres') {
    process.kill(postgresPid(server.dataDir), 'SIGKILL')
    await sleep(50)
    await untilReady(server.base)
    return server
  }
  server.process.kill('SIGKILL')
  await once(server.process, 'exit')
  return startServer(server.dataDir, port)
}

function startLoad(base: string, token: string, report: CrashReport) {
  const flows: Flow[] = []
  let ending = false
  const sender = async (number: number) => {
    for (let round = 0; !ending; round++) {
      const flow: Flow = { id: `F.CRASH${number}X${round}`, client: `C.00000000000000${number}0`, sent: [] }
      flows.push(flow)
      for (let batch = 0; batch < 8 && !ending; batch++) await sendBatch(flow)
    }
  }
  const sendBatch = async (flow: Flow) => {
    const start = flow.sent.length
    const rows = Array.from({ length: batchRows }, (_, i) => rowText(flow.id, start + i))
    const who = { org_id: 'root', org_name: 'root', client_id: flow.client, flow_id: flow.id, hunt_id: '' }
    const envelope = { kind: 'batch', version: 1, ...who, artifact, start_row: start, rows: batchRows }
    const body = `${[JSON.stringify(envelope), ...rows].join('\n')}\n`
    await untilAcknowledged(base, token, body, report)
    flow.sent.push(...rows)
    report.rows += batchRows
    // A sender that did not hear the answer sends the same again.
    if (Math.random() < 0.1) await untilAcknowledged(base, token, body, report)
  }
  const running = Promise.all(Array.from({ length: senders }, (_, i) => sender(i + 1)))
  const finish = async () => {
    ending = true
    await running
    return flows
  }
  // A sender that fails is seen by finish(); until then it must not end the process.
  running.catch(() => {})
  return { finish }
}

/** Sends until the answer is 2xx. An answer that no retry can mend fails at once. */
async function untilAcknowledged(base: string, token: string, body: string, report: CrashReport) {
  for (let attempt = 0; ; attempt++) {
    report.attempts++
    if (attempt > 0) report.retried++
    const status = await sendRows(base, token, body).then(
      async (answer) => {
        await answer.text()
        return answer.status
      },
      () => 0,
    )
    if (status >= 200 && status < 300) break
    if (status !== 0 && status < 500) throw new Error(`the server refused with ${status}`)
    await sleep(100)
  }
  report.acknowledged++
}

type Call = <T>(path: string, input?: unknown) => Promise<T>
interface Page {
  rows: { id: string; row: number }[]
  total: number
  nextCursor: number | null
}

async function verify(call: Call, flows: Flow[], report: CrashReport) {
  for (const flow of flows.filter(({ sent }) => sent.length > 0)) {
    const found = await call<{ rows: { id: number }[] }>('collections.list', { flowId: flow.id })
    if (found.rows.length !== 1) {
      report.faults.push(`${flow.id}: ${found.rows.length} collections`)
      continue
    }
    const collectionId = found.rows[0]!.id
    const { sources } = await call<{ sources: { id: number }[] }>('collections.get', { id: collectionId })
    const ids = await idsOf(call, collectionId, sources[0]!.id, flow, report)
    for (let at = 0; at < ids.length; at += 30) {
      const raws = await Promise.all(ids.slice(at, at + 30).map((id) => call<string>('rows.raw', { id })))
      for (const [i, raw] of raws.entries()) {
        if (raw !== flow.sent[at + i]) report.faults.push(`${flow.id}: row ${at + i} has other bytes`)
      }
    }
  }
}

/** The ids of the rows in order. Notes what is missing or doubled. */
async function idsOf(call: Call, collectionId: number, sourceId: number, flow: Flow, report: CrashReport) {
  const ids: string[] = []
  let cursor: number | null = 0
  let total = 0
  while (cursor !== null) {
    const page: Page = await call<Page>('rows.list', { collectionId, sourceId, cursor, limit: 200 })
    for (const { id, row } of page.rows) {
      if (row !== ids.length) report.faults.push(`${flow.id}: row ${row} stands where ${ids.length} should`)
      ids.push(id)
    }
    total = page.total
    cursor = page.nextCursor
  }
  if (ids.length !== flow.sent.length || total !== flow.sent.length)
    report.faults.push(`${flow.id}: ${flow.sent.length} acknowledged, ${ids.length} listed, ${total} counted`)
  return ids
}
