import { Readable } from 'node:stream'
import { openIngest, receive } from '@velocicompanion/api'
import { rights, roles, type Permission, type Role } from '@velocicompanion/api/permissions'
import { testBed, testServices, type TestBed } from '@velocicompanion/api/testing'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildApp } from '../app.ts'
import { accessOf } from './input.ts'
import { routes } from './routes.ts'

let bed: TestBed
let app: FastifyInstance
let [own, other] = [0, 0]
const tokens = {} as Record<Role | 'ingest', string>
const password = 'a long sentence for tests'

beforeAll(async () => {
  bed = await testBed()
  ;[own, other] = [await bed.tenant(), await bed.tenant()]
  app = await serverOf(bed)
  const boss = await bed.callerOf(own, 'super_admin')
  for (const role of roles) {
    await boss.users.create({ username: role, role, password })
    const answer = await ask('POST', '/api/auth/login', { body: { username: role, password } })
    tokens[role] = answer.json().access_token
  }
  tokens.ingest = (await boss.tokens.create({ name: 'sender', scope: 'ingest', server: 'velo', orgId: 'root' })).token
  await fillTenant(own)
  await fillTenant(other)
})
afterAll(async () => {
  await app.close()
  await bed.close()
})

function serverOf(base: TestBed) {
  const settings = { publicUrl: 'http://127.0.0.1:8000', corsOrigins: [], trustProxy: false, tls: undefined }
  return buildApp({
    settings: { ...settings, INGEST_BODY_MB: 1, METRICS_TOKEN: undefined },
    services: testServices,
    database: base.database,
    log: pino({ level: 'silent' }),
    webFolder: undefined,
  })
}

interface Asked {
  as?: Role | 'ingest' | undefined
  body?: unknown
  headers?: Record<string, string>
}
const ask = (method: string, url: string, { as, body, headers }: Asked = {}) =>
  app.inject({
    method: method as 'GET',
    url,
    headers: { ...headers, ...(as && { authorization: `Bearer ${tokens[as]}` }) },
    ...(body !== undefined && { payload: body as object }),
  })

async function fillTenant(tenant: number) {
  await bed.root.query(`
insert into users (tenant_id, username, role) values (${tenant}, '${crypto.randomUUID()}', 'viewer');
insert into exports (tenant_id, user_id, of_tenant, query, format) select ${tenant}, max(id), ${tenant}, '', 'csv' from users where tenant_id = ${tenant};
insert into hosts (tenant_id, hostname, os) values (${tenant}, '${crypto.randomUUID()}', 'linux');
insert into collections (tenant_id, host_id, flow_id) select ${tenant}, max(id), 'F.1' from hosts where tenant_id = ${tenant};
insert into sources (tenant_id, name) values (${tenant}, '${crypto.randomUUID()}');
insert into collection_sources (tenant_id, collection_id, source_id) select ${tenant}, c.id, s.id from collections c, sources s where c.tenant_id = ${tenant} and s.tenant_id = ${tenant} limit 1;
insert into imports (tenant_id, name, sha256, bytes, state) values (${tenant}, 'x.zip', 'x', 1, 'done');
insert into cases (tenant_id, title) values (${tenant}, 'c');
insert into artifacts (tenant_id, case_id, artifact_type, value) select ${tenant}, max(id), 'ip', '192.0.2.1' from cases where tenant_id = ${tenant}`)
}

const tableOf = (path: string) => path.replace('/api/ingestion/', '/api/').split('/')[2]!
const idIn = async (table: string, tenant: number) =>
  table === 'tenants'
    ? tenant
    : (await bed.one<{ id: number }>(`select id from ${table} where tenant_id = $1 order by id desc limit 1`, [tenant]))
        .id

/** Every route that a credential opens, and which right it needs; those with handlers of their own behind the table's. */
const opened = [
  ...routes.map(({ method, path, procedure }) => ({ method, path, access: accessOf(procedure) })),
  { method: 'GET', path: '/api/collections/:id/rows', access: 'row:read' },
  { method: 'GET', path: '/api/exports/:id/file', access: 'row:read' },
  { method: 'POST', path: '/api/exports/:id/saving', access: 'row:read' },
  { method: 'POST', path: '/api/ingestion/ingest', access: 'ingestion:send' },
  { method: 'POST', path: '/api/ingestion/import', access: 'ingestion:send' },
  { method: 'GET', path: '/api/ingestion/imports/:id', access: 'ingestion:read' },
  { method: 'GET', path: '/api/files/:sha256', access: 'collection:read' },
]
const toAll = new Set(['GET /health', 'GET /health/ready', 'GET /openapi.json', 'GET /metrics'])
// The router's tree shows the path of WebDAV as `*`.
const apart =
  /^[A-Z]+ \/api\/trpc\/|^GET \/docs|^GET \/api\/integrations\/|^POST \/api\/ingestion\/rows$|^(GET|POST) \/api\/ingestion\/(elastic|splunk|logscale)(\/|$)|^(PUT|MKCOL) \*$/

test('every route of the server stands in the walk, or is named as open or apart', () => {
  const listed = new Set(opened.map(({ method, path }) => `${method} ${path}`))
  const unlisted = [...routesOf(app)].filter((route) => !listed.has(route) && !toAll.has(route) && !apart.test(route))
  expect(unlisted).toEqual([])
  expect([...listed].filter((route) => !routesOf(app).has(route))).toEqual([])
})

/** `METHOD /path` of each, read from the router's own tree. */
function routesOf(server: FastifyInstance) {
  const found = new Set<string>()
  const parts: string[] = []
  for (const line of server.printRoutes({ commonPrefix: false }).split('\n')) {
    const match = /^([│ ]*)[├└]── (\S+)(?: \(([^)]+)\))?/.exec(line)
    if (!match) continue
    const depth = match[1]!.length / 4
    parts.length = depth
    parts[depth] = match[2]!
    for (const method of (match[3] ?? '').split(', '))
      if (!['', 'HEAD', 'OPTIONS'].includes(method)) found.add(`${method} ${parts.join('')}`)
  }
  return found
}

const guarded = opened.filter(({ access }) => access !== 'anyone')
const may = (role: Role, access: string) => access === 'signed-in' || rights[role].includes(access as Permission)

test.each(guarded)('$method $path is closed to who is not signed in', async ({ method, path }) => {
  const answer = await ask(method, path.replace(':id', '1'))
  expect([answer.statusCode, answer.headers['www-authenticate']]).toEqual([401, 'Bearer'])
  expect(Object.keys(answer.json())).toEqual(['detail'])
})

test.each(guarded.flatMap((route) => roles.map((role) => ({ ...route, role }))))(
  '$method $path as $role is refused exactly as the table says',
  async ({ method, path, access, role }) => {
    const id = path.includes(':id') ? await idIn(tableOf(path), own) : 1
    // No input that could change anything: who may is asked first.
    const answer = await ask(method, path.replace(':id', method === 'GET' ? String(id) : '0'), { as: role })
    // An export is its asker's own: here it is another's of the same tenant, or none.
    if (may(role, access) && method === 'GET' && path.startsWith('/api/exports/:id'))
      expect(answer.statusCode).toBe(404)
    else if (may(role, access)) expect([200, 400]).toContain(answer.statusCode)
    else expect(answer.statusCode).toBe(403)
  },
)

test.each(guarded.filter(({ path }) => !path.startsWith('/api/ingestion/')))(
  '$method $path is closed to a token that may only ingest',
  async ({ method, path }) => {
    expect((await ask(method, path.replace(':id', '1'), { as: 'ingest' })).statusCode).toBe(403)
  },
)

const withId = guarded.filter(({ path, access }) => path.includes(':id') && access !== 'tenant:manage')
const changes: Record<string, object> = {
  users: { is_active: false },
  cases: { title: 'taken' },
  artifacts: { value: 'x' },
}

test.each(withId)("$method $path does not find another tenant's row", async ({ method, path }) => {
  const table = tableOf(path)
  const id = await idIn(table, other)
  const row = () => bed.one(`select * from ${table} where tenant_id = $1 and id = $2`, [other, id])
  const before = await row()
  const answer = await ask(method, path.replace(':id', String(id)), {
    as: 'admin',
    ...(method === 'PUT' && { body: changes[table] }),
  })
  expect(answer.statusCode).toBe(404)
  expect(await row()).toEqual(before)
})

test.each(guarded.filter(({ access }) => access !== 'signed-in' && access !== 'tenant:manage'))(
  '$method $path refuses a tenant that is not their own, and a super-admin may name it',
  async ({ method, path }) => {
    const headers = { 'x-tenant': String(other) }
    const url = path.replace(':id', '0')
    expect((await ask(method, url, { as: 'admin', headers })).statusCode).toBe(403)
    expect([200, 400]).toContain((await ask(method, url, { as: 'super_admin', headers })).statusCode)
  },
)

test('a list holds the own tenant only, and that of the tenant that a super-admin names', async () => {
  const tenantsOf = async (asked: Asked) =>
    new Set((await ask('GET', '/api/hosts', asked)).json().map((host: { tenant_id: number }) => host.tenant_id))
  expect(await tenantsOf({ as: 'viewer' })).toEqual(new Set([own]))
  expect(await tenantsOf({ as: 'super_admin', headers: { 'x-tenant': String(other) } })).toEqual(new Set([other]))
  expect((await ask('GET', '/api/hosts', { as: 'admin', headers: { 'x-tenant': 'mine' } })).statusCode).toBe(400)
})

test('logs in by JSON and by a form, and answers as OAuth does', async () => {
  const form = await ask('POST', '/api/auth/login', {
    body: `username=viewer&password=${encodeURIComponent(password)}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
  expect(form.json()).toEqual({ access_token: expect.any(String), token_type: 'bearer', expires_in: 1800 })
  expect(form.headers['set-cookie']).toBeUndefined()
  const me = await ask('GET', '/api/auth/me', { headers: { authorization: `Bearer ${form.json().access_token}` } })
  expect(me.json()).toMatchObject({ username: 'viewer', role: 'viewer', tenant_id: own })
  const wrong = await ask('POST', '/api/auth/login', { body: { username: 'viewer', password: 'wrong' } })
  expect([wrong.statusCode, Object.keys(wrong.json())]).toEqual([401, ['detail']])
})

test('a script sets up an empty server: first account, token, rows, and reads them back', async () => {
  const empty = await testBed()
  const server = await serverOf(empty)
  const post = (url: string, payload: object, authorization?: string) =>
    server.inject({ method: 'POST', url, payload, ...(authorization && { headers: { authorization } }) })
  const account = await post('/api/auth/register', { username: 'dana', password })
  expect([account.statusCode, account.json()]).toEqual([
    201,
    { id: expect.any(Number), username: 'dana', role: 'super_admin', tenant_id: expect.any(Number), is_active: true },
  ])
  const login = (await post('/api/auth/login', { username: 'dana', password })).json()
  const bearer = `Bearer ${login.access_token}`
  expect((await post('/api/ingestion/ingest', { hostname: 'WS-01', data: [{ n: 1 }] }, bearer)).statusCode).toBe(201)
  const read = async (url: string) =>
    (await server.inject({ method: 'GET', url, headers: { authorization: bearer } })).json()
  expect(await read('/api/hosts')).toMatchObject([{ hostname: 'WS-01' }])
  expect(await read('/api/collections')).toMatchObject([{ rows_received: 1, rows_expected: 1 }])
  await server.close()
  await empty.close()
})

test('an account that is not the first is refused while registration is closed', async () => {
  const body = { username: 'mallory', password, role: 'admin', tenant_id: other }
  expect((await ask('POST', '/api/auth/register', { body })).statusCode).toBe(403)
})

test('makes, changes, lists and deactivates a user', async () => {
  const made = await ask('POST', '/api/users', { as: 'admin', body: { username: 'robin', role: 'user' } })
  expect([made.statusCode, made.json()]).toMatchObject([201, { username: 'robin', role: 'user', is_active: true }])
  expect(made.json().link).toContain('/welcome#')
  const url = `/api/users/${made.json().id}`
  expect((await ask('PUT', url, { as: 'admin', body: { role: 'viewer' } })).json().role).toBe('viewer')
  expect((await ask('DELETE', url, { as: 'admin' })).json().is_active).toBe(false)
  const inactive = await ask('GET', '/api/users?is_active=false', { as: 'admin' })
  expect(inactive.json()).toHaveLength(1)
  const twice = await ask('POST', '/api/users', { as: 'admin', body: { username: 'ROBIN', role: 'user' } })
  expect(twice.statusCode).toBe(409)
  const more = await ask('POST', '/api/users', { as: 'admin', body: { username: 'eve', role: 'super_admin' } })
  expect(more.statusCode).toBe(403)
})

test('pages by skip and limit, and by the key in Link', async () => {
  for (const title of ['one', 'two', 'three'])
    await ask('POST', '/api/cases', { as: 'user', body: { title, severity: 'high' } })
  const titles = (answer: { json(): { title: string }[] }) => answer.json().map(({ title }) => title)
  const first = await ask('GET', '/api/cases?severity=high&limit=2', { as: 'viewer' })
  expect([titles(first), first.headers['x-total-count']]).toEqual([['three', 'two'], '3'])
  const next = /^<(.+)>; rel="next"$/.exec(first.headers.link as string)![1]!
  expect(titles(await ask('GET', next, { as: 'viewer' }))).toEqual(['one'])
  expect(titles(await ask('GET', '/api/cases?severity=high&skip=1&limit=1', { as: 'viewer' }))).toEqual(['two'])
  expect((await ask('GET', '/api/cases?limit=many', { as: 'viewer' })).json().detail).toContain('limit: ')
})

test('a case is changed at the version that was read, or at the one that stands', async () => {
  const { id, version } = (await ask('POST', '/api/cases', { as: 'user', body: { title: 'Loader' } })).json()
  const url = `/api/cases/${id}`
  expect((await ask('PUT', url, { as: 'user', body: { status: 'investigating' } })).json().version).toBe(version + 1)
  const stale = await ask('PUT', url, { as: 'user', body: { version, title: 'Lost' } })
  expect([stale.statusCode, Object.keys(stale.json())]).toEqual([409, ['detail']])
  expect((await ask('DELETE', url, { as: 'user' })).statusCode).toBe(200)
  expect((await ask('GET', url, { as: 'user' })).statusCode).toBe(404)
})

test('an artifact is put on a case, changed and deleted', async () => {
  const { id } = (await ask('POST', '/api/cases', { as: 'user', body: { title: 'Beacon' } })).json()
  const body = { case_id: id, artifact_type: 'domain', value: 'update[.]example.com' }
  const made = await ask('POST', '/api/artifacts', { as: 'user', body })
  expect([made.statusCode, made.json().value]).toEqual([201, 'update[.]example.com'])
  const url = `/api/artifacts/${made.json().id}`
  expect((await ask('PUT', url, { as: 'user', body: { description: 'C2' } })).json().description).toBe('C2')
  expect((await ask('GET', `/api/artifacts?case_id=${id}`, { as: 'viewer' })).json()).toHaveLength(1)
  expect((await ask('DELETE', url, { as: 'user' })).statusCode).toBe(200)
})

test('a tenant is made, renamed and read by a super-admin', async () => {
  const made = await ask('POST', '/api/tenants', { as: 'super_admin', body: { name: 'Harbour Foods' } })
  expect(made.statusCode).toBe(201)
  const url = `/api/tenants/${made.json().id}`
  expect((await ask('PUT', url, { as: 'super_admin', body: { name: 'Harbour' } })).json().name).toBe('Harbour')
  const namesAt = async (at: string) => {
    const answer = await ask('GET', at, { as: 'super_admin' })
    const next = /^<(.+)>; rel="next"$/.exec((answer.headers.link as string) ?? '')?.[1]
    return { names: answer.json().map((tenant: { name: string }) => tenant.name), next }
  }
  const all = await namesAt('/api/tenants')
  const first = await namesAt('/api/tenants?limit=2')
  const second = await namesAt(first.next!)
  expect([...first.names, ...second.names]).toEqual(all.names)
  expect(second.next).toBeUndefined()
  expect((await namesAt('/api/tenants?skip=1&limit=1')).names).toEqual([all.names[1]])
})

test.each([
  ['POST', '/api/cases', '[]'],
  ['POST', '/api/cases', '{'],
  ['POST', '/api/cases', '{"title":7}'],
  ['POST', '/api/cases', ''],
  ['PUT', '/api/cases/many', '{"title":"x"}'],
])('%s %s with %j is bad input', async (method, url, body) => {
  const headers = { 'content-type': 'application/json' }
  const answer = await ask(method, url, { as: 'user', body, headers })
  expect([answer.statusCode, Object.keys(answer.json())]).toEqual([400, ['detail']])
})

test('a body of another type is bad input', async () => {
  const answer = await ask('POST', '/api/cases', {
    as: 'user',
    body: 'title',
    headers: { 'content-type': 'text/plain' },
  })
  expect(answer.statusCode).toBe(400)
})

test('a document becomes a record once, and a repeat answers the same', async () => {
  const body = '{"hostname": "WS-09", "data": [{"big": 9007199254740993},\n {"big": 2}], "artifact": "Custom.Big"}'
  const headers = { 'content-type': 'application/json', 'idempotency-key': 'delivery-1' }
  const first = await ask('POST', '/api/ingestion/ingest', { as: 'ingest', body, headers })
  expect([first.statusCode, first.json()]).toMatchObject([201, { rows: 2, rejected: 0, source: 'Custom.Big' }])
  const again = await ask('POST', '/api/ingestion/ingest', { as: 'ingest', body, headers })
  expect([again.statusCode, again.json()]).toEqual([200, first.json()])
  const { collection_id: id } = first.json()
  const rows = await ask('GET', `/api/collections/${id}/rows`, { as: 'viewer' })
  expect(rows.body).toBe('{"big": 9007199254740993}\n{"big": 2}\n')
  expect(rows.headers).toMatchObject({ 'x-rows-stored': '2', 'x-rows-expected': '2', 'x-rows-set-aside': '0' })
})

test('a person may send a document for their own tenant, a viewer may not', async () => {
  const body = { hostname: 'WS-10', data: { n: 1 } }
  expect((await ask('POST', '/api/ingestion/ingest', { as: 'user', body })).statusCode).toBe(201)
  expect((await ask('POST', '/api/ingestion/ingest', { as: 'viewer', body })).statusCode).toBe(403)
  const [host] = (await ask('GET', '/api/hosts?query=WS-10', { as: 'viewer' })).json()
  expect(host.tenant_id).toBe(own)
  const event = await bed.one<{ actor: string }>("select actor from audit_events where action = 'ingestion.ingest'", [])
  expect(event.actor).toBe('user')
})

test('a document over the limit, or without JSON, is told so', async () => {
  const large = await ask('POST', '/api/ingestion/ingest', {
    as: 'ingest',
    body: `{"hostname":"h","data":{"long":"${'x'.repeat(1_100_000)}"}}`,
  })
  expect([large.statusCode, Object.keys(large.json())]).toEqual([413, ['detail']])
  expect((await ask('POST', '/api/ingestion/ingest', { as: 'ingest', body: 'hello' })).statusCode).toBe(400)
  const key = { 'idempotency-key': 'two words' }
  expect((await ask('POST', '/api/ingestion/ingest', { as: 'ingest', body: '{}', headers: key })).statusCode).toBe(400)
})

test('rows of a collection stream exactly, source by source, across many blocks', async () => {
  const ingest = await openIngest(bed.database)
  const { id: serverId } = await bed.one<{ id: number }>('select id from velociraptor_servers where tenant_id = $1', [
    own,
  ])
  const credential = { tenantId: own, tokenId: null as never, serverId }
  const lines = Array.from({ length: 12_345 }, (_, n) => `{"n" : ${n}, "big":1${n}0000000000000001,"é":"\\u00e9"}`)
  const send = (artifact: string, rows: string[]) => {
    const flow = { org_id: 'root', client_id: 'C.7', flow_id: 'F.7', artifact, start_row: 0, rows: rows.length }
    const body = `${JSON.stringify({ kind: 'batch', version: 1, ...flow })}\n${rows.join('\n')}\n`
    return receive(ingest, { credential, body: Readable.from([Buffer.from(body)]), limit: 1e9, origin: {} })
  }
  await send('A/Many', lines)
  await send('A/One', ['{"n":1}'])
  await ingest.close()
  const [collection] = (await ask('GET', '/api/collections?client_id=C.7&flow_id=F.7', { as: 'viewer' })).json()
  const url = `/api/collections/${collection.id}/rows`
  const unnamed = await ask('GET', url, { as: 'viewer' })
  expect([unnamed.statusCode, unnamed.json().detail]).toEqual([400, 'source: name one of A/Many, A/One'])
  expect((await ask('GET', `${url}?source=A%2FTwo`, { as: 'viewer' })).statusCode).toBe(404)
  const rows = await ask('GET', `${url}?source=A%2FMany`, { as: 'viewer' })
  expect(rows.headers['content-type']).toContain('application/x-ndjson')
  expect(rows.body).toBe(`${lines.join('\n')}\n`)
})

test('evidence keeps its keys in an answer', async () => {
  await bed.root.query(
    `update hosts set host_metadata = '{"macAddresses": ["02:00:00:00:00:01"], "a_b": 1}' where tenant_id = $1`,
    [own],
  )
  const answer = await ask('GET', `/api/hosts/${await idIn('hosts', own)}`, { as: 'viewer' })
  expect(answer.json().host_metadata).toEqual({ macAddresses: ['02:00:00:00:00:01'], a_b: 1 })
})

test('OpenAPI describes every route of the table, and the page of it is served', async () => {
  const document = (await ask('GET', '/openapi.json')).json()
  expect(document.openapi).toBe('3.1.0')
  for (const { method, path } of opened)
    expect(document.paths[path.replace(/:(\w+)/, '{$1}')]?.[method.toLowerCase()]?.responses).toBeDefined()
  expect(document.paths['/api/cases/{id}'].put.requestBody.content['application/json'].schema.properties).toMatchObject(
    {
      title: { type: 'string', maxLength: 300 },
    },
  )
  expect((await ask('GET', '/docs')).statusCode).toBeLessThan(400)
  const page = await ask('GET', '/docs/static/index.html')
  expect(page.body).not.toMatch(/<script(?![^>]*src=)/)
})
