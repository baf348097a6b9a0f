import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testBed, type TestBed } from '../testing.ts'
import { groupsOf } from './lines.ts'
import { openIngest } from './open.ts'
import { receive } from './receive.ts'
import { timeOf } from './records.ts'
import { isLong } from './store.ts'

let bed: TestBed
let ingest: Awaited<ReturnType<typeof openIngest>>
// A folder of its own for what is spooled: another run on this machine uses the common one.
const folder = mkdtempSync(join(tmpdir(), 'velocicompanion-test-'))
beforeAll(async () => {
  process.env.TMPDIR = folder
  bed = await testBed()
  ingest = await openIngest(bed.database)
})
afterAll(async () => {
  await ingest.close()
  await bed.close()
  rmSync(folder, { recursive: true })
})

const piece = 65_536

async function sender() {
  const tenantId = await bed.tenant()
  const { id: serverId } = await bed.one<{ id: number }>(
    "insert into velociraptor_servers (tenant_id, name, org_id) values ($1, 'main', 'root') returning id",
    [tenantId],
  )
  const { id: userId } = await bed.one<{ id: number }>(
    "insert into users (tenant_id, username, role) values ($1, $2, 'admin') returning id",
    [tenantId, crypto.randomUUID()],
  )
  const { id: tokenId } = await bed.one<{ id: number }>(
    "insert into api_tokens (tenant_id, name, scope, token_hash, hint, server_id, created_by) values ($1, 't', 'ingest', $2, 'vct_', $3, $4) returning id",
    [tenantId, Buffer.from(crypto.randomUUID()), serverId, userId],
  )
  const send = (body: AsyncIterable<Uint8Array>, org?: string) =>
    receive(ingest, { credential: { tenantId, tokenId, serverId }, body, limit: 100_000_000, org, origin: {} })
  return { tenantId, send }
}

const envelope = (over: object) =>
  Buffer.from(
    `${JSON.stringify({ kind: 'batch', version: 1, org_id: 'root', client_id: 'C.1', flow_id: 'F.1', artifact: 'A/B', start_row: 0, rows: 1, ...over })}\n`,
  )

interface Run {
  letter: string
  bytes: number
}

async function* bodyOf(...parts: (Buffer | Run)[]) {
  for (const part of parts) {
    if (Buffer.isBuffer(part)) yield part
    else
      for (let at = 0; at < part.bytes; at += piece) yield Buffer.alloc(Math.min(piece, part.bytes - at), part.letter)
  }
}

const longBytes = 40_000_001
const long = (letter: string, last = letter) =>
  bodyOf(
    envelope({ rows: 3 }),
    Buffer.from('{"n":0}\n'),
    { letter, bytes: longBytes - 1 },
    Buffer.from(`${last}\n{"n":2}\n`),
  )
const asideOf = (tenantId: number) =>
  bed.root
    .query(
      `select r.line_number, r.row_number, r.reason, r.byte_length, encode(sha256(string_agg(p.bytes, '' order by p.part)), 'hex') as sha,
         max(length(p.bytes)) as largest from rejected_rows r join rejected_parts p on p.tenant_id = r.tenant_id and p.rejected_id = r.id
       where r.tenant_id = $1 group by r.tenant_id, r.id order by r.id`,
      [tenantId],
    )
    .then(({ rows }) => rows as object[])
const shaOf = (text: string) => createHash('sha256').update(text).digest('hex')

test('sets a line aside that is too large to be held, exactly, once, with its neighbours stored', async () => {
  const { tenantId, send } = await sender()
  const answer = { kind: 'batch', rows: 3, rejected: 1 }
  expect(await send(long('x'))).toEqual(answer)
  expect(await send(long('x'))).toEqual(answer)
  const first = { line_number: 3, row_number: 1, byte_length: longBytes, largest: 1_000_000 }
  const kept = { ...first, reason: 'too large', sha: shaOf('x'.repeat(longBytes)) }
  expect(await asideOf(tenantId)).toEqual([kept])
  const source = 'select received::text, rows_stored, rows_rejected from collection_sources where tenant_id = $1'
  expect(await bed.one(source, [tenantId])).toEqual({ received: '{[0,3)}', rows_stored: 2, rows_rejected: 1 })

  await send(long('x', 'y'))
  const changed = { ...first, reason: expect.stringContaining('conflict'), sha: shaOf(`${'x'.repeat(longBytes - 1)}y`) }
  expect(await asideOf(tenantId)).toEqual([kept, changed])
  // A short line under the number of a long one is a conflict too, and is found without reading the long one.
  await send(bodyOf(envelope({ start_row: 1 }), Buffer.from('{"n":1}\n')))
  expect(await asideOf(tenantId)).toHaveLength(3)
  expect(readdirSync(folder)).toEqual([])
})

test('holds no more than 32 MB of a line, and removes its file when the body breaks off', async () => {
  let largest = 0
  for await (const group of groupsOf(long('x'), 1e9)) {
    if (!isLong(group)) largest = Math.max(largest, group.bytes.length)
  }
  expect(largest).toBeLessThan(33_000_000)
  async function* broken() {
    yield* bodyOf(envelope({}), { letter: 'x', bytes: longBytes })
    throw new Error('aborted')
  }
  const { send } = await sender()
  await expect(send(broken())).rejects.toThrow('aborted')
  expect(readdirSync(folder)).toEqual([])
})

test('copies each byte of a long line a few times only', async () => {
  let copied = 0
  const concat = Buffer.concat
  Buffer.concat = ((list: readonly Uint8Array[], size?: number) => {
    const made = concat(list, size)
    copied += made.length
    return made
  }) as typeof Buffer.concat
  try {
    for await (const _ of groupsOf(bodyOf(envelope({}), { letter: 'x', bytes: 15_000_000 }), 1e9));
  } finally {
    Buffer.concat = concat
  }
  expect(copied).toBeLessThan(4 * 15_000_000)
})

test('refuses an envelope and records that are too long to be held', async () => {
  const { send } = await sender()
  await expect(send(bodyOf({ letter: ' ', bytes: longBytes }))).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  const records = bodyOf(envelope({ kind: 'client', record: {} }), { letter: ' ', bytes: longBytes })
  await expect(send(records)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
})

test('refuses a request whose header names another org than its envelope', async () => {
  const { send } = await sender()
  const body = () => bodyOf(envelope({}), Buffer.from('{}\n'))
  await expect(send(body(), 'O123')).rejects.toMatchObject({ code: 'FORBIDDEN' })
  expect(await send(body(), 'root')).toMatchObject({ rows: 1 })
})

test('refuses ids that the database cannot hold, and takes artifact names and times that it cannot', async () => {
  const { tenantId, send } = await sender()
  for (const over of [{ client_id: 'C.\0' }, { flow_id: 'F.\ud800' }, { hunt_id: '\0' }, { start_row: 2 ** 53 - 1 }]) {
    await expect(send(bodyOf(envelope(over), Buffer.from('{}\n')))).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  }
  const artifact = 'A\0/\ud800'
  await send(bodyOf(envelope({ artifact }), Buffer.from('{}\n')))
  await send(bodyOf(envelope({ kind: 'flow_end', artifacts: [{ artifact, rows: 1 }] })))
  const counts = await bed.root.query(
    'select rows_stored, rows_expected from collection_sources where tenant_id = $1',
    [tenantId],
  )
  expect(counts.rows).toEqual([{ rows_stored: 1, rows_expected: 1 }])
  expect([timeOf(1e300), timeOf(1795503936794501)?.getUTCFullYear()]).toEqual([null, 2026])
})
