import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { linesOf } from '../evidence/frames.ts'
import { inTenant } from '../scope.ts'
import { testBed, type TestBed } from '../testing.ts'
import { openIngest } from './open.ts'
import { BodyTooLarge, splitLines } from './lines.ts'
import { receive } from './receive.ts'

const folder = new URL('./fixtures/', import.meta.url)
const recorded = (prefix: string) =>
  readdirSync(folder)
    .filter((name) => name.startsWith(prefix))
    .toSorted()
    .map((name) => readFileSync(new URL(name, folder)))

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

async function sender(orgId: string) {
  const tenantId = await bed.tenant()
  const { id: userId } = await bed.one<{ id: number }>(
    "insert into users (tenant_id, username, role) values ($1, $2, 'admin') returning id",
    [tenantId, crypto.randomUUID()],
  )
  const { id: serverId } = await bed.one<{ id: number }>(
    "insert into velociraptor_servers (tenant_id, name, org_id) values ($1, 'main', $2) returning id",
    [tenantId, orgId],
  )
  const { id: tokenId } = await bed.one<{ id: number }>(
    "insert into api_tokens (tenant_id, name, scope, token_hash, hint, server_id, created_by) values ($1, 't', 'ingest', $2, 'vct_', $3, $4) returning id",
    [tenantId, Buffer.from(crypto.randomUUID()), serverId, userId],
  )
  const credential = { tenantId, tokenId, serverId }
  const send = (body: Buffer | string, pieces = 7000) =>
    receive(ingest, { credential, body: inPieces(Buffer.from(body), pieces), limit: 64 * 1024 * 1024, origin: {} })
  return { tenantId, credential, send }
}

async function* inPieces(body: Buffer, size: number) {
  for (let at = 0; at < body.length; at += size) yield body.subarray(at, at + size)
}

/** Every stored row of a tenant by source and row number, read back from the frames. */
async function storedRows(tenantId: number) {
  const { rows } = await bed.root.query(
    `select s.name, r.first_row, r.n, r.block_row, b.raw, b.frames, r.collection_id from runs r
     join blocks b on b.tenant_id = r.tenant_id and b.block_id = r.block_id
     join sources s on s.tenant_id = r.tenant_id and s.id = r.source_id where r.tenant_id = $1 order by s.name, r.collection_id, r.first_row`,
    [tenantId],
  )
  const found = new Map<string, Buffer[]>()
  for (const { name, first_row, n, block_row, raw, frames } of rows) {
    const lines = (frames as number[]).slice(1).flatMap((end, i) => linesOf(raw.subarray(frames[i], end)))
    const list = found.get(name) ?? []
    for (let i = 0; i < n; i++) list[first_row + i] = lines[block_row + i]!
    found.set(name, list)
  }
  return found
}

const envelopeOf = (body: Buffer) => JSON.parse(splitLines(body)[0]!.toString('utf8'))
const batch = (rows: string[], over: object = {}) =>
  [
    JSON.stringify({
      kind: 'batch',
      version: 1,
      org_id: 'root',
      org_name: '',
      client_id: 'C.1',
      flow_id: 'F.1',
      hunt_id: '',
      artifact: 'A/B',
      start_row: 0,
      rows: rows.length,
      ...over,
    }),
    ...rows,
    '',
  ].join('\n')
const texts = (rows: Buffer[] | undefined) => rows?.map((row) => row.toString('utf8'))

test.each([
  ['root-', 'root'],
  ['acme-', 'O123'],
])('keeps every row of the recorded flows %s byte for byte, and a repeat is a no-op', async (prefix, org) => {
  const { tenantId, send } = await sender(org)
  const bodies = recorded(prefix)
  expect(bodies.length).toBeGreaterThan(5)
  const answers = []
  for (const body of bodies) answers.push(await send(body))
  const stored = await storedRows(tenantId)
  const sent = new Map<string, Buffer[]>()
  for (const body of bodies) {
    const e = envelopeOf(body)
    if (e.kind !== 'batch') continue
    const list = sent.get(e.artifact) ?? []
    splitLines(body)
      .slice(1)
      .forEach((line, i) => (list[e.start_row + i] = line))
    sent.set(e.artifact, list)
  }
  for (const [name, rows] of sent)
    expect(
      stored.get(name)?.every((row, i) => row.equals(rows[i]!)),
      name,
    ).toBe(true)
  expect([...sent.values()].flat()).toHaveLength([...sent.keys()].flatMap((name) => stored.get(name)!).length)
  for (const [i, body] of bodies.entries()) expect(await send(body)).toEqual(answers[i])
  expect(await storedRows(tenantId)).toEqual(stored)
  const { n } = await bed.one<{ n: number }>('select count(*) as n from rejected_rows where tenant_id = $1', [tenantId])
  expect(n).toBe(0)
})

test('fills host and collection from the records, and what was received of what was expected', async () => {
  const { tenantId, send } = await sender('root')
  for (const body of recorded('root-')) await send(body)
  const host = await bed.one('select hostname, fqdn, os, ip_address, client_id from hosts where tenant_id = $1', [
    tenantId,
  ])
  expect(host).toEqual({
    hostname: 'web-prod-03',
    fqdn: 'web-prod-03.example.com',
    os: 'linux',
    ip_address: '127.0.0.1',
    client_id: 'C.90868059ecc37b1e',
  })
  const collection = await bed.one(
    'select flow_id, state, rows_expected, ended_at is not null as ended from collections where tenant_id = $1',
    [tenantId],
  )
  expect(collection).toEqual({ flow_id: 'F.DC2JPL8NLN6OG', state: 'FINISHED', rows_expected: 27, ended: true })
  const { rows } = await bed.root.query(
    "select received::text, rows_expected, rows_stored from collection_sources c join sources s on s.tenant_id = c.tenant_id and s.id = c.source_id where c.tenant_id = $1 and s.kind = 'rows' order by s.name",
    [tenantId],
  )
  expect(rows).toEqual([
    { received: '{[0,6)}', rows_expected: 6, rows_stored: 6 },
    { received: '{[0,9)}', rows_expected: 9, rows_stored: 9 },
    { received: '{[0,12)}', rows_expected: 12, rows_stored: 12 },
  ])
})

test('does not double the same rows with other batch boundaries', async () => {
  const { tenantId, send } = await sender('root')
  const rows = Array.from({ length: 2500 }, (_, i) => `{"n":${i},"name":"row ${i}"}`)
  await send(batch(rows.slice(0, 700)))
  await send(batch(rows.slice(500, 2500), { start_row: 500 }))
  await send(batch(rows))
  expect(texts((await storedRows(tenantId)).get('A/B'))).toEqual(rows)
  const { received } = await bed.one<{ received: string }>(
    'select received::text from collection_sources where tenant_id = $1',
    [tenantId],
  )
  expect(received).toBe('{[0,2500)}')
})

test('sets a repeated row number with other bytes aside as a conflict, once', async () => {
  const { tenantId, send } = await sender('root')
  await send(batch(['{"a":1}', '{"a":2}']))
  expect(await send(batch(['{"a":1}', '{"a":"changed"}']))).toMatchObject({ rejected: 1 })
  await send(batch(['{"a":1}', '{"a":"changed"}']))
  expect(texts((await storedRows(tenantId)).get('A/B'))).toEqual(['{"a":1}', '{"a":2}'])
  const { rows } = await bed.root.query(
    "select row_number, reason, convert_from(bytes, 'utf8') as bytes from rejected_rows r join rejected_parts p on p.tenant_id = r.tenant_id and p.rejected_id = r.id where r.tenant_id = $1",
    [tenantId],
  )
  expect(rows).toEqual([{ row_number: 1, reason: expect.stringContaining('conflict'), bytes: '{"a":"changed"}' }])
})

test('sets lines aside that are not JSON, keeps their bytes, and stores the rest', async () => {
  const { tenantId, send } = await sender('root')
  const rows = ['{"a":1}', 'not json', '', '{"a":2', '{"a":3}']
  expect(await send(batch(rows))).toEqual({ kind: 'batch', rows: 5, rejected: 3 })
  expect(await send(batch(rows))).toEqual({ kind: 'batch', rows: 5, rejected: 3 })
  const stored = (await storedRows(tenantId)).get('A/B')!
  expect([stored[0]?.toString(), stored[1], stored[4]?.toString()]).toEqual(['{"a":1}', undefined, '{"a":3}'])
  const { rows: aside } = await bed.root.query(
    'select line_number, row_number, reason, byte_length from rejected_rows where tenant_id = $1 order by row_number',
    [tenantId],
  )
  expect(aside).toEqual([
    { line_number: 3, row_number: 1, reason: 'not JSON', byte_length: 8 },
    { line_number: 4, row_number: 2, reason: 'empty line', byte_length: 0 },
    { line_number: 5, row_number: 3, reason: 'not JSON', byte_length: 6 },
  ])
})

test('stores what a hostile host may write, as long as it is JSON', async () => {
  const { tenantId, send } = await sender('root')
  const rows = [
    '{"a":"\\u0000","b":"\\ud800"}',
    `${'['.repeat(500)}1${']'.repeat(500)}`,
    '{"k":1,"k":9223372036854775808,"__proto__":-0.0,"e":1e400}',
    '{"a.b":{"c d":"\u202e"}}\r',
    `{"long":"${'x'.repeat(300_000)}"}`,
    '5',
  ]
  expect(await send(batch(rows), 1000)).toMatchObject({ rejected: 0 })
  expect(texts((await storedRows(tenantId)).get('A/B'))).toEqual(rows)
})

test('sixteen senders name the same new host at once, without deadlock or double', async () => {
  const { tenantId, send } = await sender('root')
  const rows = Array.from({ length: 50 }, (_, i) => `{"n":${i}}`)
  const answers = await Promise.all(Array.from({ length: 16 }, () => send(batch(rows))))
  expect(answers.every((a) => a.rows === 50 && a.rejected === 0)).toBe(true)
  expect(texts((await storedRows(tenantId)).get('A/B'))).toEqual(rows)
  const { n } = await bed.one<{ n: number }>('select count(*) as n from hosts where tenant_id = $1', [tenantId])
  expect(n).toBe(1)
})

test('refuses rows of another org than the token, and tokens that name no server', async () => {
  const { send, credential } = await sender('O123')
  await expect(send(batch(['{}']))).rejects.toMatchObject({ code: 'FORBIDDEN' })
  const own = { org_id: 'O123', client_id: 'C.65eaef2473bdc091-O123' }
  expect(await send(batch(['{}'], own))).toMatchObject({ rows: 1, rejected: 0 })
  const foreign = { ...own, client_id: 'C.65eaef2473bdc091-O999' }
  await expect(send(batch(['{}'], foreign))).rejects.toMatchObject({ code: 'FORBIDDEN' })
  const { hosts } = await bed.one<{ hosts: string[] }>(
    'select array_agg(client_id) as hosts from hosts where tenant_id = $1',
    [credential.tenantId],
  )
  expect(hosts).toEqual([own.client_id])
  const nameless = receive(ingest, {
    credential: { ...credential, serverId: null },
    body: inPieces(Buffer.from('{}'), 9),
    limit: 99,
    origin: {},
  })
  await expect(nameless).rejects.toMatchObject({ code: 'FORBIDDEN' })
})

test('refuses a wrong envelope with what was expected, and a body over the limit', async () => {
  const { send, credential } = await sender('root')
  for (const body of ['', 'x', '{}', '{"kind":"batch"}', '{"kind":"events"}']) {
    await expect(send(body), body).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  }
  const big = receive(ingest, { credential, body: inPieces(Buffer.from(batch(['{}'])), 50), limit: 100, origin: {} })
  await expect(big).rejects.toBeInstanceOf(BodyTooLarge)
})

test('leaves nothing of a group whose transaction breaks', async () => {
  const { tenantId, send } = await sender('root')
  await bed.root.query('alter table blocks add constraint broken check (n <> 3) not valid')
  await expect(send(batch(['1', '2', '3']))).rejects.toThrow('broken')
  await bed.root.query('alter table blocks drop constraint broken')
  const { received } = await bed.one<{ received: string }>(
    'select received::text from collection_sources where tenant_id = $1',
    [tenantId],
  )
  expect(received).toBe('{}')
  await send(batch(['1', '2', '3']))
  expect(texts((await storedRows(tenantId)).get('A/B'))).toEqual(['1', '2', '3'])
})

test('another tenant sees none of it', async () => {
  const { send } = await sender('root')
  await send(batch(['{"secret":"of one"}']))
  const other = await bed.tenant()
  const seen = await inTenant(bed.database.db, other, async ({ db }) => [
    await db.selectFrom('runs').selectAll().execute(),
    await db.selectFrom('blocks').select('blockId').execute(),
    await db.selectFrom('blockColumns').select('blockId').execute(),
    await db.selectFrom('hosts').select('id').execute(),
    await db.selectFrom('deliveries').select('id').execute(),
  ])
  expect(seen).toEqual([[], [], [], [], []])
})

test('an artifact called uploads is not mixed with what the flow uploaded', async () => {
  const { tenantId, send } = await sender('root')
  await send(batch(['{"artifact":1}'], { artifact: 'uploads' }))
  await send(batch(['{"upload":1}'], { kind: 'uploads', artifact: undefined, start_row: 7 }))
  const { rows } = await bed.root.query(
    `select s.kind, cs.rows_stored as n from collection_sources cs join sources s using (tenant_id)
     where s.id = cs.source_id and tenant_id = $1 order by s.kind`,
    [tenantId],
  )
  expect(rows).toEqual([
    { kind: 'rows', n: 1 },
    { kind: 'uploads', n: 1 },
  ])
})

test('a later delivery of a known flow still says its org, and may not name another', async () => {
  const { tenantId, send } = await sender('root')
  await send(batch(['{"n":1}']))
  await expect(send(batch(['{"n":2}'], { start_row: 1, org_id: 'other' }))).rejects.toMatchObject({ code: 'FORBIDDEN' })
  expect(texts((await storedRows(tenantId)).get('A/B'))).toEqual(['{"n":1}'])
})

test('a repeat is noted as known with what of it is set aside, and refused where it names another org', async () => {
  const { tenantId, credential, send } = await sender('root')
  const body = batch(['{"n":1}', '{"n":2}'])
  await send(body)
  await send(batch(['{"n":1}', '{"n":"changed"}']))
  expect(await send(body)).toEqual({ kind: 'batch', rows: 2, rejected: 1 })
  const { rows } = await bed.root.query(
    'select rows_stored::int as stored, rows_known::int as known, completed_at is not null as done from deliveries where tenant_id = $1 order by id desc limit 1',
    [tenantId],
  )
  expect(rows).toEqual([{ stored: 0, known: 2, done: true }])
  await bed.root.query("update velociraptor_servers set org_id = 'O9' where id = $1", [credential.serverId])
  await expect(send(body)).rejects.toMatchObject({ code: 'FORBIDDEN' })
})

test('rows of a known flow whose collection was removed make it again', async () => {
  const { tenantId, send } = await sender('root')
  await send(batch(['{"n":1}']))
  for (const table of ['runs', 'deliveries', 'collection_sources', 'collections'])
    await bed.root.query(`delete from ${table} where tenant_id = $1`, [tenantId])
  expect(await send(batch(['{"n":2}'], { start_row: 1 }))).toEqual({ kind: 'batch', rows: 1, rejected: 0 })
  expect(texts((await storedRows(tenantId)).get('A/B'))).toEqual([undefined, '{"n":2}'])
})

test.each([900, 1500])('the record of a delivery of %i rows, in one group or two, says what was sent', async (n) => {
  const { tenantId, send } = await sender('root')
  const body = batch(Array.from({ length: n }, (_, i) => (i === 700 ? 'no json' : `{"n":${i}}`)))
  await send(body)
  const { rows } = await bed.root.query(
    `select kind, first_row::int, rows::int, rows_stored::int, rows_known::int, rows_rejected::int, bytes::int, sha256,
     completed_at is not null as done from deliveries where tenant_id = $1`,
    [tenantId],
  )
  const counts = { first_row: 0, rows: n, rows_stored: n - 1, rows_known: 0, rows_rejected: 1 }
  const sha256 = createHash('sha256').update(body).digest()
  expect(rows).toEqual([{ kind: 'batch', ...counts, bytes: body.length, sha256, done: true }])
})
