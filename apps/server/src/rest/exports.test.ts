import { Readable } from 'node:stream'
import { openIngest, receive } from '@velocicompanion/api'
import { testBed, type TestBed } from '@velocicompanion/api/testing'
import type { FastifyInstance } from 'fastify'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildApp } from '../app.ts'
import { testDeps } from '../testing.ts'
import { rangeOf } from './range.ts'

let bed: TestBed
let app: FastifyInstance
let tenant = 0
const password = 'a long sentence for tests'
const tokens: Record<string, string> = {}
const lines = Array.from({ length: 30_000 }, (_, n) => `{"n" : ${n}, "big":1${n}0000000000000001,"é":"\\u00e9"}`)

beforeAll(async () => {
  bed = await testBed()
  tenant = await bed.tenant()
  app = await buildApp(testDeps(bed.database))
  await app.ready()
  const boss = await bed.callerOf(tenant, 'super_admin')
  for (const username of ['ada', 'bob']) {
    await boss.users.create({ username, role: 'viewer', password })
    const answer = await ask('POST', '/api/auth/login', { body: { username, password } })
    tokens[username] = answer.json().access_token
  }
  await boss.tokens.create({ name: 'sender', scope: 'ingest', server: 'velo', orgId: 'root' })
  await sendRows()
})
afterAll(async () => {
  await app.close()
  await bed.close()
})

async function sendRows() {
  const ingest = await openIngest(bed.database)
  const { id: serverId } = await bed.one<{ id: number }>('select id from velociraptor_servers', [])
  const flow = {
    org_id: 'root',
    client_id: 'C.1',
    flow_id: 'F.1',
    artifact: 'A/Many',
    start_row: 0,
    rows: lines.length,
  }
  const body = `${JSON.stringify({ kind: 'batch', version: 1, ...flow })}\n${lines.join('\n')}\n`
  const credential = { tenantId: tenant, tokenId: null as never, serverId }
  await receive(ingest, { credential, body: Readable.from([Buffer.from(body)]), limit: 1e9, origin: {} })
  await ingest.close()
}

interface Asked {
  as?: string
  body?: object
  headers?: Record<string, string>
}
const ask = (method: string, url: string, { as, body, headers }: Asked = {}) =>
  app.inject({
    method: method as 'GET',
    url,
    headers: { ...headers, ...(as && { authorization: `Bearer ${tokens[as]}` }) },
    ...(body && { payload: body }),
  })

async function exported(format: string, query = '') {
  const made = await ask('POST', '/api/exports', { as: 'ada', body: { format, query } })
  expect([made.statusCode, made.json()]).toMatchObject([201, { state: 'queued', format }])
  for (;;) {
    const row = (await ask('GET', `/api/exports/${made.json().id}`, { as: 'ada' })).json()
    if (row.state === 'done') return { url: `/api/exports/${row.id}/file`, row }
    if (!['queued', 'running'].includes(row.state)) throw new Error(row.error)
    await sleep(20)
  }
}

test('an export is asked for, listed, and its file is the rows', async () => {
  const { url, row } = await exported('jsonl')
  const file = await ask('GET', url, { as: 'ada' })
  expect(file.body.split('\n').toSorted()).toEqual(['', ...lines].toSorted())
  expect(file.headers).toMatchObject({
    'content-type': 'application/x-ndjson; charset=utf-8',
    'content-length': String(row.bytes),
    'accept-ranges': 'bytes',
    'x-content-type-options': 'nosniff',
    'content-disposition': expect.stringMatching(/^attachment; filename="export-\d+-\d{8}T\d{6}Z\.jsonl"$/),
  })
  expect(row).toMatchObject({ rows: lines.length, of_tenant: tenant, notes: [] })
  expect((await ask('GET', '/api/exports', { as: 'ada' })).json()[0]).toMatchObject({ id: row.id })
  expect((await ask('GET', '/api/exports', { as: 'bob' })).json()).toEqual([])
  expect((await ask('GET', url, { as: 'bob' })).statusCode).toBe(404)
})

test('a download that broke off goes on where it was, and only of the same file', async () => {
  const { url, row } = await exported('csv')
  const whole = await ask('GET', url, { as: 'ada', headers: { 'accept-encoding': 'gzip' } })
  expect(whole.headers['content-encoding']).toBeUndefined()
  const tag = whole.headers.etag as string
  const part = (range: string, more = {}) => ask('GET', url, { as: 'ada', headers: { range, ...more } })
  const first = await part('bytes=0-1500000')
  const rest = await part('bytes=1500001-', { 'if-range': tag })
  expect([first.statusCode, rest.statusCode]).toEqual([206, 206])
  expect(rest.headers['content-range']).toBe(`bytes 1500001-${row.bytes - 1}/${row.bytes}`)
  expect(Buffer.concat([first.rawPayload, rest.rawPayload])).toEqual(whole.rawPayload)
  const other = await part('bytes=1500001-', { 'if-range': '"1-1-1"' })
  expect([other.statusCode, other.rawPayload.length]).toEqual([200, row.bytes])
  const beyond = await part(`bytes=${row.bytes}-`)
  expect([beyond.statusCode, beyond.headers['content-range']]).toEqual([416, `bytes */${row.bytes}`])
  expect((await part('bytes=-10')).rawPayload).toEqual(whole.rawPayload.subarray(-10))
})

test.each([
  ['bytes=0-9', 100, true, { from: 0, to: 10 }],
  ['bytes=90-', 100, true, { from: 90, to: 100 }],
  ['bytes=90-1000', 100, false, { from: 90, to: 100 }],
  ['bytes=-10', 100, true, { from: 90, to: 100 }],
  ['bytes=-1000', 100, true, { from: 0, to: 100 }],
  ['bytes=-10', 100, false, undefined],
  ['bytes=100-', 100, true, 'beyond'],
  ['bytes=-0', 100, true, 'beyond'],
  ['bytes=5-2', 100, true, undefined],
  ['bytes=0-1,5-6', 100, true, undefined],
  ['rows=0-1', 100, true, undefined],
  [undefined, 100, true, undefined],
] as const)('the range %j of %i bytes', (header, bytes, whole, found) => {
  expect(rangeOf(header, bytes, whole)).toEqual(found)
})

test('a browser saves it by itself with a cookie for that address alone', async () => {
  const { url, row } = await exported('parquet', 'n:7')
  const cookie = await ask('POST', `/api/exports/${row.id}/saving`, { as: 'ada' })
  const [pair, ...flags] = String(cookie.headers['set-cookie']).split('; ')
  expect(flags).toEqual(expect.arrayContaining([`Path=${url}`, 'HttpOnly', 'SameSite=Strict', 'Max-Age=1800']))
  const saved = await ask('GET', url, { headers: { cookie: pair! } })
  expect([saved.statusCode, saved.body.slice(0, 4), saved.body.slice(-4)]).toEqual([200, 'PAR1', 'PAR1'])
  const other = await exported('csv', 'n:8')
  expect((await ask('GET', other.url, { headers: { cookie: pair! } })).statusCode).toBe(401)
  expect((await ask('POST', `/api/exports/${row.id}/saving`, { as: 'bob' })).statusCode).toBe(404)
})

test('exports are counted by format, rows and bytes', async () => {
  const { row } = await exported('jsonl', 'n:9')
  expect(row.rows).toBe(1)
  const { body } = await ask('GET', '/metrics')
  expect(body).toMatch(/velocicompanion_export_duration_seconds_count\{[^}]*outcome="done"[^}]*\} \d/)
  expect(body).toMatch(/velocicompanion_export_rows_total\{format="jsonl"\} \d+/)
})

test('a removed file and a cancelled export answer so', async () => {
  const { row } = await exported('csv', 'n:10')
  const removed = await ask('DELETE', `/api/exports/${row.id}`, { as: 'ada' })
  expect([removed.statusCode, removed.json().state]).toEqual([200, 'expired'])
  expect((await ask('GET', `/api/exports/${row.id}/file`, { as: 'ada' })).statusCode).toBe(404)
  expect((await ask('POST', `/api/exports/${row.id}/cancel`, { as: 'ada' })).statusCode).toBe(409)
})

test('what a browser saves by ends with the session', async () => {
  const { url, row } = await exported('csv', 'n:11')
  const cookie = await ask('POST', `/api/exports/${row.id}/saving`, { as: 'ada' })
  const headers = { cookie: String(cookie.headers['set-cookie']).split('; ')[0]! }
  expect((await ask('GET', url, { headers })).statusCode).toBe(200)
  await bed.root.query('update sessions set ended_at = now()')
  expect((await ask('GET', url, { headers })).statusCode).toBe(401)
})
