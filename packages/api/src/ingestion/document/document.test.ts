import { afterAll, beforeAll, expect, test } from 'vitest'
import { fold, unfold } from '../../evidence/folded.ts'
import { testBed, type TestBed } from '../../testing.ts'
import { openIngest } from '../open.ts'
import { receiveDocument, type Sender } from './document.ts'
import { membersOf } from './scan.ts'

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

async function desk() {
  const tenantId = await bed.tenant()
  const sender: Sender = { tenantId, tokenId: null, serverId: null }
  const send = (body: string | Buffer, key?: string) =>
    receiveDocument(ingest, { sender, body: Buffer.from(body), key, origin: {} })
  const caller = await bed.callerOf(tenantId, 'viewer')
  const rawOf = async (query: string) => {
    const { rows } = await caller.rows.search({ query })
    return Promise.all(rows.map(({ id }) => caller.rows.raw({ id })))
  }
  return { tenantId, sender, send, caller, rawOf }
}

test('finds or makes the host, and keeps every delivery as a record of its own', async () => {
  const { send, caller } = await desk()
  const first = await send('{"hostname":"WS-01","data":{"pid":1},"os":"windows","ip_address":"192.0.2.7"}')
  const second = await send('{"hostname":"ws-01","data":{"pid":2},"artifact":"Custom.Pslist"}')
  expect(second.hostId).toBe(first.hostId)
  expect(second.collectionId).not.toBe(first.collectionId)
  expect(await caller.hosts.get({ id: first.hostId })).toMatchObject({
    hostname: 'WS-01',
    os: 'windows',
    ipAddress: '192.0.2.7',
  })
  expect((await caller.collections.get({ id: second.collectionId })).sources).toMatchObject([
    { name: 'Custom.Pslist', rowsReceived: 1, rowsExpected: 1 },
  ])
})

test('a document without a client id goes to the host that Velociraptor told of, if it is the only one of that name', async () => {
  const { tenantId, send } = await desk()
  const add = async (clientId: string) =>
    bed.one<{ id: number }>('insert into hosts (tenant_id, hostname, client_id) values ($1, $2, $3) returning id', [
      tenantId,
      'WS-02',
      clientId,
    ])
  const { id } = await add('C.1')
  expect((await send('{"hostname":"ws-02","data":{"n":1}}')).hostId).toBe(id)
  await add('C.2')
  const apart = await send('{"hostname":"ws-02","data":{"n":2}}')
  expect(apart.hostId).toBeGreaterThan(id)
  expect((await send('{"hostname":"ws-02","data":{"n":3}}')).hostId).toBe(apart.hostId)
})

const rows = [
  '{"big": 18446744073709551617,\n\t"x":\r\n -0.0, "x": 1e400}',
  '{ "text": "a\\r\\n\\u0000\\ud800 [}\\\\", "naïve key.with dots": [[{}], "mark-17"] }',
]

test('rows keep the bytes that were sent, also over several lines', async () => {
  const { send, rawOf } = await desk()
  const body = `\n{ "data" : [\n  ${rows[0]} ,\r\n${rows[1]}\n ],\n  "hostname": "h" }\n`
  expect(await send(body)).toMatchObject({ rows: 2, rejected: 0 })
  expect(await rawOf('18446744073709551617')).toEqual([rows[0]])
  expect(await rawOf('mark-17')).toEqual([rows[1]])
})

test('exact lines hold one row each, however a document was laid out', async () => {
  const { send, caller } = await desk()
  const { collectionId } = await send(`{"hostname":"h","data":[${rows.join(',\n')}]}`)
  const [source] = (await caller.collections.get({ id: collectionId })).sources
  const answer = await caller.rows.lines({ collectionId, sourceId: source!.id })
  const lines = Buffer.from(answer.lines, 'base64').toString().split('\n')
  expect(answer).toMatchObject({ rows: 2, nextCursor: null })
  expect(lines.slice(0, -1).map((line) => unfold(Buffer.from(line)).toString())).toEqual(rows)
  expect(lines.slice(0, -1).map((line) => JSON.parse(line))).toEqual(rows.map((row) => JSON.parse(row)))
})

test('folding gives every byte back', () => {
  for (let n = 0; n < 300; n++) {
    const spaces = Array.from({ length: n % 13 }, (_, i) => ' \t\r\n'[(n * 7 + i * i) % 4]).join('')
    const row = Buffer.from(`{${spaces}"a"${spaces}:${spaces}[1,${spaces}{}]}`)
    const folded = fold(row)
    expect(folded.includes(10)).toBe(false)
    expect(unfold(folded).equals(row)).toBe(true)
    expect(JSON.parse(folded.toString())).toEqual(JSON.parse(row.toString()))
  }
})

test('the same key is the same record; the same bytes are, for ten minutes', async () => {
  const { send, caller, tenantId } = await desk()
  const body = '{"hostname":"h","data":{"n":1}}'
  const first = await send(body, 'k1')
  expect(await send(body, 'k1')).toEqual({ ...first, repeated: true })
  expect(await send(body)).toEqual({ ...first, repeated: true })
  const other = await send(body, 'k2')
  expect(other.id).not.toBe(first.id)
  await bed.root.query("update deliveries set received_at = now() - interval '11 minutes' where tenant_id = $1", [
    tenantId,
  ])
  expect(await send(body, 'k1')).toEqual({ ...first, repeated: true })
  const later = await send(body)
  expect([first.id, other.id]).not.toContain(later.id)
  expect((await caller.rows.search({ query: '' })).total).toBe(3)
})

test('a key that comes again with another body is refused, not taken for a repeat', async () => {
  const { send } = await desk()
  await send('{"hostname":"h","data":{"n":1}}', 'k')
  await expect(send('{"hostname":"h","data":{"n":2}}', 'k')).rejects.toMatchObject({ code: 'CONFLICT' })
})

test('another sender with the same key or bytes has a record of its own', async () => {
  const [a, b] = [await desk(), await desk()]
  const body = '{"hostname":"h","data":{"n":1}}'
  const [first, second] = [await a.send(body, 'k'), await b.send(body, 'k')]
  expect(second.repeated).toBe(false)
  expect(second.id).not.toBe(first.id)
})

test('copies that arrive at once are one record, and a new host is made once', async () => {
  const { send, caller } = await desk()
  const body = '{"hostname":"fresh","data":[{"n":1},{"n":2}]}'
  const copies = await Promise.all(Array.from({ length: 8 }, () => send(body)))
  expect(new Set(copies.map((copy) => copy.id)).size).toBe(1)
  await Promise.all(Array.from({ length: 8 }, (_, n) => send(`{"hostname":"Twin","data":{"copy":${n}}}`)))
  expect((await caller.hosts.list({ query: 'twin' })).total).toBe(1)
  expect((await caller.rows.search({ query: '' })).total).toBe(10)
})

test('a record that broke off is gone on with by its repeat', async () => {
  const { send, caller, tenantId } = await desk()
  const many = Array.from({ length: 2500 }, (_, n) => `{"n":${n}}`)
  const body = `{"hostname":"h","data":[${many.join()}]}`
  const broken = { ...ingest, pool: { ...ingest.pool, prepare: refuseAfter(1) } }
  const sender = { tenantId, tokenId: null, serverId: null }
  const sending = { sender, body: Buffer.from(body), key: 'k', origin: {} }
  await expect(receiveDocument(broken, sending)).rejects.toThrow('power cut')
  expect((await caller.rows.search({ query: '' })).total).toBe(1000)
  expect(await send(body, 'k')).toMatchObject({ rows: 2500, rejected: 0, repeated: true })
  expect((await caller.rows.search({ query: '' })).total).toBe(2500)
})

function refuseAfter(jobs: number): typeof ingest.pool.prepare {
  let left = jobs
  return (...task) => (left-- > 0 ? ingest.pool.prepare(...task) : Promise.reject(new Error('power cut')))
}

test('a row of more than 16 MB is set aside and counted', async () => {
  const { send } = await desk()
  const body = `{"hostname":"h","data":[{"n":1},{"long":"${'x'.repeat(17_000_000)}"}]}`
  expect(await send(body)).toMatchObject({ rows: 2, rejected: 1 })
})

test.each([
  ['', 'not JSON at byte 0'],
  ['[]', 'not JSON at byte 0'],
  ['{"hostname":"h","data":{}} {}', 'not JSON at byte 27'],
  ['{"hostname":"h","data":{}', 'not JSON'],
  ['{"hostname":"h","data":[{},]}', 'not JSON'],
  ['{"hostname":"h","data":[{"a":tru}]}', 'row 0 is not JSON'],
  ['{"hostname":"h","data":[{"a":1},{]}]}', 'not JSON'],
  ['{"hostname":"h","data":{"a":1]}', 'row 0 is not JSON'],
  ['{"hostname":"h"}', 'data: must be an object or an array of objects'],
  ['{"hostname":"h","data":"text"}', 'data: must be an object or an array of objects'],
  ['{"hostname":"h","data":[1]}', 'data: row 0 is not an object'],
  ['{"data":{}}', 'hostname: '],
  ['{"hostname":"","data":{}}', 'hostname: '],
  ['{"hostname":7,"data":{}}', 'hostname: '],
  ['{"hostname":"a\\u0000b","data":{}}', 'hostname: '],
  ['{"hostname":"h","data":{},"data":{"a":1}}', '"data" stands twice'],
  ['{"hostname":"h","client_id":5,"data":{}}', 'client_id: '],
])('%j is refused, and nothing of it is kept', async (body, why) => {
  const { send, caller } = await desk()
  await expect(send(body)).rejects.toMatchObject({ code: 'BAD_REQUEST', message: expect.stringContaining(why) })
  expect((await caller.hosts.list({})).total).toBe(0)
})

test('members are told by their keys, whatever stands inside', () => {
  const text = '{"a":{"data":[1,"]}"]},"d\\u0061ta":[],"n":-1.5e3 ,"t":true}'
  const members = membersOf(Buffer.from(text))
  expect(members.map(({ key, start, end }) => [key, text.slice(start, end)])).toEqual([
    ['a', '{"data":[1,"]}"]}'],
    ['data', '[]'],
    ['n', '-1.5e3'],
    ['t', 'true'],
  ])
})
