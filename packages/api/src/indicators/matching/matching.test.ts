import { afterAll, beforeAll, expect, test } from 'vitest'
import { arrivals } from '../jobs.ts'
import { hash, openSites, sha } from './testing.ts'

const never = new AbortController().signal

let sites: Awaited<ReturnType<typeof openSites>>
beforeAll(async () => {
  sites = await openSites()
})
afterAll(() => sites.close())

test('a new list is looked for in all that is stored, each value on a line with its hosts and rows', async () => {
  const { caller, send } = await sites.site()
  await send('C.1', [{ Hash: hash.toUpperCase() }, { Hash: 'other' }, { Cmd: `x ${hash}` }])
  await send('C.2', [{ Hash: hash }])
  const { id } = await caller.indicators.create({
    name: 'l',
    severity: 'critical',
    indicators: [sha, { kind: 'ip', value: '203.0.113.9' }],
  })
  expect(await caller.indicators.get({ id })).toMatchObject({ swept: 0, indicators: 2 })
  await sites.sweepAll()
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
  const { caller, send } = await sites.site()
  await send('C.1', [{ path: 'C:\\nothing', n: 1 }, row])
  await caller.indicators.create({ name: 'l', indicators: [indicator] })
  await sites.sweepAll()
  expect((await caller.indicators.hits({})).rows).toMatchObject([{ rows: 1, hosts: 1 }])
  await send('C.2', [row, { n: 2 }])
  await sites.matchArrived()
  expect((await caller.indicators.hits({})).rows).toMatchObject([{ rows: 2, hosts: 2 }])
})

test('rows that arrive again, or are matched again, are the same hits', async () => {
  const { caller, send } = await sites.site()
  await caller.indicators.create({ name: 'l', indicators: [sha] })
  await sites.sweepAll()
  await send('C.1', [{ Hash: hash }])
  await sites.matchArrived()
  await send('C.1', [{ Hash: hash }])
  await sites.matchArrived()
  await sites.matchArrived()
  expect((await caller.indicators.hits({})).rows).toMatchObject([{ rows: 1 }])
})

test('an indicator that has not begun shows its hits when it begins, and one that has ended is off', async () => {
  const { tenantId, caller, send } = await sites.site()
  const later = [{ ...sha, validFrom: '2199-01-01T00:00:00Z' }]
  const { id } = await caller.indicators.create({ name: 'l', indicators: later })
  await send('C.1', [{ Hash: hash }])
  await sites.matchArrived()
  await sites.sweepAll()
  expect((await caller.indicators.hits({})).rows).toEqual([])
  expect(await caller.indicators.get({ id })).toMatchObject({ openHits: 0 })
  expect((await caller.rows.search({ query: 'indicator:*' })).total).toBe(0)
  await sites.bed.root.query('update indicators set valid_from = now() where tenant_id = $1', [tenantId])
  expect((await caller.indicators.hits({})).rows).toMatchObject([{ rows: 1 }])
  await sites.bed.root.query('update indicators set valid_until = now() where tenant_id = $1', [tenantId])
  await send('C.2', [{ Hash: hash }])
  await sites.matchArrived()
  await sites.sweepAll()
  expect((await caller.indicators.hits({})).rows).toMatchObject([{ rows: 1 }])
})

test('rows are asked for by the value that stands in them, and by its list; each is offered while it is typed', async () => {
  const { caller, send } = await sites.site()
  await send('C.1', [{ Hash: hash }, { ip: '203.0.113.77', n: 1 }, { n: 2 }])
  await caller.indicators.create({ name: 'Clinic, November', indicators: [sha] })
  await caller.indicators.create({ name: 'Scanners', indicators: [{ kind: 'ip', value: '203.0.113.77' }] })
  await sites.sweepAll()
  const total = async (query: string) => (await caller.rows.search({ query })).total
  expect(await total('indicator:"Clinic, November"')).toBe(1)
  expect(await total('indicator:203.0.113.*')).toBe(1)
  expect(await total('indicator:*')).toBe(2)
  expect(await total('NOT indicator:*')).toBe(1)
  expect(await total('indicator:unknown.example')).toBe(0)
  const offered = async (query: string) =>
    (await caller.rows.complete({ query, at: query.length })).suggestions.map(({ insert }) => insert)
  expect(await offered('indic')).toContain('indicator:')
  expect(await offered('indicator:nov')).toEqual(['"Clinic, November"'])
  expect(await offered('indicator:203')).toEqual(['"203.0.113.77"'])
  const { caller: stranger } = await sites.site()
  const query = 'indicator:'
  expect((await stranger.rows.complete({ query, at: query.length })).suggestions).toEqual([])
})

test('an indicator that has ended is off, keeps its hits, and is swept anew when it is prolonged', async () => {
  const { caller, send } = await sites.site()
  const past = '2020-01-01T00:00:00Z'
  const { id } = await caller.indicators.create({ name: 'l', validUntil: past, indicators: [sha] })
  await send('C.1', [{ Hash: hash }])
  await sites.sweepAll()
  await sites.matchArrived()
  expect((await caller.indicators.hits({})).rows).toEqual([])
  const { version } = await caller.indicators.get({ id })
  const later = await caller.indicators.update({ id, version, validUntil: null })
  await sites.sweepAll()
  expect((await caller.indicators.hits({})).rows).toMatchObject([{ rows: 1 }])
  await caller.indicators.update({ id, version: later.version, active: false })
  await send('C.2', [{ Hash: hash }])
  await sites.matchArrived()
  expect((await caller.indicators.hits({})).rows).toMatchObject([{ rows: 1 }])
})

test('a shared list is matched in the tenant it is shared with, and neither tells the other of its hits', async () => {
  const [home, guest, stranger] = [await sites.site(), await sites.site(), await sites.site()]
  const boss = await sites.bed.callerOf(home.tenantId, 'super_admin')
  const { id } = await boss.indicators.create({ name: 'l', sharedWith: [guest.tenantId], indicators: [sha] })
  for (const { send } of [home, guest, stranger]) await send('C.1', [{ Hash: hash }])
  await sites.sweepAll()
  for (const { send } of [guest, stranger]) await send('C.2', [{ Hash: hash }])
  await sites.matchArrived()
  expect((await home.caller.indicators.hits({})).rows).toMatchObject([{ rows: 1, hosts: 1 }])
  expect((await guest.caller.indicators.hits({ listId: id })).rows).toMatchObject([{ rows: 2, hosts: 2 }])
  expect((await stranger.caller.indicators.hits({})).rows).toEqual([])
  expect((await guest.caller.notifications.list({})).total).toBe(1)
  expect((await home.caller.indicators.get({ id })).openHits).toBe(1)
})

test('a value that is taken off its list takes its hits out of sight', async () => {
  const { caller, send } = await sites.site()
  await send('C.1', [{ Hash: hash }])
  const { id } = await caller.indicators.create({ name: 'l', indicators: [sha] })
  await sites.sweepAll()
  const { rows } = await caller.indicators.values({ id })
  await caller.indicators.remove({ id, indicators: [rows[0]!.id] })
  expect((await caller.indicators.hits({})).rows).toEqual([])
})

// These play with the clock, so numbers that ingestion still holds may be behind the watermark: nothing comes after them.
test('the watermark moves past what no block can come behind any more, and nothing that comes later is lost', async () => {
  const { caller, send } = await sites.site()
  await caller.indicators.create({ name: 'l', indicators: [sha] })
  let later = 0
  const now = () => new Date(Date.now() + later)
  const run = arrivals(sites.bed.database, { ...sites.bed.services, now })
  const done = async () => (await sites.bed.one<{ n: number }>('select done_number as n from matched_blocks', [])).n
  // Its numbers were taken ahead, some for blocks that come later.
  for (let n = 0; n < 4; n++) {
    await send('C.1', [{ Hash: hash, n }], n)
    await run(never)
  }
  const before = await done()
  expect((await caller.indicators.hits({})).rows).toMatchObject([{ rows: 4 }])
  // After 90 s they would have been given up.
  await sites.reopen()
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
  const { caller, send } = await sites.site()
  await caller.indicators.create({ name: 'l', indicators: [sha] })
  let later = 0
  const run = arrivals(sites.bed.database, { ...sites.bed.services, now: () => new Date(Date.now() + later) })
  const done = async () => (await sites.bed.one<{ n: number }>('select done_number as n from matched_blocks', [])).n
  await sites.bed.root.query('begin; select pg_current_xact_id()')
  const taken = 'select next_block_id(now()) & ((1::bigint << 40) - 1) as n'
  const { n: number } = await sites.bed.one<{ n: number }>(taken, [])
  for (let n = 0; n < 4; n++) {
    await send('C.1', [{ n }], n)
    await run(never)
    later += 100_000
  }
  expect(Number(await done())).toBeLessThan(Number(number))
  await sites.bed.root.query('commit')
  // It may wait for others' transactions on the same server too.
  while (Number(await done()) < Number(number)) {
    await run(never)
    later += 100_000
  }
})
