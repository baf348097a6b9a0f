import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { setTimeout as wait } from 'node:timers/promises'
import { AppError } from '@velocicompanion/api'
import { testBed, type TestBed } from '@velocicompanion/api/testing'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { buildApp } from '../app.ts'
import { testDeps } from '../testing.ts'

let bed: TestBed
let app: FastifyInstance
let base = ''
let full = false
let tenant = 0
const tokens = { ingest: '', user: '' }

beforeAll(async () => {
  bed = await testBed()
  const checkRoom = () => {
    if (full) throw new AppError('SERVICE_UNAVAILABLE', 'The disk is full')
  }
  app = await buildApp(testDeps(bed.database, { disk: { checkRoom } }))
  base = await app.listen({ host: '127.0.0.1', port: 0 })
})
beforeEach(async () => {
  tenant = await bed.tenant()
  const admin = await bed.callerOf(tenant, 'admin')
  tokens.user = (await admin.tokens.create({ name: 'script', scope: 'api' })).token
  tokens.ingest = (await admin.tokens.create({ name: 'drop', scope: 'ingest', server: 'velo', orgId: 'root' })).token
})
afterAll(async () => {
  await app.close()
  await bed.close()
})

const containers = join(import.meta.dirname, '../../../../packages/api/src/ingestion/fixtures/containers')
const zip = (name: string) => readFileSync(join(containers, name))
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

interface Import {
  id: number
  state: string
  error: string | null
  result: { stored: number; files: number; hosts: { hostname: string }[] } | null
}

const answered = async (path: string, init: RequestInit = {}) => {
  const answer = await fetch(`${base}${path}`, init)
  return { status: answer.status, headers: answer.headers, json: (await answer.json()) as never }
}

/** Asks until the import has ended, as a script would. */
async function ended(id: number, token = tokens.ingest): Promise<Import> {
  for (;;) {
    const { json } = await answered(`/api/ingestion/imports/${id}`, { headers: bearer(token) })
    const found = json as Import
    if (found.state === 'done' || found.state === 'failed') return found
    await wait(50)
  }
}

test('a form with a password brings a locked zip, and its fields may stand behind the file', async () => {
  const form = new FormData()
  form.append('file', new Blob([zip('cli-collect-password.zip')]), 'Collection-web.zip')
  form.append('password', 'Tr0ub4dor&3 é')
  const { status, json } = await answered('/api/ingestion/import', {
    method: 'POST',
    body: form,
    headers: bearer(tokens.user),
  })
  expect([status, json]).toEqual([202, { id: expect.any(Number), state: 'queued' }])
  const found = await ended((json as Import).id, tokens.user)
  expect(found).toMatchObject({ state: 'done', error: null, name: 'Collection-web.zip' })
  expect(found.result!.hosts.map(({ hostname }) => hostname)).toEqual(['web-prod-03'])
  const kept = await bed.one<{ secrets: Buffer | null; file: number | null; n: number }>(
    'select secrets, file_id as file, (select count(*)::int from files where tenant_id = $1) as n from imports where tenant_id = $1',
    [tenant],
  )
  // What is left are the requests that the container holds.
  expect(kept).toEqual({ secrets: null, file: null, n: 1 })
})

const recorded = (name: string) => readFileSync(join(import.meta.dirname, 'fixtures/http_client', name))

test('http_client(files=) sends a form in chunks, which names the client and flow of its rows', async () => {
  const body = recorded('post-multipart.body')
  const boundary = body.toString('latin1', 2, body.indexOf('\r\n'))
  const headers = { ...bearer(tokens.ingest), 'content-type': `multipart/form-data; boundary=${boundary}` }
  const send = (bytes: Buffer, contentType = headers['content-type']) =>
    answered('/api/ingestion/import', {
      method: 'POST',
      body: ReadableStream.from([bytes.subarray(0, 668), bytes.subarray(668)]),
      headers: { ...headers, 'content-type': contentType },
      duplex: 'half',
    } as RequestInit)
  const { status, json } = await send(body)
  expect(status).toBe(202)
  expect(await ended((json as Import).id)).toMatchObject({ state: 'done', result: { stored: 3 } })
  const reader = await bed.callerOf(tenant, 'viewer')
  const { rows } = await reader.collections.list({})
  expect(rows).toMatchObject([{ clientId: 'C.90868059ecc37b1e', flowId: 'F.DC2JBOJPATS8C', kind: 'import' }])
  const other = Buffer.from(body.toString('latin1').replace('\r\nroot\r\n', '\r\nO999\r\n'), 'latin1')
  expect((await send(other)).status).toBe(403)
  // This one begins with an extra line end, as it does without fields.
  const two = gunzipSync(recorded('post-multipart_two.body.gz'))
  const refused = await send(two, `multipart/form-data; boundary=${two.toString('latin1', 4, two.indexOf('\r\n', 4))}`)
  expect([refused.status, refused.json]).toEqual([400, { detail: expect.stringContaining('several files') }])
})

test('a raw body is taken whole, larger than INGEST_BODY_MB, and as JSON lines', async () => {
  const lines = Array.from({ length: 30_000 }, (_, n) => `{"n": ${n}, "text": "${'x'.repeat(40)}"}\n`).join('')
  const { status, json } = await answered('/api/ingestion/import?name=rows.jsonl&hostname=WS-07', {
    method: 'POST',
    body: lines,
    headers: bearer(tokens.ingest),
  })
  expect(status).toBe(202)
  expect(await ended((json as Import).id)).toMatchObject({ state: 'done', result: { stored: 30_000 } })
  const reader = await bed.callerOf(tenant, 'viewer')
  const { rows } = await reader.hosts.list({})
  expect(rows.map(({ hostname }) => hostname)).toEqual(['WS-07'])
})

const listed = async () => (await (await bed.callerOf(tenant, 'viewer')).ingestion.imports({ limit: 20 })).rows

test('a file by WebDAV that is refused, or whose connection breaks, is stated as missing', async () => {
  const put = (path: string, body: string, token = tokens.ingest) =>
    fetch(`${base}/api/ingestion/webdav/${path}`, {
      method: 'PUT',
      headers: { authorization: `Basic ${Buffer.from(`drop:${token}`).toString('base64')}` },
      body,
    })
  expect((await put('empty.zip', '')).status).toBe(400)
  full = true
  expect((await put('late.zip', 'x').finally(() => (full = false))).status).toBe(503)
  expect((await put('stranger.zip', 'x', 'vc_nobody')).status).toBe(401)
  const { port } = new URL(base)
  const socket = connect(Number(port), '127.0.0.1')
  const head = `PUT /api/ingestion/webdav/broken.zip HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${tokens.ingest}\r\n`
  socket.write(`${head}Content-Length: 1000\r\n\r\nhalf of it`)
  await wait(200)
  socket.destroy()
  await expect.poll(async () => (await listed()).length, { timeout: 20_000 }).toBe(3)
  const [broken, late, empty] = await listed()
  expect([broken, late, empty].map((one) => [one!.name, one!.state, one!.canTryAgain])).toEqual([
    ['broken.zip', 'failed', false],
    ['late.zip', 'failed', false],
    ['empty.zip', 'failed', false],
  ])
  expect(broken!.error).toMatch(/^not taken in: the connection broke off\. Its sender looks at no answer/)
  expect(late!.error).toMatch(/^not taken in \(503\): /)
  expect(empty!.error).toMatch(/^not taken in \(400\): The file is empty\. /)
})

test('upload_webdav() puts a container: chunks without a length, the token as password', async () => {
  const path = '/api/ingestion/webdav/drop/Collection-web%20%E2%80%93-2026.zip'
  const headers = { authorization: `Basic ${Buffer.from(`any:${tokens.ingest}`).toString('base64')}` }
  const bytes = zip('offline-full-jsonl.zip')
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000)
  }
  const body = ReadableStream.from(pieces()) as ReadableStream<Uint8Array>
  const { status, json } = await answered(path, { method: 'PUT', body, headers, duplex: 'half' } as RequestInit)
  expect(status).toBe(201)
  const found = await ended((json as Import).id)
  expect(found).toMatchObject({
    state: 'done',
    name: 'Collection-web –-2026.zip',
    result: { hosts: [{ hostname: 'web-prod-03' }] },
  })
  const options = await fetch(`${base}${path}`, { method: 'OPTIONS' })
  expect([options.status, options.headers.get('dav')]).toEqual([200, '1'])
  expect((await fetch(`${base}/api/ingestion/webdav/drop/`, { method: 'MKCOL', headers })).status).toBe(201)
})

test('a collected file is served to its own tenant only, as an attachment', async () => {
  const { json } = await answered('/api/ingestion/import?name=x.zip', {
    method: 'POST',
    body: zip('offline-full-jsonl.zip'),
    headers: bearer(tokens.ingest),
  })
  await ended((json as Import).id)
  const reader = await bed.callerOf(tenant, 'viewer')
  const { rows } = await reader.collections.list({})
  const { rows: files } = await reader.ingestion.files({ collectionId: rows[0]!.id, limit: 200 })
  const shell = files.find(({ name }) => name.endsWith('shell.php'))!
  const large = files.find(({ bytes }) => bytes === 4_194_308)!
  const answer = await fetch(`${base}/api/files/${shell.sha256}`, { headers: bearer(tokens.user) })
  expect(answer.status).toBe(200)
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-type': 'application/octet-stream',
    'content-disposition': `attachment; filename="shell.php"; filename*=UTF-8''shell.php`,
    'x-content-type-options': 'nosniff',
  })
  expect((await answer.arrayBuffer()).byteLength).toBe(shell.bytes)
  const whole = await fetch(`${base}/api/files/${large.sha256}?name=${encodeURIComponent('a"\r\nb/é.bin')}`, {
    headers: bearer(tokens.user),
  })
  expect((await whole.arrayBuffer()).byteLength).toBe(large.bytes)
  // Not packed on its way, so whoever saves it knows its length.
  expect([whole.headers.get('content-length'), whole.headers.get('content-encoding')]).toEqual([`${large.bytes}`, null])
  expect(whole.headers.get('content-disposition')).toBe(`attachment; filename="_.bin"; filename*=UTF-8''%C3%A9.bin`)
  const other = await bed.callerOf(await bed.tenant(), 'admin')
  const { token } = await other.tokens.create({ name: 'other', scope: 'api' })
  expect((await answered(`/api/files/${shell.sha256}`, { headers: bearer(token) })).status).toBe(404)
  expect((await answered(`/api/ingestion/imports/${(json as Import).id}`, { headers: bearer(token) })).status).toBe(404)
  expect((await answered(`/api/files/${shell.sha256}`, { headers: bearer(tokens.ingest) })).status).toBe(403)
})

test('the figures count imports by how they ended', async () => {
  const counted = async (outcome: string) => {
    const text = await (await fetch(`${base}/metrics`)).text()
    return Number(
      new RegExp(`^velocicompanion_import_duration_seconds_count\\{outcome="${outcome}"\\} (\\d+)`, 'm').exec(
        text,
      )?.[1] ?? 0,
    )
  }
  const before = [await counted('done'), await counted('failed')] as const
  for (const [name, body] of [
    ['a.jsonl', '{"a":1}\n'],
    ['a.zip', 'no zip'],
  ] as const) {
    const { json } = await answered(`/api/ingestion/import?name=${name}`, {
      method: 'POST',
      body,
      headers: bearer(tokens.ingest),
    })
    await ended((json as Import).id)
  }
  while ((await counted('failed')) === before[1]) await wait(20)
  expect(await counted('done')).toBe(before[0] + 1)
})

test('an ingestion token sees its own imports only', async () => {
  const { json } = await answered('/api/ingestion/import?name=a.jsonl', {
    method: 'POST',
    body: '{"a":1}\n',
    headers: bearer(tokens.user),
  })
  await ended((json as Import).id, tokens.user)
  expect(
    (await answered(`/api/ingestion/imports/${(json as Import).id}`, { headers: bearer(tokens.ingest) })).status,
  ).toBe(404)
})

test.each([
  ['/api/ingestion/import', 'x', 'name'],
  ['/api/ingestion/import?name=a.zip', '', 'empty'],
  ['/api/ingestion/import?name=a.zip&password=x', 'x', 'form'],
  ['/api/ingestion/import?name=a.zip&serverId=0', 'x', 'serverId'],
  ['/api/ingestion/import?name=a.zip&serverId=99999', 'x', 'serverId'],
])('%s with %j is bad input', async (path, body, word) => {
  const { status, json } = await answered(path, { method: 'POST', body, headers: bearer(tokens.user) })
  expect([status, (json as { detail: string }).detail]).toEqual([400, expect.stringContaining(word)])
  expect((await bed.one<{ n: number }>('select count(*)::int as n from files where tenant_id = $1', [tenant])).n).toBe(
    0,
  )
})

test('a file that breaks off on its way leaves nothing behind', async () => {
  const files = () => bed.one<{ n: number }>('select count(*)::int as n from files where tenant_id = $1', [tenant])
  const until = async (n: number) => {
    while ((await files()).n !== n) await wait(20)
  }
  const cut = new AbortController()
  async function* body() {
    for (let n = 0; n < 3; n++) yield Buffer.alloc(1024 * 1024)
    await until(1)
    cut.abort()
  }
  const init = { method: 'POST', body: ReadableStream.from(body()), signal: cut.signal, duplex: 'half' }
  const sent = fetch(`${base}/api/ingestion/import?name=a.zip`, {
    ...init,
    headers: bearer(tokens.ingest),
  } as RequestInit)
  await expect(sent).rejects.toThrow('abort')
  await until(0)
})

test('nobody may send without a credential, and nothing of the body is kept', async () => {
  for (const [method, path] of [
    ['POST', '/api/ingestion/import?name=a'],
    ['PUT', '/api/ingestion/webdav/a'],
    ['MKCOL', '/api/ingestion/webdav/a'],
  ] as const) {
    const answer = await app.inject({ method: method as 'PUT', url: path, payload: 'x' })
    expect([answer.statusCode, Object.keys(answer.json())]).toEqual([401, ['detail']])
  }
})

test('a super-admin brings a file in for the tenant that they name, which the audit log says', async () => {
  const boss = await bed.callerOf(await bed.tenant(), 'super_admin', `boss-${tenant}`)
  await boss.users.create({ username: `root-${tenant}`, role: 'super_admin', password: 'a long sentence for tests' })
  const login = await answered('/api/auth/login', {
    method: 'POST',
    body: JSON.stringify({ username: `root-${tenant}`, password: 'a long sentence for tests' }),
    headers: { 'content-type': 'application/json' },
  })
  const headers = { ...bearer((login.json as { access_token: string }).access_token), 'x-tenant': String(tenant) }
  const { status } = await answered('/api/ingestion/import?name=a.jsonl', {
    method: 'POST',
    body: '{"a":1}\n',
    headers,
  })
  expect(status).toBe(202)
  const made = await bed.one<{ n: number }>('select count(*)::int as n from imports where tenant_id = $1', [tenant])
  expect(made.n).toBe(1)
  const events = await bed.root.query<{ actor: string }>(
    "select actor from audit_events where tenant_id = $1 and action = 'ingestion.import'",
    [tenant],
  )
  expect(events.rows).toEqual([{ actor: `root-${tenant}` }])
  const refused = await answered('/api/ingestion/import?name=a.jsonl', {
    method: 'POST',
    body: 'x',
    headers: { ...bearer(tokens.user), 'x-tenant': String(await bed.tenant()) },
  })
  expect(refused.status).toBe(403)
})
