import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openIngest } from '../ingestion/open.ts'
import { storeGroup } from '../ingestion/store.ts'
import { placeOn, testBed, type TestBed } from '../testing.ts'
import { quoteValue } from './input.ts'

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

interface Place {
  tenantId: number
  hostId: number
  collectionId: number
  sourceId: number
  deliveryId: number
}

const id = async (text: string, values: unknown[]) => (await bed.one<{ id: number }>(text, values)).id

/** A host, a collection on it and a source in it. */
async function place(tenantId: number, hostname = 'ws-1', source = 'Custom.Test'): Promise<Place> {
  const hostId = await id(
    "insert into hosts (tenant_id, hostname, fqdn) values ($1, $2, $2 || '.corp.example') returning id",
    [tenantId, hostname],
  )
  return placeOn(bed, tenantId, hostId, source)
}

async function store(at: Place, rows: (string | Buffer)[], firstRow = 0, end = '\n') {
  const bytes = Buffer.concat(rows.flatMap((row) => [Buffer.from(row as string), Buffer.from(end)]))
  await storeGroup(ingest, at, { bytes, lines: rows.length, firstLine: 0 }, firstRow)
}

type Api = Awaited<ReturnType<TestBed['callerOf']>>
const search = (api: Api, query: string, more: object = {}) => api.rows.search({ query, ...more })
const numbersOf = (answer: { rows: { row: number }[] }) => answer.rows.map(({ row }) => row)

/** All pages of a query. */
async function pages(api: Api, query: string, more: object = {}) {
  const rows: { id: string; eventTime: string }[] = []
  const totals: number[] = []
  let cursor: string | null = null
  do {
    const answer: Awaited<ReturnType<typeof search>> = await search(api, query, {
      ...more,
      ...(cursor !== null && { cursor }),
    })
    rows.push(...answer.rows)
    totals.push(answer.total)
    cursor = answer.nextCursor
  } while (cursor !== null)
  return { rows, totals }
}

test('finds exact values, bare and in quotes, with the whole row and its names', async () => {
  const tenantId = await bed.tenant()
  const api = await bed.callerOf(tenantId, 'viewer')
  const at = await place(tenantId, 'WS-7', 'Windows.System.Pslist')
  const first =
    '{"Name":"svchost.exe","Cmd":"C:\\\\Windows\\\\svchost.exe -k \\"net svcs\\"","Big":9223372036854775808,"EventTime":"2024-03-01T10:20:30.1234567Z"}'
  await store(at, [
    first,
    '{"Name":"SVCHOST.EXE","Remote":"to 203.0.113.66:443","EventTime":"2024-03-02T00:00:00Z"}',
    '{"Name":"svchost.exe.bak","EventTime":"2024-03-03T00:00:00Z"}',
  ])
  const answer = await search(api, 'Svchost.exe')
  expect(answer).toMatchObject({ total: 2, totalIsExact: true, nextCursor: null })
  expect(answer.rows[1]).toEqual({
    id: `${at.collectionId}.${at.sourceId}.0`,
    tenantId,
    host: 'WS-7',
    hostId: at.hostId,
    source: 'Windows.System.Pslist',
    sourceId: at.sourceId,
    collectionId: at.collectionId,
    row: 0,
    eventTime: '2024-03-01T10:20:30.123457Z',
    bytes: 140,
    start: first,
    data: {
      Name: 'svchost.exe',
      Cmd: 'C:\\Windows\\svchost.exe -k "net svcs"',
      Big: '9223372036854775808',
      EventTime: '2024-03-01T10:20:30.1234567Z',
    },
  })
  expect(numbersOf(await search(api, quoteValue('C:\\Windows\\svchost.exe -k "net svcs"')))).toEqual([0])
  expect(numbersOf(await search(api, '203.0.113.66 svchost.exe'))).toEqual([1])
  expect(numbersOf(await search(api, '9223372036854775808'))).toEqual([0])
  expect(numbersOf(await search(api, '9223372036854775807'))).toEqual([])
  expect(numbersOf(await search(api, ''))).toEqual([2, 1, 0])
})

test('finds a time wherever it stands', async () => {
  const tenantId = await bed.tenant()
  const api = await bed.callerOf(tenantId, 'viewer')
  await store(await place(tenantId), [
    '{"a":"2024-03-01T10:20:30.1200000Z"}',
    '{"a":"2024-03-01T10:20:30.12Z","b":"x"}',
    '{"a":["2024-03-01T10:20:30.1200000Z"]}',
    '{"c":{"d":"2024-03-01T10:20:30.1200000Z"},"b":"x"}',
  ])
  expect(numbersOf(await search(api, '2024-03-01T10:20:30.1200000Z')).sort((a, b) => a - b)).toEqual([0, 2, 3])
  expect(numbersOf(await search(api, '"2024-03-01t10:20:30.1200000z" x'))).toEqual([3])
  expect(numbersOf(await search(api, '2024-03-01T10:20:30Z'))).toEqual([])
})

test('narrows by host, source, collection and event time', async () => {
  const tenantId = await bed.tenant()
  const api = await bed.callerOf(tenantId, 'viewer')
  const one = await place(tenantId, 'ws-1', 'Windows.EventLogs.Evtx/Logs')
  const two = await place(tenantId, 'ws-2', 'Windows.EventLogs.Evtx')
  const rows = [1, 2, 3].map((day) => `{"v":"x","EventTime":"2024-03-0${day}T00:00:00Z"}`)
  await store(one, rows)
  await store(two, rows)
  const ids = async (query: string, more = {}) => (await search(api, query, more)).rows.map((row) => row.id)
  const of = (at: Place, ...numbers: number[]) => numbers.map((row) => `${at.collectionId}.${at.sourceId}.${row}`)
  expect(await ids('x host:WS-1')).toEqual(of(one, 2, 1, 0))
  expect(await ids('host:ws-2.corp.example')).toEqual(of(two, 2, 1, 0))
  expect(await ids('x source:windows.eventlogs.evtx/logs')).toEqual(of(one, 2, 1, 0))
  expect(await ids('source:Windows.EventLogs.Evtx')).toHaveLength(6)
  expect(await ids(`collection:${two.collectionId} x`)).toEqual(of(two, 2, 1, 0))
  expect(await ids(`collection:${two.collectionId} host:ws-1`)).toEqual([])
  expect(await ids('host:ws-1 host:ws-2')).toEqual([])
  expect(await ids('host:nobody')).toEqual([])
  expect(await ids('x host:ws-1', { from: '2024-03-02T00:00:00Z', to: '2024-03-03T00:00:00Z' })).toEqual(of(one, 1))
  expect((await search(api, '', { from: '2024-03-02T00:00:00Z' })).total).toBe(4)
})

test('says what it can not read', async () => {
  const api = await bed.callerOf(await bed.tenant(), 'viewer')
  await expect(search(api, 'power AND (shell')).rejects.toMatchObject({
    code: 'BAD_REQUEST',
    reason: 'unsupported_query',
  })
  await expect(search(api, 'x', { cursor: 'nonsense' })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  await expect(search(api, 'x', { limit: 201 })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
})

test('agrees with a reading of all rows, in order and over pages', async () => {
  const tenantId = await bed.tenant()
  const api = await bed.callerOf(tenantId, 'viewer')
  const words = ['alpha', 'beta', '10.0.0.1', 'C:\\a b\\c.exe', '7']
  const time = fc.constantFrom(
    '',
    '2024-03-01T00:00:00Z',
    '2024-03-01T00:00:01.5Z',
    '2024-03-02T00:00:00Z',
    '0001-01-01T00:00:00Z',
  )
  const row = fc.record({ v: fc.constantFrom(...words), w: fc.constantFrom(...words, null), EventTime: time })
  const [batches] = fc.sample(
    fc.array(fc.array(row, { minLength: 1, maxLength: 30 }), { minLength: 24, maxLength: 24 }),
    { seed: 5, numRuns: 1 },
  )
  const all: { id: string; host: string; leaves: unknown[] }[] = []
  for (const [i, batch] of batches!.entries()) {
    const at = await place(tenantId, `h${i}`, `Source.${i % 3}`)
    await store(
      at,
      batch.map((each) => JSON.stringify(each)),
    )
    all.push(
      ...batch.map((each, n) => ({
        id: `${at.collectionId}.${at.sourceId}.${n}`,
        host: `h${i}`,
        leaves: [each.v, each.w],
      })),
    )
  }
  const place3 = (rowId: string) => rowId.split('.').map(Number) as [number, number, number]
  for (const [query, matches] of [
    ['', () => true],
    ['alpha', (leaves: unknown[]) => leaves.includes('alpha')],
    ['beta 7', (leaves: unknown[]) => leaves.includes('beta') && leaves.includes('7')],
    [quoteValue('C:\\a b\\c.exe'), (leaves: unknown[]) => leaves.includes('C:\\a b\\c.exe')],
  ] as [string, (leaves: unknown[]) => boolean][]) {
    const expected = all.filter(({ leaves }) => matches(leaves)).map((each) => each.id)
    const { rows, totals } = await pages(api, query, { limit: 37 })
    expect(new Set(totals)).toEqual(new Set([expected.length]))
    expect(rows.map((each) => each.id).sort()).toEqual(expected.sort())
    const inOrder = [...rows].sort((a, b) => {
      const [x, y] = [place3(a.id), place3(b.id)]
      return b.eventTime.localeCompare(a.eventTime) || x[0] - y[0] || x[1] - y[1] || x[2] - y[2]
    })
    expect(rows).toEqual(inOrder)
  }
})

test("shows no tenant another's rows, and a super-admin all of them", async () => {
  const [one, two] = [await bed.tenant(), await bed.tenant()]
  const [ours, theirs] = [await bed.callerOf(one, 'admin'), await bed.callerOf(two, 'viewer')]
  const secret = `secret-${one}`
  const at = await place(one, 'same-name')
  await place(two, 'same-name')
  await store(at, [`{"v":"${secret}","EventTime":"2024-03-01T10:20:30.5Z"}`])
  const name = `${at.collectionId}.${at.sourceId}.0`
  expect((await search(ours, secret)).rows).toHaveLength(1)
  for (const query of [secret, '', 'host:same-name', `collection:${at.collectionId}`, '2024-03-01T10:20:30.5Z'])
    expect(await search(theirs, query)).toMatchObject({ rows: [], total: 0 })
  await expect(theirs.rows.raw({ id: name })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(theirs.rows.list(at)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(search(theirs, secret, { tenant: one })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(search(theirs, secret, { tenant: 'all' })).rejects.toMatchObject({ code: 'FORBIDDEN' })
  const root = await bed.callerOf(two, 'super_admin')
  for (const query of [
    secret,
    `${secret} host:same-name`,
    `collection:${at.collectionId}`,
    `2024-03-01T10:20:30.5Z ${secret}`,
  ])
    expect((await search(root, query, { tenant: 'all' })).rows).toMatchObject([
      { id: name, tenantId: one, host: 'same-name' },
    ])
  expect((await search(root, secret)).rows).toEqual([])
  expect(await root.rows.raw({ id: name, tenant: 'all' })).toContain(secret)
  expect((await root.rows.list({ ...at, tenant: one })).rows).toHaveLength(1)
})

test('gives a row back exactly as sent', async () => {
  const tenantId = await bed.tenant()
  const api = await bed.callerOf(tenantId, 'viewer')
  const at = await place(tenantId)
  const rows = [
    '{ "a" : 1.0, "a":9007199254740993 ,"b":"\\u003c\\ud800"}',
    `{"k":${'['.repeat(2000)}${']'.repeat(2000)}}`,
    '"x"',
    `{"long":"${'x'.repeat(1_200_000)}"}`,
  ]
  await store(at, rows, 5, '\r\n')
  const latin = Buffer.from('{"a":"caf\xe9"}', 'latin1')
  await store(at, [latin], 9)
  const name = (row: number) => `${at.collectionId}.${at.sourceId}.${row}`
  for (const [i, row] of rows.entries()) expect(await api.rows.raw({ id: name(5 + i) })).toBe(row)
  await expect(api.rows.raw({ id: name(9) })).rejects.toMatchObject({ code: 'UNPROCESSABLE_CONTENT' })
  expect(Buffer.from(await api.rows.raw({ id: name(9), as: 'base64' }), 'base64')).toEqual(latin)
  for (const other of [name(4), name(10), '1.2', 'x'])
    await expect(api.rows.raw({ id: other })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  const list = await api.rows.list(at)
  expect(list.rows.map(({ data, omitted, repeated }) => ({ data, omitted, repeated }))).toEqual([
    { data: { a: '9007199254740993', b: '<\ud800' }, repeated: ['a'] },
    { data: null, omitted: 'deep' },
    { data: 'x' },
    { data: null, omitted: 'large' },
    { data: { a: 'caf\ufffd' } },
  ])
  const starts = [...rows.map((row) => row.slice(0, 300)), '{"a":"caf\ufffd"}']
  expect(list.rows.map(({ start }) => start)).toEqual(starts)
})

test('starts a listed row as it was sent, and cuts no character in two', async () => {
  const tenantId = await bed.tenant()
  const api = await bed.callerOf(tenantId, 'viewer')
  const at = await place(tenantId)
  const rows = ['{"b":18446744073709551615,"2":1.0,"1":-0}', `{"x":"${'a'.repeat(293)}🔥${'🔥'.repeat(500)}"}`]
  await store(at, rows)
  const { rows: found } = await api.rows.search({ query: '' })
  expect(new Set(found.map(({ start }) => start))).toEqual(new Set([rows[0], rows[1]!.slice(0, 299)]))
})

test("lists a collection's rows in order, page by page, with the columns of the source", async () => {
  const tenantId = await bed.tenant()
  const api = await bed.callerOf(tenantId, 'viewer')
  const at = await place(tenantId)
  const row = (i: number) => `{"i":${i},"n":{"k":"v"},"a.b":null}`
  await store(
    at,
    [...Array(60).keys()].map((i) => row(100 + i)),
    100,
  )
  await store(at, [...Array(60).keys()].map(row))
  const first = await api.rows.list({ ...at, limit: 70 })
  expect(first).toMatchObject({ total: 120, columns: [['i'], ['n', 'k'], ['a.b']], nextCursor: 110 })
  expect(first.rows.map((each) => each.data)).toEqual(
    [...Array(60).keys(), ...Array.from({ length: 10 }, (_, i) => 100 + i)].map((i) => JSON.parse(row(i)) as unknown),
  )
  const second = await api.rows.list({ ...at, limit: 70, cursor: first.nextCursor! })
  expect([numbersOf(second)[0], second.rows.length, second.nextCursor]).toEqual([110, 50, null])
})

test('ends a page early when its rows are large, and goes on behind them', async () => {
  const tenantId = await bed.tenant()
  const api = await bed.callerOf(tenantId, 'viewer')
  const at = await place(tenantId)
  await store(
    at,
    [...Array(9).keys()].map((i) => `{"i":${i},"v":"${String(i).repeat(900_000)}"}`),
  )
  const { rows } = await pages(api, '', { limit: 50 })
  expect(numbersOf({ rows: rows as unknown as { row: number }[] })).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  expect((await search(api, '')).rows.length).toBeLessThan(9)
})

test('a block whose rows do not follow one another is counted once when its host is named', async () => {
  const tenantId = await bed.tenant()
  await store(await place(tenantId, 'gap'), ['{"a":1}', 'not JSON', '{"a":2}', '', '{"a":3}'])
  const api = await bed.callerOf(tenantId, 'viewer')
  const found = await search(api, 'host:gap')
  expect({ rows: numbersOf(found), total: found.total }).toEqual({ rows: [0, 2, 4], total: 3 })
})
