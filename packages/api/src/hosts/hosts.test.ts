import { afterAll, beforeAll, expect, test } from 'vitest'
import { testBed, type TestBed } from '../testing.ts'

let bed: TestBed
beforeAll(async () => {
  bed = await testBed()
})
afterAll(() => bed.close())

const host = async (tenantId: number, hostname: string, minutes = 0, labels: string[] = []) =>
  (
    await bed.one<{ id: number }>(
      `insert into hosts (tenant_id, hostname, os, ip_address, labels, last_seen)
       values ($1, $2, 'Windows 11', '192.0.2.7', $3, now() - make_interval(mins => $4)) returning id`,
      [tenantId, hostname, labels, minutes],
    )
  ).id

test('lists hosts by last seen and by name, and finds them by part of a name, address or label', async () => {
  const own = await bed.tenant()
  const api = await bed.callerOf(own, 'viewer')
  await host(own, 'WS-B', 5, ['finance'])
  await host(own, 'ws-a', 9)
  const names = async (input: Parameters<typeof api.hosts.list>[0]) =>
    (await api.hosts.list(input)).rows.map((row) => row.hostname)
  expect(await names({})).toEqual(['WS-B', 'ws-a'])
  expect(await names({ sort: 'hostname', order: 'asc' })).toEqual(['ws-a', 'WS-B'])
  expect(await names({ query: 's-b' })).toEqual(['WS-B'])
  expect(await names({ query: 'FINANCE' })).toEqual(['WS-B'])
  expect(await names({ label: 'finance', os: 'windows' })).toEqual(['WS-B'])
  expect(await names({ query: '%' })).toEqual([])
})

test('pages by both orders without losing or repeating a host', async () => {
  const own = await bed.tenant()
  const api = await bed.callerOf(own, 'viewer')
  for (let i = 0; i < 9; i++) await host(own, `host:${i}`, i % 3)
  for (const sort of ['lastSeen', 'hostname'] as const) {
    const seen: number[] = []
    let cursor: string | null = null
    do {
      const page: Awaited<ReturnType<typeof api.hosts.list>> = await api.hosts.list({ sort, limit: 2, cursor })
      expect(page.total).toBe(9)
      seen.push(...page.rows.map((row) => row.id))
      cursor = page.nextCursor
    } while (cursor)
    expect(new Set(seen).size).toBe(9)
    expect(seen).toHaveLength(9)
  }
})

test('shows a host with what arrived from it', async () => {
  const own = await bed.tenant()
  const api = await bed.callerOf(own, 'viewer')
  const id = await host(own, 'ws-1')
  await bed.root.query(`insert into collections (tenant_id, host_id, flow_id) values ($1, $2, 'F.1')`, [own, id])
  expect(await api.hosts.get({ id })).toMatchObject({ hostname: 'ws-1', collections: 1, rowsReceived: 0, sources: [] })
})

test("shows another tenant's host as one that does not exist, and all tenants to a super-admin alone", async () => {
  const [own, other] = [await bed.tenant(), await bed.tenant()]
  const id = await host(own, 'ws-secret')
  const theirs = await bed.callerOf(other, 'admin')
  await expect(theirs.hosts.get({ id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(theirs.hosts.list({ tenant: 'all' })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  const every = await bed.callerOf(other, 'super_admin')
  const found = await every.hosts.list({ tenant: 'all', query: 'ws-secret' })
  expect(found.rows).toMatchObject([{ id, tenantId: own }])
})
