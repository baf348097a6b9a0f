import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { testServices } from '@velocicompanion/api/testing'
import { testDatabase } from '@velocicompanion/db/testing'
import { buildApp, type Deps } from './app.ts'
import { openLog } from './log.ts'
import { openMetrics } from './metrics.ts'

const main = fileURLToPath(new URL('main.ts', import.meta.url))
const patience = 120_000

export interface TestServer {
  base: string
  dataDir: string
  process: ChildProcess
  output(): string
  /** Asks it to stop, and waits for its end. */
  stop(): Promise<number | null>
}

const testSettings: Deps['settings'] = {
  publicUrl: 'http://127.0.0.1:8000',
  corsOrigins: [],
  trustProxy: false,
  tls: undefined,
  INGEST_BODY_MB: 1,
  METRICS_TOKEN: undefined,
}

/** What an app needs, quiet and without a web. */
export function testDeps(database: Deps['database'], { settings, services, ...deps }: TestDeps = {}) {
  const metrics = openMetrics()
  return {
    settings: { ...testSettings, ...settings },
    services: { ...testServices, count: metrics.count, ...services },
    database,
    metrics,
    log: openLog('silent'),
    webFolder: undefined,
    ...deps,
  } satisfies Deps
}

/** Everything that answers HTTP, on a fresh database and in this process. */
export async function appBed(over: TestDeps = {}) {
  const database = await testDatabase()
  const deps = testDeps(database, over)
  const app = await buildApp(deps)
  const close = async () => {
    await app.close()
    await database.close()
  }
  return { app, database, metrics: deps.metrics, close }
}

type TestDeps = Partial<Omit<Deps, 'settings' | 'services' | 'database' | 'metrics'>> & {
  settings?: Partial<Deps['settings']>
  services?: Partial<Deps['services']>
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** The real server in a process of its own; returns when it says that it is ready. `prefix` is a command that starts it. */
export async function startServer(
  dataDir: string,
  port: number,
  args: string[] = [],
  settings: Record<string, string> = {},
  prefix: string[] = [],
): Promise<TestServer> {
  const { TEST_DATABASE_URL: _test, DATABASE_URL: _url, ...inherited } = process.env
  const env = {
    ...inherited,
    DATA_DIR: dataDir,
    PORT: String(port),
    HOST: '127.0.0.1',
    LOG_LEVEL: 'error',
    ...settings,
  }
  const [program, ...rest] = [...prefix, process.execPath, main, ...args]
  const child = spawn(program!, rest, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const until = Date.now() + (args.includes('--demo') ? 3 : 1) * patience
  while (!said.includes('is ready on')) {
    if (child.exitCode !== null || Date.now() > until) throw new Error(`the server did not start: ${said}`)
    await sleep(20)
  }
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    return child.exitCode
  }
  return { base: `http://127.0.0.1:${port}`, dataDir, process: child, output: () => said, stop }
}

/** A server with an account, in a folder of its own, that a test kills. */
export async function killableServer() {
  const folder = mkdtempSync(join(tmpdir(), 'velocicompanion-kill-'))
  const port = await freePort()
  const start = () => startServer(join(folder, 'data'), port)
  let server = await start()
  const account = await firstAccount(server.base)
  let rowsSent = 0
  return {
    ...account,
    base: server.base,
    /** Sends rows to a flow, from a row number on: behind those that were sent, unless told. */
    async send(rows: string[], startRow = rowsSent) {
      const flow = { org_id: 'root', client_id: 'C.1', flow_id: 'F.1', artifact: 'A/B' }
      const envelope = { kind: 'batch', version: 1, ...flow, start_row: startRow, rows: rows.length }
      const answer = await sendRows(server.base, account.token, `${JSON.stringify(envelope)}\n${rows.join('\n')}\n`)
      if (answer.status !== 200) throw new Error(`rows were answered ${answer.status}`)
      rowsSent = Math.max(rowsSent, startRow + rows.length)
    },
    async kill() {
      server.process.kill('SIGKILL')
      await once(server.process, 'exit')
    },
    /** Again, with the account signed in. */
    async start() {
      server = await start()
      await account.signIn(account.who.username, account.who.password)
    },
    async close() {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The process of the embedded PostgreSQL that serves `dataDir`. */
export const postgresPid = (dataDir: string) =>
  Number(readFileSync(join(dataDir, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n')[0])

export async function untilReady(base: string) {
  const until = Date.now() + patience
  while (Date.now() < until) {
    const ready = await fetch(`${base}/health/ready`).then(
      (answer) => answer.ok,
      () => false,
    )
    if (ready) return
    await sleep(50)
  }
  throw new Error('the server did not become ready again')
}

/** A caller of tRPC over HTTP, as a script would be one. */
export function clientOf(base: string) {
  let token: string | undefined
  const call = async <T>(path: string, input: unknown = {}): Promise<T> => {
    const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
    const answer = await fetch(`${base}/api/trpc/${path}`, { method: 'POST', headers, body: JSON.stringify(input) })
    const body = (await answer.json()) as { result?: { data: T }; error?: { message: string } }
    if (!body.result) throw new Error(`${path}: ${body.error?.message}`)
    return body.result.data
  }
  const signIn = async (username: string, password: string) => {
    token = (await call<{ accessToken: string }>('auth.signIn', { username, password })).accessToken
  }
  return { call, signIn }
}

/** The first account of an empty server, signed in, and a token that its rows can be sent with. */
export async function firstAccount(base: string) {
  const client = clientOf(base)
  const who = { username: 'dana', password: 'a long sentence for tests' }
  await client.call('auth.register', { ...who, tenantName: 'Northwind Clinics' })
  await client.signIn(who.username, who.password)
  const wanted = { name: 'sender', scope: 'ingest', server: 'velociraptor', orgId: 'root' }
  const { token } = await client.call<{ token: string }>('tokens.create', wanted)
  return { ...client, who, token }
}

export const sendRows = (base: string, token: string, body: string | Uint8Array) =>
  fetch(`${base}/api/ingestion/rows`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
    body: body as never,
  })
