import { afterAll, beforeAll, expect, test } from 'vitest'
import { testBed, type TestBed } from '../testing.ts'
import { guiUrl } from './input.ts'

let bed: TestBed
beforeAll(async () => {
  bed = await testBed()
})
afterAll(() => bed.close())

test.each([
  ['https://velo.example.com:8889', 'https://velo.example.com:8889'],
  [' https://velo.example.com/app/index.html?org_id=root#/host/C.1 ', 'https://velo.example.com'],
  ['https://velo.example.com/behind/proxy/', 'https://velo.example.com/behind/proxy'],
  ['https://velo.example.com/behind/app', 'https://velo.example.com/behind'],
])('takes %s as %s', (given, taken) => expect(guiUrl.parse(given)).toBe(taken))

test.each(['javascript:alert(1)', 'velo.example.com', 'ftp://velo.example.com', 'https://a:b@velo.example.com', ''])(
  'does not take %j',
  (given) => expect(guiUrl.safeParse(given).success).toBe(false),
)

test('one address serves every org of a server, also one that is named later, and no other server', async () => {
  const tenantId = await bed.tenant()
  const admin = await bed.callerOf(tenantId, 'admin')
  const make = (server: string, orgId: string) => admin.tokens.create({ name: 't', scope: 'ingest', server, orgId })
  await make('velo-1', 'root')
  await make('velo-1', 'O123')
  await make('velo-2', 'root')
  const [first] = (await admin.servers.list({})).rows
  await admin.servers.update({ id: first!.id, guiUrl: 'https://velo.example.com/app/index.html' })
  await make('velo-1', 'O456')
  expect((await admin.servers.list({})).rows.map(({ name, orgId, guiUrl: url }) => [name, orgId, url])).toEqual([
    ['velo-1', 'O123', 'https://velo.example.com'],
    ['velo-1', 'O456', 'https://velo.example.com'],
    ['velo-1', 'root', 'https://velo.example.com'],
    ['velo-2', 'root', null],
  ])
  const event = await bed.one<{ detail: object }>(
    "select detail from audit_events where tenant_id = $1 and action = 'server.update'",
    [tenantId],
  )
  expect(event.detail).toMatchObject({ name: 'velo-1', guiUrl: 'https://velo.example.com' })
})

test('a host and a collection say where Velociraptor shows them', async () => {
  const tenantId = await bed.tenant()
  const viewer = await bed.callerOf(tenantId, 'viewer')
  const { server } = await bed.one<{ server: number }>(
    "insert into velociraptor_servers (tenant_id, name, org_id, gui_url) values ($1, 'v', 'O123', 'https://v') returning id as server",
    [tenantId],
  )
  const { id: host } = await bed.one<{ id: number }>(
    "insert into hosts (tenant_id, server_id, client_id, hostname) values ($1, $2, 'C.1', 'h') returning id",
    [tenantId, server],
  )
  const { id } = await bed.one<{ id: number }>(
    "insert into collections (tenant_id, host_id, flow_id) values ($1, $2, 'F.1') returning id",
    [tenantId, host],
  )
  expect(await viewer.hosts.get({ id: host })).toMatchObject({ guiUrl: 'https://v', orgId: 'O123', server: 'v' })
  expect(await viewer.collections.get({ id })).toMatchObject({ guiUrl: 'https://v', orgId: 'O123' })
})
