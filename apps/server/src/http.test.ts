import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readSettings } from './env.ts'
import { openLog } from './log.ts'
import { appBed, firstAccount, sendRows } from './testing.ts'
import { selfSigned } from './testing-certificate.ts'

type Bed = Awaited<ReturnType<typeof appBed>>
const good = 'a long sentence for tests'
const beds: Bed[] = []
const bedWith = async (over: Parameters<typeof appBed>[0] = {}) => {
  const bed = await appBed(over)
  beds.push(bed)
  await call(bed, 'auth.register', { username: 'dana', password: good })
  return bed
}
afterAll(() => Promise.all(beds.map((bed) => bed.close())))

const call = ({ app }: Bed, path: string, payload: object, headers: Record<string, string> = {}) =>
  app.inject({ method: 'POST', url: `/api/trpc/${path}`, payload, headers })
const signIn = (bed: Bed, headers = {}) => call(bed, 'auth.signIn', { username: 'dana', password: good }, headers)

let plain: Bed
beforeAll(async () => {
  plain = await bedWith()
})

test('the refresh cookie is for the API of this site alone, out of reach of scripts', async () => {
  const { headers } = await signIn(plain)
  expect(headers['set-cookie']).toMatch(/^vc_refresh=[^;]{20,}; /)
  const flags = String(headers['set-cookie']).split('; ').slice(1)
  expect(flags).toEqual(expect.arrayContaining(['Path=/api', 'HttpOnly', 'SameSite=Strict']))
  expect(flags.some((flag) => flag.startsWith('Domain'))).toBe(false)
  expect(flags).not.toContain('Secure')
})

test('under https the refresh cookie is sent over https alone, when it is taken back too', async () => {
  const bed = await bedWith({ settings: { publicUrl: 'https://hunt.example.com' } })
  expect(String((await signIn(bed)).headers['set-cookie'])).toContain('; Secure')
  const out = String((await call(bed, 'auth.signOut', {})).headers['set-cookie'])
  for (const part of ['vc_refresh=;', 'Path=/api', 'Secure', 'HttpOnly']) expect(out).toContain(part)
})

test('TLS_CERT and TLS_KEY serve https', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'velocicompanion-tls-'))
  const [TLS_CERT, TLS_KEY] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const { cert, key } = selfSigned()
  writeFileSync(TLS_CERT, cert)
  writeFileSync(TLS_KEY, key)
  const { tls, publicUrl } = readSettings({ TLS_CERT, TLS_KEY })
  expect(publicUrl).toBe('https://127.0.0.1:8000')
  writeFileSync(TLS_KEY, selfSigned().key)
  expect(() => readSettings({ TLS_CERT, TLS_KEY })).toThrow(/must be PEM files of one certificate and its key/)
  rmSync(folder, { recursive: true })
  const bed = await bedWith({ settings: { tls, publicUrl } })
  await bed.app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = bed.app.server.address() as AddressInfo
  const [answer] = (await once(request({ host: '127.0.0.1', port, path: '/health', ca: cert }).end(), 'response')) as [
    IncomingMessage,
  ]
  expect(await json(answer)).toEqual({ status: 'healthy' })
  expect(answer.headers['strict-transport-security']).toContain('max-age')
})

/** The address that a sign-in is recorded under. */
async function recordedAddress(bed: Bed, forwarded: string, remoteAddress: string) {
  const root = new pg.Client(bed.database.superUrl)
  await root.connect()
  await bed.app.inject({
    method: 'POST',
    url: '/api/trpc/auth.signIn',
    payload: { username: 'dana', password: good },
    headers: { 'x-forwarded-for': forwarded },
    remoteAddress,
  })
  const { rows } = await root.query<{ address: string }>('select address from sessions order by id desc limit 1')
  await root.end()
  return rows[0]!.address
}

test('TRUST_PROXY off: X-Forwarded-For is anybody’s word and is ignored', async () => {
  expect(await recordedAddress(plain, '203.0.113.9', '192.0.2.10')).toBe('192.0.2.10')
})

test('TRUST_PROXY names the proxies whose X-Forwarded-For counts', async () => {
  const { trustProxy } = readSettings({ TRUST_PROXY: '192.0.2.10' })
  const bed = await bedWith({ settings: { trustProxy } })
  expect(await recordedAddress(bed, '203.0.113.9', '192.0.2.10')).toBe('203.0.113.9')
  expect(await recordedAddress(bed, '198.51.100.66, 203.0.113.9', '192.0.2.10')).toBe('203.0.113.9')
  expect(await recordedAddress(bed, '203.0.113.9', '192.0.2.11')).toBe('192.0.2.11')
})

test('CORS_ORIGINS lets the named origins read, and no other', async () => {
  const bed = await bedWith({ settings: { corsOrigins: ['http://localhost:3000'] } })
  const ask = async (on: Bed, origin: string) => (await on.app.inject({ url: '/health', headers: { origin } })).headers
  expect(await ask(bed, 'http://localhost:3000')).toMatchObject({
    'access-control-allow-origin': 'http://localhost:3000',
    'access-control-allow-credentials': 'true',
  })
  expect(await ask(bed, 'http://evil.example.com')).not.toHaveProperty('access-control-allow-origin')
  expect(await ask(plain, 'http://localhost:3000')).not.toHaveProperty('access-control-allow-origin')
})

test('a JSON body over 10 MB is refused with 413', async () => {
  const answer = await call(plain, 'auth.signIn', { username: 'dana', password: 'x'.repeat(10 * 1024 * 1024) })
  expect(answer.statusCode).toBe(413)
})

test('a delivery over INGEST_BODY_MB is refused with 413', async () => {
  const bed = await appBed({ settings: { INGEST_BODY_MB: 1 } })
  beds.push(bed)
  const base = await bed.app.listen({ host: '127.0.0.1', port: 0 })
  const { token } = await firstAccount(base)
  const envelope = { kind: 'batch', org_id: 'root', client_id: 'C.1', flow_id: 'F.1', artifact: 'A', start_row: 0 }
  const body = `${JSON.stringify({ ...envelope, rows: 2 })}\n${`{"a":"${'x'.repeat(600_000)}"}\n`.repeat(2)}`
  expect((await sendRows(base, token, body)).status).toBe(413)
})

test('rows without a credential, with one of another scope and with a wrong envelope are told apart, and none is kept', async () => {
  const bed = await appBed()
  beds.push(bed)
  const base = await bed.app.listen({ host: '127.0.0.1', port: 0 })
  const { call: asAdmin, token } = await firstAccount(base)
  const { token: api } = await asAdmin<{ token: string }>('tokens.create', { name: 'script', scope: 'api' })
  const envelope = {
    kind: 'batch',
    version: 1,
    org_id: 'root',
    client_id: 'C.1',
    flow_id: 'F.1',
    artifact: 'A',
    rows: 1,
  }
  const rows = `${JSON.stringify({ ...envelope, start_row: 0 })}\n{"a":1}\n`
  const answers = [
    await sendRows(base, '', rows),
    await sendRows(base, `vct_${'0'.repeat(43)}`, rows),
    await sendRows(base, api, rows),
    await sendRows(base, token, '{"a":1}\n'),
    await sendRows(base, token, rows.replace('root', 'O9')),
  ]
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 403, 400, 403])
  expect((await asAdmin<{ total: number }>('collections.list')).total).toBe(0)
  expect((await sendRows(base, token, rows)).status).toBe(200)
  expect((await asAdmin<{ total: number }>('collections.list')).total).toBe(1)
})

test('a log line has the request’s id, its path and its outcome, and neither a secret nor a value', async () => {
  const lines: string[] = []
  const bed = await bedWith({ log: openLog('debug', { write: (line) => void lines.push(line) }) })
  const { accessToken } = ((await signIn(bed)).json() as { result: { data: { accessToken: string } } }).result.data
  const headers = { authorization: `Bearer ${accessToken}`, cookie: 'vc_refresh=cookie-secret' }
  const input = encodeURIComponent(JSON.stringify({ query: 'needle' }))
  await bed.app.inject({ url: `/api/trpc/rows.search?input=${input}`, headers })
  await bed.app.inject({ url: '/api/hosts?query=needle', headers })
  await bed.app.inject({ url: '/api/trpc/rows.search?input=%7Bneedle', headers })
  await call(bed, 'cases.create', { title: 'needle' }, headers)
  await call(bed, 'auth.signIn', { username: 'needle', password: 'needle' })
  const answered = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(answered).toContainEqual(
    expect.objectContaining({
      reqId: expect.stringMatching(/^[\da-f-]{36}$/),
      method: 'GET',
      path: '/api/trpc/rows.search',
      status: 200,
      msg: 'answered',
    }),
  )
  expect(answered.filter(({ msg }) => msg === 'answered').every(({ reqId, path }) => reqId && path)).toBe(true)
  const all = lines.join('')
  for (const secret of ['needle', accessToken, 'cookie-secret', good]) expect(all).not.toContain(secret)
})
