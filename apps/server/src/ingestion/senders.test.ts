import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { testBed, testServices, type TestBed } from '@velocicompanion/api/testing'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { buildApp } from '../app.ts'

let bed: TestBed
let app: FastifyInstance
let tenant = 0
let token = ''
let full = false

beforeAll(async () => {
  bed = await testBed()
  const settings = { publicUrl: 'http://127.0.0.1:8000', corsOrigins: [], trustProxy: false, tls: undefined }
  app = await buildApp({
    settings: { ...settings, INGEST_BODY_MB: 2, METRICS_TOKEN: undefined },
    services: testServices,
    database: bed.database,
    log: pino({ level: 'silent' }),
    webFolder: undefined,
    disk: {
      checkRoom: () => {
        if (full) throw Object.assign(new Error('full'), { statusCode: 503 })
      },
    },
  })
})
beforeEach(async () => {
  tenant = await bed.tenant()
  token = await tokenOf('root')
})
afterAll(async () => {
  await app.close()
  await bed.close()
})

async function tokenOf(orgId: string) {
  const admin = await bed.callerOf(tenant, 'admin')
  return (await admin.tokens.create({ name: `uploader of ${orgId}`, scope: 'ingest', server: 'velo', orgId })).token
}

/** Bodies that a real server sent, in the order in which they came. */
function recorded(sender: string, org: string) {
  const folder = join(import.meta.dirname, 'fixtures', sender)
  const names = readdirSync(folder).filter((name) => name.startsWith(`${org}-`))
  return names.toSorted().map((name) => gunzipSync(readFileSync(join(folder, name))))
}

interface Sender {
  name: string
  url: string
  authorization: () => string
  /** The rows of a body as a person would cut them out of it. */
  rowsOf(body: Buffer): string[]
}

const senders: Sender[] = [
  {
    name: 'elastic',
    url: '/api/ingestion/elastic/_bulk',
    authorization: () => `APIKey ${token}`,
    rowsOf: (body) =>
      body
        .toString()
        .split('\n')
        .filter((_, i) => i % 2 === 1),
  },
  {
    name: 'splunk',
    url: '/api/ingestion/splunk/services/collector',
    authorization: () => `Splunk ${token}`,
    rowsOf: (body) =>
      body
        .toString()
        .split('\r\n\r\n')
        .filter(Boolean)
        .map((event) => event.slice(event.indexOf('"event":') + '"event":'.length, -1)),
  },
  {
    name: 'logscale',
    url: '/api/ingestion/logscale/v1/ingest/humio-structured',
    authorization: () => `Bearer ${token}`,
    rowsOf: (body) =>
      body
        .toString()
        .slice(1, -1)
        .split(/,(?=\{"events":)/)
        .map((element) => /"attributes":(\{.*\})\}\],"tags":/s.exec(element)![1]!),
  },
]

const send = ({ url, authorization }: Sender, payload: Buffer | string, headers: Record<string, string> = {}) =>
  app.inject({
    method: 'POST',
    url,
    payload,
    headers: {
      authorization: authorization(),
      'content-type': 'application/json',
      'user-agent': 'go-elasticsearch/9.3.2-SNAPSHOT (linux amd64; Go 1.26.8)',
      ...headers,
    },
  })

/** Every row of the tenant as its bytes were sent. */
async function storedRows() {
  const reader = await bed.callerOf(tenant, 'viewer')
  const rows: string[] = []
  for (let cursor: string | undefined; ;) {
    const page = await reader.rows.search({ query: '', limit: 200, ...(cursor && { cursor }) })
    for (const { id } of page.rows) rows.push(await reader.rows.raw({ id }))
    if (!page.nextCursor) return rows.toSorted()
    cursor = page.nextCursor
  }
}

describe.each(senders)('$name', (sender) => {
  test.each([
    ['root', 'root'],
    ['acme', 'O123'],
  ])('keeps every row that was recorded of %s, once, byte for byte', async (org, orgId) => {
    token = await tokenOf(orgId)
    const bodies = recorded(sender.name, org).filter((body) => body.length < 60_000)
    expect(bodies.length).toBeGreaterThan(0)
    for (const body of bodies) expect((await send(sender, body)).statusCode).toBe(200)
    const sent = bodies.flatMap((body) => sender.rowsOf(body)).toSorted()
    expect(await storedRows()).toEqual(sent)
    for (const body of bodies.toReversed()) expect((await send(sender, body)).statusCode).toBe(200)
    expect(await storedRows()).toHaveLength(sent.length)
  })

  test('a request with rows of a client of another org is refused, and nothing of it is kept', async () => {
    const bodies = recorded(sender.name, 'acme').filter((body) =>
      /"ClientId" ?: ?"C\.[0-9a-f]+-O123"/.test(String(body)),
    )
    expect(bodies.length).toBeGreaterThan(0)
    for (const body of bodies) expect((await send(sender, body)).statusCode).toBe(403)
    expect(await storedRows()).toEqual([])
  })

  test('rows stand on their host and flow, each source for itself', async () => {
    const [body] = recorded(sender.name, 'root')
    await send(sender, body!)
    const reader = await bed.callerOf(tenant, 'viewer')
    const { rows: hosts } = await reader.hosts.list({})
    expect(hosts.map((host) => host.clientId)).toEqual(['C.90868059ecc37b1e'])
    const { rows } = await reader.collections.list({ flowId: 'F.DC2JE79754OR2' })
    const { sources } = await reader.collections.get({ id: rows[0]!.id })
    expect(sources.map((source) => source.name)).toContain('Linux.Sys.Users')
    expect(sources.reduce((sum, source) => sum + source.rowsStored, 0)).toBe(sender.rowsOf(body!).length)
  })

  test('copies of a request that arrive at once are stored once', async () => {
    const body = recorded(sender.name, 'root').find((one) => one.length < 40_000)!
    const answers = await Promise.all(Array.from({ length: 6 }, () => send(sender, body)))
    expect(answers.map((answer) => answer.statusCode)).toEqual(Array.from({ length: 6 }, () => 200))
    expect(await storedRows()).toEqual(sender.rowsOf(body).toSorted())
  })

  test('a token that names no server, or may not ingest, is refused', async () => {
    const admin = await bed.callerOf(tenant, 'admin')
    const [body] = recorded(sender.name, 'root')
    token = (await admin.tokens.create({ name: 'bare', scope: 'ingest' })).token
    expect((await send(sender, body!)).statusCode).toBe(403)
    token = (await admin.tokens.create({ name: 'reader', scope: 'api' })).token
    expect((await send(sender, body!)).statusCode).toBe(403)
    token = 'vct_unknown'
    expect((await send(sender, body!)).statusCode).toBe(401)
    expect(await storedRows()).toEqual([])
  })
})

const [elastic, splunk, logscale] = senders as [Sender, Sender, Sender]
const action = '{ "index" : {"_id" : "-1", "_index": "artifact_odd"} }'

test('elastic_upload() never gets JSON for a refusal, so that it keeps its rows', async () => {
  const refused = [
    await send(elastic, 'no action\n'),
    await send(elastic, `${action}\n`),
    await send(elastic, `${action}\n{"long":"${'x'.repeat(2_200_000)}"}\n`),
    await send({ ...elastic, authorization: () => 'ApiKey nobody' }, action),
    await send({ ...elastic, url: '/api/ingestion/elastic/_search' }, action),
    await app.inject({ method: 'GET', url: '/api/ingestion/elastic/_bulk' }),
  ]
  expect(refused.map((answer) => answer.statusCode)).toEqual([400, 400, 413, 401, 404, 404])
  full = true
  refused.push(await send(elastic, `${action}\n{"n":1}\n`))
  full = false
  expect(refused.at(-1)!.statusCode).toBe(503)
  for (const { headers, body } of refused) {
    expect(headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(() => JSON.parse(body) as unknown).toThrow(SyntaxError)
  }
})

test('an Elasticsearch client finds what it looks for: the product, and an item for each document', async () => {
  const root = await app.inject({ url: '/api/ingestion/elastic/', headers: { authorization: `ApiKey ${token}` } })
  expect([root.statusCode, root.headers['x-elastic-product']]).toEqual([200, 'Elasticsearch'])
  const body = `${action}\n{"n":1}\n{"create":{"_index":"other"}}\n{"n":2}\n`
  const answer = await send(elastic, body, { 'user-agent': 'elasticsearch-py/8.15' })
  expect([answer.headers['x-elastic-product'], answer.json().errors]).toEqual(['Elasticsearch', false])
  expect(answer.json().items).toEqual([
    { index: { _id: '-1', _index: 'artifact_odd', status: 201, result: 'created' } },
    { create: { _index: 'other', status: 201, result: 'created' } },
  ])
  const refused = await send(elastic, 'no action\n', { 'user-agent': 'elasticsearch-py/8.15' })
  expect([refused.statusCode, refused.headers['x-elastic-product']]).toEqual([400, 'Elasticsearch'])
  const basic = Buffer.from(`any:${token}`).toString('base64')
  expect((await send({ ...elastic, authorization: () => `Basic ${basic}` }, body)).statusCode).toBe(200)
})

test('a document that is not JSON is set aside with its bytes, the others go in', async () => {
  const answer = await send(elastic, `${action}\n{"n":1}\r\n${action}\n{"n":\n${action}\n{"n":2}\n`)
  expect(answer.statusCode).toBe(200)
  expect(await storedRows()).toEqual(['{"n":1}', '{"n":2}'])
  const reader = await bed.callerOf(tenant, 'viewer')
  const { rows } = await reader.ingestion.rejected({})
  expect(rows).toMatchObject([{ lineNumber: 4, reason: 'not JSON', byteLength: 5 }])
  expect(
    Buffer.from((await reader.ingestion.rejectedPart({ id: rows[0]!.id, part: 0 })).bytes, 'base64').toString(),
  ).toBe('{"n":')
})

test('rows of no flow stand by day, also where one request holds several, and where a row is no object', async () => {
  const event = (row: string) => `${action}\n${row}\n`
  const days = [1_795_500_000, 1_795_600_000].map((ts) => event(`{"_ts":${ts},"Artifact":"A/B","ClientId":"C.1"}`))
  const answer = await send(elastic, [...days, event('null'), event('[1]'), event('7')].join(''))
  expect(answer.statusCode).toBe(200)
  const reader = await bed.callerOf(tenant, 'viewer')
  const { rows } = await reader.collections.list({ clientId: 'C.1' })
  expect(rows.map((row) => [row.flowId, row.rowsStored])).toEqual(
    expect.arrayContaining([
      ['2026-11-24 A/B', 1],
      ['2026-11-25 A/B', 1],
    ]),
  )
  expect((await storedRows()).filter((row) => !row.startsWith('{'))).toEqual(['7', '[1]', 'null'])
})

test('a row without a client id stands on the host of its name, and one of the server on a host of its own', async () => {
  const rows = [
    '{"n":1,"ClientId":"C.1","FlowId":"F.1","Artifact":"A","Hostname":"ws-01"}',
    '{"n":2,"FlowId":"F.2","Artifact":"A","Hostname":"WS-01"}',
    '{"n":3,"Artifact":"A","Hostname":"ws-02"}',
    '{"n":4,"_ts":1795500000,"ClientId":"server","Artifact":"Server.Audit.Logs"}',
  ]
  for (const row of rows) expect((await send(elastic, `${action}\n${row}\n`)).statusCode).toBe(200)
  const reader = await bed.callerOf(tenant, 'viewer')
  const hosts = (await reader.hosts.list({ sort: 'hostname', order: 'asc' })).rows
  expect(hosts.map((host) => [host.clientId, host.hostname, host.rowsReceived])).toEqual([
    ['server', 'server', 1],
    ['C.1', 'ws-01', 2],
    [null, 'ws-02', 1],
  ])
})

test('a bulk body of many pieces is cut the same way when it comes again', async () => {
  const lines = Array.from(
    { length: 3333 },
    (_, n) => `{"index":{"_id":"${n}"}}\n{"n":${n},"Artifact":"A","FlowId":"F.1"}`,
  )
  const body = `${lines.join('\n')}\n`
  expect((await send(elastic, body)).statusCode).toBe(200)
  expect((await send(elastic, body)).statusCode).toBe(200)
  const reader = await bed.callerOf(tenant, 'viewer')
  expect((await reader.rows.search({ query: '' })).total).toBe(3333)
})

test.each([
  ['splunk', (event: string) => `{"time":1,"event":${event}}\n`, '', ''],
  ['logscale', (row: string) => `{"events":[{"attributes":${row}}],"tags":{}},`, '[', '{"events":[]}]'],
] as const)('a body of %s of many pieces, many of them alike, is stored once', async (name, eventOf, head, tail) => {
  const sender = senders.find((one) => one.name === name)!
  const body = head + eventOf('{"same":true,"Artifact":"A","FlowId":"F.1"}').repeat(3333) + tail
  expect((await send(sender, body)).statusCode).toBe(200)
  expect((await send(sender, body)).statusCode).toBe(200)
  const reader = await bed.callerOf(tenant, 'viewer')
  const [collection] = (await reader.collections.list({})).rows
  expect(collection).toMatchObject({ rowsStored: 3333 })
})

test('what stands in front of an event that can not be read is kept, and its number said', async () => {
  const events = Array.from({ length: 1500 }, (_, n) => `{"event":{"n":${n},"Artifact":"A","FlowId":"F.1"}}`)
  const answer = await send(splunk, [...events.slice(0, 1200), '{"event":nonsense}', ...events.slice(1200)].join('\n'))
  expect([answer.statusCode, answer.json()]).toEqual([
    400,
    { text: 'Invalid data format', code: 6, 'invalid-event-number': 1200 },
  ])
  const reader = await bed.callerOf(tenant, 'viewer')
  expect((await reader.collections.list({})).rows[0]).toMatchObject({ rowsStored: 1000 })
})

test('a list that breaks off, or goes on in another way, is refused', async () => {
  const element = '{"events":[{"attributes":{"n":1}}],"tags":{}}'
  const many = Array.from({ length: 1000 }, () => element).join()
  for (const body of [`[${element}`, `[${many}`, `[${many} ${element}]`, `[${many},`])
    expect((await send(logscale, body)).statusCode, body.slice(-20)).toBe(400)
})

test("HEC's refusals carry its own codes", async () => {
  const codes = [
    await send(splunk, ''),
    await send(splunk, '{"time":1}'),
    await send(splunk, '{"event":""}'),
    await send(splunk, '{"event":{"n":1}} nonsense'),
    await send({ ...splunk, authorization: () => 'Splunk nobody' }, '{"event":{}}'),
  ].map((answer) => [answer.statusCode, answer.json().code])
  expect(codes).toEqual([
    [400, 5],
    [400, 12],
    [400, 13],
    [400, 6],
    [401, 2],
  ])
  expect(await storedRows()).toEqual([])
  const health = await app.inject('/api/ingestion/splunk/services/collector/health')
  expect([health.statusCode, health.json()]).toEqual([200, { text: 'HEC is healthy', code: 17 }])
})

test('an event may be pretty, a text or a list, and keeps its bytes', async () => {
  const events = ['{\n  "a": 1.0,\r\n  "b": [1e400]\n}', '"just text"', '[1, 2]']
  const answer = await send(splunk, events.map((event) => `{"host":"h1","source":"S","event": ${event} }`).join(' '))
  expect([answer.statusCode, answer.json()]).toEqual([200, { text: 'Success', code: 0 }])
  expect(await storedRows()).toEqual(events.toSorted())
})

test('LogScale is told to wait while nothing can be taken in', async () => {
  full = true
  const answer = await send(logscale, '[]')
  full = false
  expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '5'])
  expect((await send(logscale, '{"events":[]}')).statusCode).toBe(400)
  expect((await send(logscale, '[]')).statusCode).toBe(200)
})

describe('a numbered copy of the same flow', () => {
  const flow = { version: 1, org_id: 'root', client_id: 'C.1', flow_id: 'F.1' }
  const line = (over: object) => `${JSON.stringify({ ...flow, ...over })}\n`
  const rowsOf = (n: number) => Array.from({ length: n }, (_, i) => `{"n":${i},"common":"value"}`)
  const numbered = (rows: string[], start = 0) =>
    feed(`${line({ kind: 'batch', artifact: 'A/B', start_row: start, rows: rows.length })}${rows.join('\n')}\n`)
  const end = (rows: number) => feed(line({ kind: 'flow_end', rows, artifacts: [{ artifact: 'A/B', rows }] }))
  const uploaded = (rows: string[]) =>
    rows.map((row) => row.replace(/\}$/, ',"Artifact":"A/B","ClientId":"C.1","FlowId":"F.1"}'))
  let sends = 0
  const hec = (rows: string[]) => {
    const time = ++sends
    return send(
      senders[1]!,
      uploaded(rows)
        .map((event) => `{"time":${time},"event":${event}}\r\n\r\n`)
        .join(''),
    )
  }
  const unnumbered = (rows: string[]) => {
    const added = uploaded(rows)
    const id = () => `{"index":{"_id":"${crypto.randomUUID()}"}}`
    return send(elastic, added.map((row) => `${id()}\n${row}\n`).join(''))
  }
  async function feed(payload: string) {
    const headers = { authorization: `Bearer ${token}` }
    expect((await app.inject({ method: 'POST', url: '/api/ingestion/rows', payload, headers })).statusCode).toBe(200)
  }
  async function seen() {
    const reader = await bed.callerOf(tenant, 'viewer')
    const all = await reader.rows.search({ query: '', limit: 200 })
    const ofHost = await reader.rows.search({ query: 'host:C.1' })
    const exact = await reader.rows.search({ query: 'value' })
    expect([all.rows.length, exact.total, ofHost.total]).toEqual([all.total, all.total, all.total])
    const [host] = (await reader.hosts.list({})).rows
    expect(host!.rowsReceived).toBe(all.total)
    return all.total
  }
  /** What is left out of answers is still there for who opens its collection. */
  async function listed() {
    const reader = await bed.callerOf(tenant, 'viewer')
    const { rows } = await reader.collections.list({})
    const copy = rows.find((row) => row.kind === 'unnumbered')!
    expect((await reader.rows.search({ query: `collection:${copy.id}` })).total).toBe(copy.rowsStored)
    return { stored: copy.rowsStored, superseded: copy.rowsSuperseded }
  }

  test('stands in for the rows without numbers when it is whole, whichever came first', async () => {
    await unnumbered(rowsOf(5))
    expect(await seen()).toBe(5)
    await numbered(rowsOf(3))
    expect(await seen()).toBe(8)
    await numbered(rowsOf(5).slice(3), 3)
    await end(5)
    expect(await seen()).toBe(5)
    expect(await listed()).toEqual({ stored: 5, superseded: 5 })
  })

  test('also when they come after it, and when a repeated event sent them twice', async () => {
    await numbered(rowsOf(4))
    await end(4)
    await unnumbered(rowsOf(4))
    expect(await seen()).toBe(4)
    await unnumbered(rowsOf(4))
    expect(await seen()).toBe(4)
    expect(await listed()).toEqual({ stored: 8, superseded: 8 })
  })

  test('and when the event was repeated before it came, or several kinds of senders sent the flow', async () => {
    await unnumbered(rowsOf(4))
    await unnumbered(rowsOf(4))
    await hec(rowsOf(4))
    expect(await seen()).toBe(12)
    await numbered(rowsOf(4))
    await end(4)
    expect(await seen()).toBe(4)
    await hec(rowsOf(4))
    expect(await seen()).toBe(4)
    expect(await listed()).toEqual({ stored: 16, superseded: 16 })
  })

  test('never where it has none of them', async () => {
    await unnumbered(rowsOf(2))
    await end(0)
    expect(await seen()).toBe(2)
  })

  test('never while it lacks rows, and never for rows that it does not have', async () => {
    await unnumbered(rowsOf(2))
    await numbered(rowsOf(1))
    await end(2)
    expect(await seen()).toBe(3)
    await numbered(rowsOf(2).slice(1), 1)
    await end(2)
    expect(await seen()).toBe(2)
    await unnumbered(rowsOf(6).slice(2))
    expect(await seen()).toBe(6)
  })
})
