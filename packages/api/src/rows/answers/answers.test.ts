import { afterAll, beforeAll, expect, test } from 'vitest'
import { openIngest } from '../../ingestion/open.ts'
import { storeGroup } from '../../ingestion/store.ts'
import { placeOn, testBed, type TestBed } from '../../testing.ts'

let bed: TestBed
let ingest: Awaited<ReturnType<typeof openIngest>>
beforeAll(async () => {
  bed = await testBed()
  ingest = await openIngest(bed.database)
})
afterAll(async () => {
  await ingest.close()
  await bed.close()
})

const id = async (text: string, values: unknown[]) => (await bed.one<{ id: number }>(text, values)).id

/** Stores rows of one source on one host. */
async function store(tenantId: number, hostname: string, source: string, rows: object[]) {
  const hostId = await id(
    'insert into hosts (tenant_id, hostname, os, labels) values ($1, $2, $3, $4) on conflict do nothing returning id',
    [tenantId, hostname, 'windows', ['vip', hostname]],
  )
  const bytes = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  await storeGroup(ingest, await placeOn(bed, tenantId, hostId, source), { bytes, lines: rows.length, firstLine: 0 }, 0)
}

/** Two hosts with processes, one with connections: a tenant of its own. */
async function small() {
  const tenantId = await bed.tenant()
  const process = (Name: string, Pid: number, day: number) => ({ Name, Pid, EventTime: `2024-03-0${day}T00:00:00Z` })
  await store(tenantId, 'h1', 'P/A', [process('a.exe', 1, 1), process('b.exe', 2, 1), process('a.exe', 3, 2)])
  await store(tenantId, 'h2', 'P/A', [
    process('a.exe', 4, 3),
    { ...process('c.exe', 5, 3), Name: ['c.exe', 'd.exe', 'c.exe'] },
  ])
  await store(tenantId, 'h3', 'N', [
    { Raddr: { IP: '10.1.2.3' }, Cmd: 'get https://evil.example/x', EventTime: '2024-03-05T00:00:00Z' },
  ])
  return { tenantId, api: await bed.callerOf(tenantId, 'viewer') }
}

test('stacks the values of a field, most and fewest, and on how many hosts', async () => {
  const { api } = await small()
  expect(await api.rows.stack({ query: '', fields: ['name'], limit: 2 })).toMatchObject({
    values: [
      { values: ['a.exe'], rows: 3, hosts: 2 },
      { values: ['b.exe'], rows: 1, hosts: 1 },
    ],
    distinct: 4,
    total: 6,
    absent: 1,
    hostsTotal: 3,
  })
  const fewest = await api.rows.stack({ query: 'Pid:>1', fields: ['Name'], order: 'fewest' })
  expect(fewest.values.map(({ values, rows }) => [values[0], rows])).toEqual([
    ['b.exe', 1],
    ['c.exe', 1],
    ['d.exe', 1],
    ['a.exe', 2],
  ])
  const hosts = await api.rows.stack({ query: 'Name:a.exe', fields: ['host', 'Name', 'nothing'] })
  expect(hosts.values).toEqual([
    { values: ['h1', 'a.exe', null], rows: 2, hosts: 1 },
    { values: ['h2', 'a.exe', null], rows: 1, hosts: 1 },
  ])
  const labels = await api.rows.stack({ query: '', fields: ['label'] })
  expect(labels.values[0]).toEqual({ values: ['vip'], rows: 6, hosts: 3 })
  const artifacts = await api.rows.stack({ query: '', fields: ['artifact'] })
  expect(artifacts.values.map(({ values, rows }) => [values[0], rows])).toEqual([
    ['P', 5],
    ['N', 1],
  ])
  await expect(api.rows.stack({ query: '', fields: ['time'] })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
})

test('tells where it is asked for when each group was first and on how many tenants’ hosts', async () => {
  const { tenantId, api } = await small()
  const first = (name: string, day: number) => [name, `2024-03-0${day}T00:00:00.000000Z`]
  const of = async (more: object) =>
    (await api.rows.stack({ query: '', fields: ['Name'], first: true, ...more })).values.map((one) => [
      one.values[0],
      one.first,
    ])
  expect(await of({})).toEqual([first('a.exe', 1), first('b.exe', 1), first('c.exe', 3), first('d.exe', 3)])
  expect((await of({ from: '2024-03-01T12:00:00Z' }))[0]).toEqual(first('a.exe', 2))

  const marker = `only-${tenantId}.exe`
  const elsewhere = await bed.tenant()
  await store(tenantId, 'h4', 'P/A', [{ Name: marker }, { Name: `one-${marker}` }])
  await store(elsewhere, 'h1', 'P/A', [{ Name: marker }])
  const asked = { query: `Name:*${marker}`, fields: ['Name'], tenants: true }
  const all = await bed.callerOf(tenantId, 'super_admin')
  const stack = await all.rows.stack({ ...asked, tenant: 'all' })
  expect(stack.values.map(({ values, hosts, tenants }) => [values[0], hosts, tenants])).toEqual([
    [marker, 2, 2],
    [`one-${marker}`, 1, 1],
  ])
  expect(stack.tenantsTotal).toBeGreaterThan(1)
  expect(await api.rows.stack(asked)).toMatchObject({ tenantsTotal: 1, values: [{ tenants: 1 }, { tenants: 1 }] })
  expect(await api.rows.stack({ query: '', fields: ['Name'], limit: 1 })).toEqual(
    expect.objectContaining({ values: [{ values: ['a.exe'], rows: 3, hosts: 2 }] }),
  )
})

test('tells where it is asked for when each group was last, and its rows on the seven days up to then', async () => {
  const { tenantId, api } = await small()
  const of = async (more: object) => {
    const stack = await api.rows.stack({ query: '', fields: ['Name'], last: true, ...more })
    return [stack.lastDay, ...stack.values.map(({ values, last, days }) => [values[0], last?.slice(0, 10), days])]
  }
  expect(await of({ to: '2024-03-04T00:00:00Z' })).toEqual([
    '2024-03-03',
    ['a.exe', '2024-03-03', [0, 0, 0, 0, 1, 1, 1]],
    ['b.exe', '2024-03-01', [0, 0, 0, 0, 1, 0, 0]],
    ['c.exe', '2024-03-03', [0, 0, 0, 0, 0, 0, 1]],
    ['d.exe', '2024-03-03', [0, 0, 0, 0, 0, 0, 1]],
  ])
  const [today, [, newest, days]] = (await of({})) as [string, [string, string, number[]]]
  expect([today, newest, days]).toEqual([new Date().toISOString().slice(0, 10), '2024-03-03', [0, 0, 0, 0, 0, 0, 0]])
  // Groups whose names are found later are added up.
  await store(tenantId, 'h5', 'P/A', [{ Name: 'a.exe', EventTime: '2024-03-02T23:59:59.999999Z' }])
  const artifacts = await api.rows.stack({
    query: 'Name:a.exe',
    fields: ['artifact'],
    last: true,
    to: '2024-03-08T00:00:00Z',
  })
  expect(artifacts.values).toMatchObject([
    { values: ['P'], last: '2024-03-03T00:00:00.000000Z', days: [1, 2, 1, 0, 0, 0, 0] },
  ])
})

test('pipes sort, count, group and chart', async () => {
  const { api } = await small()
  const pids = async (query: string, more = {}) => {
    const answer = await api.rows.search({ query, ...more })
    return { pids: answer.rows.map(({ data }) => (data as { Pid?: number }).Pid), next: answer.nextCursor }
  }
  expect((await pids('| sortby Pid')).pids).toEqual([1, 2, 3, 4, 5, undefined])
  expect((await pids('| sortby -Pid')).pids).toEqual([5, 4, 3, 2, 1, undefined])
  expect((await pids('Name:*.exe | sortby Name -Pid')).pids).toEqual([4, 3, 1, 2, 5])
  const first = await pids('| sortby Pid', { limit: 4 })
  expect(first).toEqual({ pids: [1, 2, 3, 4], next: expect.any(String) })
  expect(await pids('| sortby Pid', { limit: 4, cursor: first.next })).toEqual({ pids: [5, undefined], next: null })
  expect(await api.rows.search({ query: 'Name:a.exe | count' })).toMatchObject({
    rows: [],
    total: 3,
    totalIsExact: true,
  })
  expect(await api.rows.search({ query: 'a.exe | table host Name' })).toMatchObject({
    columns: ['host', 'Name'],
    total: 3,
  })
  expect(await api.rows.search({ query: '| rare Name' })).toMatchObject({
    rows: [],
    groups: { fields: ['Name'], distinct: 4 },
  })
  expect(await api.rows.search({ query: '| timechart Name' })).toMatchObject({ chart: { total: 6 } })
})

test('counts rows over event time', async () => {
  const { api } = await small()
  const days = await api.rows.histogram({
    query: '',
    from: '2024-03-01T00:00:00Z',
    to: '2024-03-06T00:00:00Z',
    buckets: 5,
  })
  expect(days.buckets.map(({ rows }) => rows)).toEqual([2, 1, 2, 0, 1])
  expect(days.buckets[0]!.time).toBe('2024-03-01T00:00:00.000000Z')
  const all = await api.rows.histogram({ query: 'Name:*', buckets: 7 })
  expect(all.buckets.reduce((sum, { rows }) => sum + rows, 0)).toBe(5)
  expect((await api.rows.histogram({ query: 'nowhere' })).buckets).toEqual([])
})

test('tells where and when a value was seen, and which of many were', async () => {
  const { api, tenantId } = await small()
  expect(await api.values.seen({ value: 'A.EXE' })).toMatchObject({
    rows: 3,
    first: '2024-03-01T00:00:00.000000Z',
    last: '2024-03-03T00:00:00.000000Z',
    hosts: [
      { host: 'h2', rows: 1 },
      { host: 'h1', rows: 2, last: '2024-03-02T00:00:00.000000Z' },
    ],
    hostsTotal: 2,
    sources: [{ source: 'P/A', rows: 3 }],
  })
  expect(await api.values.seen({ value: 'nowhere' })).toMatchObject({ rows: 0, first: null, hosts: [] })
  const values = [
    ...Array.from({ length: 3000 }, (_, i) => `absent-${i}`),
    'A.exe',
    'evil.example',
    '10.1.2.3',
    '2024-03-05T00:00:00Z',
    '',
  ]
  const { hits } = await api.indicators.sweep({ values })
  const found = hits.map(({ value, host, rows }) => [value, host, rows].join(' ')).sort((a, b) => (a < b ? -1 : 1))
  expect(found).toEqual(['10.1.2.3 h3 1', '2024-03-05T00:00:00Z h3 1', 'A.exe h1 2', 'A.exe h2 1', 'evil.example h3 1'])
  const before = await api.indicators.sweep({ values, to: '2024-03-02T00:00:00Z' })
  expect(before.hits.map(({ host, rows }) => [host, rows])).toEqual([['h1', 1]])
  const root = await bed.callerOf(await bed.tenant(), 'super_admin')
  expect(
    (await root.indicators.sweep({ values: ['evil.example'], tenant: 'all' })).hits.filter(
      (hit) => hit.tenantId === tenantId,
    ),
  ).toHaveLength(1)
  expect((await root.indicators.sweep({ values })).hits).toEqual([])
})

test('says how a query runs, and offers fields and values', async () => {
  const { api } = await small()
  const { steps, blocks, slow } = await api.rows.explain({ query: 'Name:a.exe host:h1' })
  expect({ blocks, slow }).toEqual({ blocks: 1, slow: null })
  expect(steps.join(' ')).toMatch(/1 of 3 blocks.*with 3 rows.*looked up as a whole value/)
  const offered = async (query: string) => (await api.rows.complete({ query, at: query.length })).suggestions
  expect(await offered('x Na')).toContainEqual({ insert: 'Name:' })
  expect(await offered('Radd')).toEqual([{ insert: 'Raddr.IP:' }])
  expect(await offered('Name:')).toContainEqual({ insert: '"a.exe"', rows: 3 })
  expect(await offered('host:h1 AND Name:a')).toEqual([{ insert: '"a.exe"', rows: 2 }])
  expect(await offered('host:h')).toEqual([{ insert: '"h1"' }, { insert: '"h2"' }, { insert: '"h3"' }])
})

test('every use over all tenants is audited', async () => {
  await small()
  const tenantId = await bed.tenant()
  const root = await bed.callerOf(tenantId, 'super_admin')
  await root.rows.stack({ query: '', fields: ['Name'], tenant: 'all' })
  await root.rows.histogram({ query: '', tenant: 'all' })
  await root.values.seen({ value: 'x', tenant: 'all' })
  await root.rows.explain({ query: '', tenant: 'all' })
  await root.rows.complete({ query: '', at: 0, tenant: 'all' })
  const { rows } = await bed.root.query(
    "select detail->>'procedure' as p from audit_events where tenant_id = $1 and action = 'read across tenants' order by id",
    [tenantId],
  )
  expect(rows.map(({ p }) => p as string)).toEqual([
    'rows.stack',
    'rows.histogram',
    'values.seen',
    'rows.explain',
    'rows.complete',
  ])
  const viewer = await bed.callerOf(tenantId, 'viewer')
  await expect(viewer.indicators.sweep({ values: ['x'], tenant: 'all' })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(viewer.rows.complete({ query: '', at: 0, tenant: 'all' })).rejects.toMatchObject({ code: 'FORBIDDEN' })
})

test('pages through the values of a stack in any of its orders', async () => {
  const { api } = await small()
  const ask = { query: '', fields: ['Name'], limit: 2 }
  const first = await api.rows.stack({ ...ask, order: 'widest' })
  expect(first).toMatchObject({
    values: [
      { values: ['a.exe'], hosts: 2 },
      { values: ['b.exe'], hosts: 1 },
    ],
    nextCursor: 2,
  })
  const second = await api.rows.stack({ ...ask, order: 'widest', cursor: first.nextCursor })
  expect(second).toMatchObject({ values: [{ values: ['c.exe'] }, { values: ['d.exe'] }], nextCursor: null })
  const narrowest = await api.rows.stack({ ...ask, order: 'narrowest', limit: 4 })
  expect(narrowest.values.map(({ values: [name] }) => name)).toEqual(['b.exe', 'c.exe', 'd.exe', 'a.exe'])
})

test('answers with the page alone where nobody waits for the count, and says so', async () => {
  const tenantId = await bed.tenant()
  const api = await bed.callerOf(tenantId, 'viewer')
  for (let day = 10; day < 22; day++)
    await store(
      tenantId,
      `h${day}`,
      'Days',
      [1, 2, 3].map((n) => ({ Name: `a${n}`, EventTime: `2024-03-${day}T0${n}:00:00Z` })),
    )
  const query = { query: 'Name:*a*', limit: 2 }
  const counted = await api.rows.search(query)
  expect(counted).toMatchObject({ total: 36, totalIsExact: true })
  const page = await api.rows.search({ ...query, countFor: 0 })
  expect(page.rows).toEqual(counted.rows)
  expect(page.totalIsExact).toBe(false)
  expect(page.total).toBeGreaterThanOrEqual(3)
  expect(page.total).toBeLessThan(36)
  const next = await api.rows.search({ ...query, countFor: 0, cursor: page.nextCursor! })
  expect(next.rows.map(({ eventTime }) => eventTime)).toEqual([
    '2024-03-21T01:00:00.000000Z',
    '2024-03-20T03:00:00.000000Z',
  ])
})

test('a stack that is refused for its many groups leaves nothing behind for the next one', async () => {
  const tenantId = await bed.tenant()
  const api = await bed.callerOf(tenantId, 'viewer')
  const many = Array.from({ length: 40 }, (_, i) => `v${i}`)
  await store(tenantId, 'h1', 'Lists', [{ Name: 'a' }, { Name: 'b' }, { Name: 'c' }, { Name: many, Other: many }])
  await expect(api.rows.stack({ query: '', fields: ['Name', 'Other'] })).rejects.toMatchObject({
    code: 'UNPROCESSABLE_CONTENT',
  })
  const { values } = await api.rows.stack({ query: '', fields: ['Name'], limit: 200 })
  expect(values).toHaveLength(43)
  expect(new Set(values.map(({ values: [value] }) => value))).toEqual(new Set(['a', 'b', 'c', ...many]))
  expect(values.every(({ rows, hosts }) => rows === 1 && hosts === 1)).toBe(true)
})
