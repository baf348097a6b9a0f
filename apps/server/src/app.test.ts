import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase, rolesOf } from '@velocicompanion/db'
import { testServices } from '@velocicompanion/api/testing'
import { templateName, testDatabase } from '@velocicompanion/db/testing'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildApp } from './app.ts'

const webFolder = mkdtempSync(join(tmpdir(), 'web-'))
const sockets = new Set<Socket>()
let away = false
let target: Awaited<ReturnType<typeof testDatabase>>
let database: ReturnType<typeof openDatabase>
let app: Awaited<ReturnType<typeof buildApp>>

/** Stands between the server and PostgreSQL, so that a test can take the database away. */
const between = createServer((socket) => {
  if (away) return socket.destroy()
  const onward = connect(Number(new URL(target.url).port), '127.0.0.1')
  for (const end of [socket, onward]) sockets.add(end.on('error', () => {}))
  return void socket.pipe(onward).pipe(socket)
})

beforeAll(async () => {
  writeFileSync(join(webFolder, 'index.html'), '<!doctype html><meta nonce="__CSP_NONCE__">')
  target = await testDatabase()
  await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve))
  const url = new URL(target.url)
  url.port = String((between.address() as AddressInfo).port)
  database = openDatabase(url.href, { roles: rolesOf(templateName) })
  const publicUrl = 'https://hunt.example.com'
  app = await buildApp({
    settings: {
      publicUrl,
      corsOrigins: [],
      trustProxy: false,
      tls: undefined,
      INGEST_BODY_MB: 1,
      METRICS_TOKEN: undefined,
    },
    services: { ...testServices, publicUrl },
    database,
    log: pino({ level: 'silent' }),
    webFolder,
  })
})
afterAll(async () => {
  await app.close()
  await database.close()
  between.close()
  await target.close()
  rmSync(webFolder, { recursive: true })
})

test('answers 503 with Retry-After while the database is away, and is back by itself', async () => {
  // Reads the throttles before it compares a password, so it needs the database.
  const ask = () =>
    app.inject({
      method: 'POST',
      url: '/api/trpc/auth.signIn',
      payload: { username: 'nobody', password: 'wrong wrong' },
    })
  expect((await ask()).statusCode).toBe(401)
  away = true
  for (const socket of sockets) socket.destroy()
  const refused = await ask()
  expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, '5'])
  expect((await app.inject('/health/ready')).statusCode).toBe(503)
  const hec = await app.inject('/api/ingestion/splunk/services/collector/health')
  expect([hec.statusCode, hec.json()]).toEqual([503, { text: 'HEC is unhealthy, queues are full', code: 18 }])
  away = false
  expect((await ask()).statusCode).toBe(401)
  expect((await app.inject('/health/ready')).statusCode).toBe(200)
})

test.each(['/docs/nope', '/api', '/api/nope', '/assets/gone.js'])('%s is never answered by the page', async (url) => {
  const { statusCode, json } = await app.inject(url)
  expect([statusCode, json()]).toEqual([404, { detail: 'Not found' }])
})

test('other addresses are the page, with the nonce of its own policy', async () => {
  const { statusCode, body, headers } = await app.inject('/hosts/1')
  const nonce = /nonce="(.+)"/.exec(body)?.[1]
  expect(statusCode).toBe(200)
  expect(headers['content-security-policy']).toContain(`'nonce-${nonce}'`)
})
