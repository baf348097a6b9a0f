import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openIngest } from '../../ingestion/open.ts'
import { receive } from '../../ingestion/receive.ts'
import { testBed, type TestBed } from '../../testing.ts'
import { arrivals, sweepLists } from '../jobs.ts'

let bed: TestBed
let ingest: Awaited<ReturnType<typeof openIngest>>
beforeAll(async () => {
  bed = await testBed()
  ingest = await openIngest(bed.database, bed.services)
})
afterAll(async () => {
  await ingest.close()
  await bed.close()
})

const never = new AbortController().signal
const sweepAll = () => sweepLists({ database: bed.database, services: bed.services, signal: never })
const matchArrived = () => arrivals(bed.database, bed.services)(never)

/** A tenant with a sender of its rows. */
async function site() {
  const tenantId = await bed.tenant()
  const caller = await bed.callerOf(tenantId, 'admin')
  const { id: serverId } = await bed.one<{ id: number }>(
    "insert into velociraptor_servers (tenant_id, name, org_id) values ($1, 'velo', 'root') returning id",
    [tenantId],
  )
  const { id: tokenId } = await bed.one<{ id: number }>(
    `insert into api_tokens (tenant_id, name, scope, token_hash, hint, created_by, server_id)
     select $1, 't', 'ingest', decode(replace($2, '-', ''), 'hex'), 'vct_', max(id), $3 from users where tenant_id = $1 returning id`,
    [tenantId, crypto.randomUUID(), serverId],
  )
  const credential = { tenantId, tokenId, serverId }
  const send = (client: string, rows: object[], start = 0, flow = 'F.1') => {
    const envelope = { kind: 'batch', version: 1, org_id: 'root', client_id: client, flow_id: flow, artifact: 'A/B' }
    const lines = [{ ...envelope, start_row: start, rows: rows.length }, ...rows].map((line) => JSON.stringify(line))
    const body = Readable.from([Buffer.from(`${lines.join('\n')}\n`)])
    return receive(ingest, { credential, body, limit: 1e7, origin: {} })
  }
  return { tenantId, caller, send }
}

const hash = '7d1c0e9a3237656e7d1c0e9a3237656e7d1c0e9a3237656e7d1c0e9a3237656e'
const sha = { kind: 'sha256' as const, value: hash }

test('a new list is looked for in all that is stored, each value on a line with its hosts and rows', async () => {
  const { caller, send } = await site()
  await send('C.1', [{ Hash: hash.toUpperCase() }, { Hash: 'other' }, { Cmd: `x ${hash}` }])
  await send('C.2', [{ Hash: hash }])
  const { id } = await caller.indicators.create({
    name: 'l',
    severity: 'critical',
    indicators: [sha, { kind: 'ip', value: '203.0.113.9' }],
  })
  expect(await caller.indicators.get({ id })).toMatchObject({ swept: 0, indicators: 2 })
  await sweepAll()
  expect(await caller.indicators.get({ id })).toMatchObject({ swept: 2, openHits: 3 })
  const { rows, total } = await caller.indicators.hits({})
  expect([total, rows]).toMatchObject([1, [{ value: hash, rows: 3, hosts: 2, open: 3, severity: 'critical' }]])
  const { rows: never } = await caller.indicators.values({ id, show: 'never' })
  expect(never.map(({ value }) => value)).toEqual(['203.0.113.9'])
  expect((await caller.indicators.hitsOf({ rows: [rows[0]!.row, '1.1.1'] })).rows).toMatchObject([{ value: hash }])
  expect((await caller.notifications.list({})).rows).toMatchObject([
    { kind: 'indicator', words: `“${hash}” of the list “l” found on 2 hosts`, link: `/indicators?list=${id}` },
  ])
})

test.each([
  { kind: 'cidr', match: 'exact', value: '203.0.113.0/24', row: { to: 'tcp 203.0.113.77:443' } },
  { kind: 'file_name', match: 'exact', value: 'AnyView.exe', row: { path: 'C:\\Users\\x\\anyview.exe' } },
  { kind: 'file_path', match: 'wildcard', value: 'C:\\Users\\*\\d.bin', row: { path: 'c:\\users\\ada\\d.bin' } },
  { kind: 'other', match: 'regex', value: 'evil-\\d{3}', row: { cmd: 'run evil-123 now' } },
  { kind: 'domain', match: 'exact', value: 'updates.example.net', row: { cmd: 'curl https://updates.example.net/a' } },
] as const)('$match $kind is found in stored rows and in those that arrive', async ({ row, ...indicator }) => {
  const { caller, send } = await site()
  await send('C.1', [{ path: 'C:\\nothing', n: 1 }, row])
  await caller.indicators.create({ name: 'l', indicators: [indicator] })
  await sweepAll()
  expect((await caller.indicators.hits({})).rows).toMatchObject([{ rows: 1, hosts: 1 }])
  await send('C.2', [row, { n: 2 }])
  await matchArrived()
  expect((await caller.indicators.hits({})).rows).toMatchObject([{ rows: 2, hosts: 2 }])
})

test('rows that arrive again, or are matched again, are the same hits', async () => {
  const { caller, send } = await site()
  await caller.indicators.create({ name: 'l', indicators: [sha] })
  await sweepAll()
  await send('C.1', [{ Hash: hash }])
  await matchArrived()
  await send('C.1', [{ Hash: hash }])
  await matchArrived()
  await matchArrived()
  expect((await caller.indicators.hits({})).rows).toMatchObject([{ rows: 1 }])
})

test('what stands on a benign list is no hit, and the answer says how many it took out', async () => {
  const { caller, send } = await site()
  await send('C.1', [{ ip: '203.0.113.77' }, { ip: '198.51.100.9' }, { Hash: hash }])
  await caller.indicators.create({
    name: 'Our own scanners',
    benign: true,
    indicators: [
      { kind: 'cidr', value: '203.0.113.0/24' },
      { kind: 'ip', value: '198.51.100.9' },
    ],
  })
  const values = ['203.0.113.77', '198.51.100.9', hash]
  await caller.indicators.create({
    name: 'bad',
    indicators: values.map((value) => ({ kind: 'other' as const, value })),
  })
  await sweepAll()
  expect((await caller.indicators.hits({})).rows.map(({ value }) => value)).toEqual([hash])
  const swept = await caller.indicators.sweep({ values })
  expect(swept).toMatchObject({ hits: [{ value: hash, rows: 1 }], rows: 3 })
  expect(swept.leftOut).toEqual([
    { value: '203.0.113.77', list: 'Our own scanners' },
    { value: '198.51.100.9', list: 'Our own scanners' },
  ])
})

test('a benign list also hides the hits of before, and what it took out is found when it goes', async () => {
  const { caller, send } = await site()
  await send('C.1', [{ Hash: hash }])
  await caller.indicators.create({ name: 'bad', indicators: [sha] })
  await sweepAll()
  const benign = await caller.indicators.create({ name: 'ours', benign: true, indicators: [sha] })
  expect((await caller.indicators.hits({})).rows).toEqual([])
  await send('C.2', [{ Hash: hash }])
  await matchArrived()
  await caller.indicators.delete({ id: benign.id, version: benign.version })
  await sweepAll()
  expect((await caller.indicators.hits({})).rows).toMatchObject([{ rows: 2, hosts: 2 }])
})

test('an indicator that has ended is off, keeps its hits, and is swept anew when it is prolonged', async () => {
  const { caller, send } = await site()
  const past = '2020-01-01T00:00:00Z'
  const { id } = await caller.indicators.create({ name: 'l', validUntil: past, indicators: [sha] })
  await send('C.1', [{ Hash: hash }])
  await sweepAll()
  await matchArrived()
  expect((await caller.indicators.hits({})).rows).toEqual([])
  const { version } = await caller.indicators.get({ id })
  const later = await caller.indicators.update({ id, version, validUntil: null })
  await sweepAll()
  expect((await caller.indicators.hits({})).rows).toMatchObject([{ rows: 1 }])
  await caller.indicators.update({ id, version: later.version, active: false })
  await send('C.2', [{ Hash: hash }])
  await matchArrived()
  expect((await caller.indicators.hits({})).rows).toMatchObject([{ rows: 1 }])
})

test('a shared list is matched in the tenant it is shared with, and neither tells the other of its hits', async () => {
  const [home, guest, stranger] = [await site(), await site(), await site()]
  const boss = await bed.callerOf(home.tenantId, 'super_admin')
  const { id } = await boss.indicators.create({ name: 'l', sharedWith: [guest.tenantId], indicators: [sha] })
  for (const { send } of [home, guest, stranger]) await send('C.1', [{ Hash: hash }])
  await sweepAll()
  for (const { send } of [guest, stranger]) await send('C.2', [{ Hash: hash }])
  await matchArrived()
  expect((await home.caller.indicators.hits({})).rows).toMatchObject([{ rows: 1, hosts: 1 }])
  expect((await guest.caller.indicators.hits({ listId: id })).rows).toMatchObject([{ rows: 2, hosts: 2 }])
  expect((await stranger.caller.indicators.hits({})).rows).toEqual([])
  expect((await guest.caller.notifications.list({})).total).toBe(1)
  expect((await home.caller.indicators.get({ id })).openHits).toBe(1)
})

test('hits are acknowledged, and become a case with their rows and values', async () => {
  const { caller, send } = await site()
  await send('C.1', [{ Hash: hash }, { Hash: hash, n: 2 }])
  await caller.indicators.create({ name: 'l', severity: 'high', indicators: [sha] })
  await sweepAll()
  const [hit] = (await caller.indicators.hits({ open: true })).rows
  const { caseId, added } = await caller.indicators.toCase({ indicators: [hit!.id] })
  expect(added).toBe(2)
  expect(await caller.cases.get({ id: caseId })).toMatchObject({ severity: 'high', title: `${hash} was found` })
  expect((await caller.artifacts.list({ caseId })).rows).toMatchObject([{ artifactType: 'sha256', value: hash }])
  expect((await caller.indicators.hits({ open: true })).rows).toEqual([])
  expect((await caller.indicators.hits({})).rows).toMatchObject([{ open: 0, cases: [caseId] }])
  expect(await caller.indicators.toCase({ indicators: [hit!.id], caseId })).toEqual({ caseId, added: 0 })
})

test('a value that is taken off its list takes its hits out of sight', async () => {
  const { caller, send } = await site()
  await send('C.1', [{ Hash: hash }])
  const { id } = await caller.indicators.create({ name: 'l', indicators: [sha] })
  await sweepAll()
  const { rows } = await caller.indicators.values({ id })
  await caller.indicators.remove({ id, indicators: [rows[0]!.id] })
  expect((await caller.indicators.hits({})).rows).toEqual([])
})

// These play with the clock, so numbers that ingestion still holds may be behind the watermark: nothing comes after them.
test('the watermark moves past what no block can come behind any more, and nothing that comes later is lost', async () => {
  const { caller, send } = await site()
  await caller.indicators.create({ name: 'l', indicators: [sha] })
  let later = 0
  const now = () => new Date(Date.now() + later)
  const run = arrivals(bed.database, { ...bed.services, now })
  const done = async () => (await bed.one<{ n: number }>('select done_number as n from matched_blocks', [])).n
  // Its numbers were taken ahead, some for blocks that come later.
  for (let n = 0; n < 4; n++) {
    await send('C.1', [{ Hash: hash, n }], n)
    await run(never)
  }
  const before = await done()
  expect((await caller.indicators.hits({})).rows).toMatchObject([{ rows: 4 }])
  // After 90 s they would have been given up.
  await ingest.close()
  ingest = await openIngest(bed.database, bed.services)
  later = 100_000
  for (let n = 4; n < 8; n++) {
    await send('C.1', [{ Hash: hash, n }], n)
    await run(never)
  }
  // It may wait for others' transactions on the same server too.
  while ((await done()) <= before) {
    later += 100_000
    await run(never)
  }
  expect((await caller.indicators.hits({})).rows).toMatchObject([{ rows: 8 }])
})

test('the watermark waits for a transaction that may still bring a block', async () => {
  const { caller, send } = await site()
  await caller.indicators.create({ name: 'l', indicators: [sha] })
  let later = 0
  const run = arrivals(bed.database, { ...bed.services, now: () => new Date(Date.now() + later) })
  const done = async () => (await bed.one<{ n: number }>('select done_number as n from matched_blocks', [])).n
  await bed.root.query('begin; select pg_current_xact_id()')
  const taken = 'select next_block_id(now()) & ((1::bigint << 40) - 1) as n'
  const { n: number } = await bed.one<{ n: number }>(taken, [])
  for (let n = 0; n < 4; n++) {
    await send('C.1', [{ n }], n)
    await run(never)
    later += 100_000
  }
  expect(Number(await done())).toBeLessThan(Number(number))
  await bed.root.query('commit')
  // It may wait for others' transactions on the same server too.
  while (Number(await done()) < Number(number)) {
    await run(never)
    later += 100_000
  }
})
