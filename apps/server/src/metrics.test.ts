import { openDatabase, rolesOf } from '@velocicompanion/db'
import { templateName } from '@velocicompanion/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openMetrics } from './metrics.ts'
import { appBed, firstAccount, sendRows } from './testing.ts'

let bed: Awaited<ReturnType<typeof appBed>>
let base: string
beforeAll(async () => {
  bed = await appBed()
  base = await bed.app.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(() => bed.close())

const scrape = async () => (await fetch(`${base}/metrics`)).text()
const figure = (text: string, name: string) =>
  Number(new RegExp(`^${RegExp.escape(name)} (.+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
const requests = (text: string, labels: string) =>
  figure(text, `velocicompanion_http_request_duration_seconds_count{${labels}}`)

test('counts sign-ins, tokens, rows, requests by procedure, and who is active', async () => {
  const account = await firstAccount(base)
  await fetch(`${base}/api/trpc/auth.signIn`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'dana', password: 'wrong wrong wrong' }),
  })
  const envelope = { kind: 'batch', org_id: 'root', client_id: 'C.1', flow_id: 'F.1', artifact: 'A', start_row: 0 }
  const lines = ['{"a":1}', 'not JSON', '{"a":3}']
  const body = [JSON.stringify({ ...envelope, rows: 3 }), ...lines, ''].join('\n')
  expect((await sendRows(base, account.token, body)).status).toBe(200)
  expect((await sendRows(base, account.token, body)).status).toBe(200)
  const text = await scrape()
  const auth = (labels: string) => figure(text, `velocicompanion_auth_total{${labels}}`)
  expect(auth('credential="password",outcome="success"')).toBe(1)
  expect(auth('credential="password",outcome="failure"')).toBe(1)
  expect(auth('credential="api token",outcome="success"')).toBe(2)
  const rows = (outcome: string) => figure(text, `velocicompanion_ingested_rows_total{outcome="${outcome}"}`)
  expect([rows('stored'), rows('known'), rows('rejected')]).toEqual([2, 3, 1])
  expect(figure(text, 'velocicompanion_ingested_bytes_total')).toBe(2 * (lines.join('\n').length + 1))
  expect(requests(text, 'method="POST",route="/api/trpc/auth.signIn",status="401"')).toBe(1)
  expect(requests(text, 'method="POST",route="/api/ingestion/rows",status="200"')).toBe(2)
  expect(figure(text, 'velocicompanion_active_users')).toBe(1)
  expect(figure(text, 'velocicompanion_sender_requests_total{sender="feed",outcome="taken"}')).toBe(2)
  expect(figure(text, 'velocicompanion_rejected_rows_open')).toBe(1)
  expect(figure(text, 'velocicompanion_senders{state="stopped"}')).toBe(0)
  expect(figure(text, 'velocicompanion_database_up')).toBe(1)
  expect(figure(text, 'process_resident_memory_bytes')).toBeGreaterThan(0)
})

test('names no part of an address that a caller made up', async () => {
  for (const path of ['/api/trpc/auth.me,evil%22%0A.x', '/api/trpc/evil', '/evil', '/assets/evil', '/api/evil?evil=1'])
    await fetch(base + path)
  await fetch(`${base}/evil`, { method: 'DELETE' })
  const text = await scrape()
  expect(text).not.toContain('evil')
  expect(requests(text, 'method="GET",route="/api/trpc/unknown",status="404"')).toBeGreaterThan(0)
  expect(requests(text, 'method="DELETE",route="none",status="404"')).toBe(1)
})

test('a batch counts for each of its procedures, once', async () => {
  await fetch(`${base}/api/trpc/auth.firstRun,auth.firstRun,auth.me?batch=1`)
  const text = await scrape()
  expect(requests(text, 'method="GET",route="/api/trpc/auth.firstRun",status="207"')).toBe(1)
})

test('without METRICS_TOKEN it answers this machine alone, and nobody who comes through a proxy', async () => {
  const from = (remoteAddress: string, headers = {}) => bed.app.inject({ url: '/metrics', remoteAddress, headers })
  expect((await from('127.0.0.1')).statusCode).toBe(200)
  expect((await from('::1')).statusCode).toBe(200)
  expect((await from('192.0.2.1')).statusCode).toBe(403)
  expect((await from('127.0.0.1', { 'x-forwarded-for': '127.0.0.1' })).statusCode).toBe(403)
  expect((await from('192.0.2.1', { 'x-forwarded-for': '127.0.0.1' })).statusCode).toBe(403)
})

test('a proxy that is trusted does not make a caller this machine', async () => {
  const trusting = await appBed({ settings: { trustProxy: true } })
  const headers = { 'x-forwarded-for': '127.0.0.1' }
  const { statusCode } = await trusting.app.inject({ url: '/metrics', remoteAddress: '192.0.2.1', headers })
  expect(statusCode).toBe(403)
  await trusting.close()
})

test('with METRICS_TOKEN it answers who shows it, this machine included', async () => {
  const guarded = await appBed({ settings: { METRICS_TOKEN: 'a token of some length' } })
  const ask = (authorization?: string) =>
    guarded.app.inject({
      url: '/metrics',
      remoteAddress: '192.0.2.1',
      headers: { ...(authorization && { authorization }) },
    })
  expect((await ask('Bearer a token of some length')).statusCode).toBe(200)
  expect((await ask('Bearer another token')).statusCode).toBe(401)
  expect((await ask()).statusCode).toBe(401)
  expect((await guarded.app.inject('/metrics')).statusCode).toBe(401)
  await guarded.close()
})

test('measures statements, and says so when the database is away', async () => {
  const metrics = openMetrics()
  const database = openDatabase(bed.database.url, { roles: rolesOf(templateName), log: metrics.query })
  await database.db.selectFrom('installation').select('termKey').execute()
  await database.close()
  await expect(database.db.selectFrom('installation').select('termKey').execute()).rejects.toThrow('driver')
  metrics.users(3)
  metrics.users(undefined)
  const text = await metrics.registry.metrics()
  expect(figure(text, 'velocicompanion_database_query_duration_seconds_count{outcome="success"}')).toBe(1)
  expect(figure(text, 'velocicompanion_database_up')).toBe(0)
  expect(text).not.toMatch(/^velocicompanion_active_users/m)
})
