import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { firstAccount, freePort, postgresPid, startServer, untilReady, type TestServer } from './testing.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'velocicompanion-operations-'))
let port: number
let server: TestServer
let account: Awaited<ReturnType<typeof firstAccount>>
beforeAll(async () => {
  port = await freePort()
  server = await startServer(dataDir, port, [], { ROLE: 'server', LOG_LEVEL: 'debug' })
  account = await firstAccount(server.base)
})
afterAll(async () => {
  await server.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

const statusOf = (url: string) =>
  fetch(url).then(
    ({ status }) => status,
    () => undefined,
  )
async function until(done: () => Promise<boolean>) {
  while (!(await done())) await new Promise(setImmediate)
}

test('a worker shares the database of a server, answers that it lives, and ends by itself', async () => {
  const worker = await startServer(dataDir, await freePort(), [], { ROLE: 'worker' })
  expect(await statusOf(`${worker.base}/health/ready`)).toBe(200)
  expect(await statusOf(`${worker.base}/api/trpc/auth.firstRun`)).toBe(404)
  expect(await worker.stop()).toBe(0)
  expect(await statusOf(`${server.base}/health/ready`)).toBe(200)
})

test('LOG_LEVEL=debug logs statements without their values', async () => {
  await account.call('rows.search', { query: 'needle', limit: 10 })
  await account.call('cases.create', { title: 'needle' })
  const said = server.output()
  expect(said).toMatch(/"sql":"insert into \\"cases\\".*"msg":"query"/)
  for (const secret of ['needle', account.token, account.who.password]) expect(said).not.toContain(secret)
})

test('a PostgreSQL that is killed is answered with 503, and comes back by itself', async () => {
  process.kill(postgresPid(dataDir), 'SIGKILL')
  await until(async () => (await statusOf(`${server.base}/health/ready`)) === 503)
  expect(await statusOf(`${server.base}/health`)).toBe(200)
  await untilReady(server.base)
  expect((await account.call<{ username: string }>('auth.me')).username).toBe('dana')
})

test('a stop waits for a delivery under way, takes no new one, and ends with 0', async () => {
  const sending = request(`${server.base}/api/ingestion/rows`, {
    method: 'POST',
    headers: { authorization: `Bearer ${account.token}`, expect: '100-continue' },
  })
  const answered = once(sending, 'response') as Promise<[IncomingMessage]>
  sending.flushHeaders()
  // The server has the request: its body may come.
  await once(sending, 'continue')
  const envelope = { kind: 'batch', org_id: 'root', client_id: 'C.1', flow_id: 'F.1', artifact: 'A', start_row: 0 }
  sending.write(`${JSON.stringify({ ...envelope, rows: 2 })}\n{"a":1}\n`)
  const ended = server.stop()
  await until(() => refuses(port))
  sending.end('{"a":2}\n')
  const [response] = await answered
  expect(response.statusCode).toBe(200)
  expect(await json(response)).toMatchObject({ rows: 2, rejected: 0 })
  expect(await ended).toBe(0)

  server = await startServer(dataDir, port, [], { LOG_LEVEL: 'info' })
  await account.signIn(account.who.username, account.who.password)
  const { rows } = await account.call<{ rows: unknown[] }>('rows.search', { query: '1', limit: 10 })
  expect(rows).toHaveLength(1)
  expect(server.output()).toContain('"msg":"answered"')
  expect(server.output()).not.toContain('"msg":"query"')
})

/** Whether nobody listens any more. */
const refuses = (on: number) =>
  new Promise<boolean>((done) => {
    const socket = connect(on, '127.0.0.1')
    socket.on('connect', () => done(false)).on('error', () => done(true))
    socket.on('connect', () => socket.destroy())
  })
