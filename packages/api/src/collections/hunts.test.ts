import { afterAll, beforeAll, expect, test } from 'vitest'
import { testBed, type TestBed } from '../testing.ts'

let bed: TestBed
beforeAll(async () => {
  bed = await testBed()
})
afterAll(() => bed.close())

const idOf = async (text: string, values: unknown[]) => (await bed.one<{ id: number }>(text, values)).id

async function part(tenantId: number, huntId: string, received: string, expected: number | null, source = 'A') {
  const host = await idOf('insert into hosts (tenant_id, hostname) values ($1, $2) returning id', [
    tenantId,
    crypto.randomUUID(),
  ])
  const id = await idOf(
    `insert into collections (tenant_id, host_id, flow_id, hunt_id, hunt_description, rows_expected) values ($1, $2, 'F.1', $3, 'Look-alikes', $4) returning id`,
    [tenantId, host, huntId, expected],
  )
  await bed.root.query(
    `with s as (insert into sources (tenant_id, name) values ($1, $3) on conflict (tenant_id, name, kind) do update set name = excluded.name returning id)
     insert into collection_sources (tenant_id, collection_id, source_id, received) select $1, $2, id, $4 from s`,
    [tenantId, id, source, received],
  )
}

test('hunts that lack rows come first, each with its hosts, sources and rows', async () => {
  const tenantId = await bed.tenant()
  const viewer = await bed.callerOf(tenantId, 'viewer')
  await part(tenantId, 'H.lacks', '{[0,12)}', 40)
  await part(tenantId, 'H.lacks', '{[0,8)}', 8, 'B')
  await part(tenantId, 'H.whole', '{[0,9)}', 9)
  await part(tenantId, 'H.unknown', '{[0,3)}', null)
  const found = await viewer.collections.hunts({})
  expect(found.total).toBe(3)
  expect(found.rows[0]).toMatchObject({
    huntId: 'H.lacks',
    description: 'Look-alikes',
    hosts: 2,
    collections: 2,
    sources: 2,
    incomplete: 1,
    rowsReceived: 20,
    rowsExpected: 48,
  })
  expect(found.rows.slice(1).map(({ huntId, incomplete, rowsExpected }) => [huntId, incomplete, rowsExpected])).toEqual(
    expect.arrayContaining([
      ['H.whole', 0, 9],
      ['H.unknown', 0, null],
    ]),
  )
  expect((await viewer.collections.hunts({ incomplete: true })).rows).toHaveLength(1)
  const first = await viewer.collections.hunts({ limit: 2 })
  const second = await viewer.collections.hunts({ limit: 2, cursor: first.nextCursor })
  expect([first.nextCursor, second.rows.length, second.nextCursor]).toEqual([2, 1, null])
})

test('the same hunt id of two servers is two hunts', async () => {
  const tenantId = await bed.tenant()
  await part(tenantId, 'H.1', '{[0,1)}', 1)
  await part(tenantId, 'H.1', '{[0,1)}', 1)
  await bed.root.query(
    `with v as (insert into velociraptor_servers (tenant_id, name, org_id, gui_url) values ($1, 'v', 'O1', 'https://v') returning id)
     update hosts set server_id = (select id from v) where id = (select max(id) from hosts where tenant_id = $1)`,
    [tenantId],
  )
  const { rows } = await (await bed.callerOf(tenantId, 'viewer')).collections.hunts({})
  const found = rows.map(({ orgId, guiUrl, hosts }) => ({ orgId, guiUrl, hosts }))
  expect(found).toHaveLength(2)
  expect(found).toContainEqual({ orgId: 'O1', guiUrl: 'https://v', hosts: 1 })
  expect(found).toContainEqual({ orgId: null, guiUrl: null, hosts: 1 })
})
