import { afterAll, beforeAll, expect, test } from 'vitest'
import { hash, openSites, sha } from '../matching/testing.ts'

let sites: Awaited<ReturnType<typeof openSites>>
beforeAll(async () => {
  sites = await openSites()
})
afterAll(() => sites.close())

test('what stands on a benign list is no hit, and the answer says how many it took out', async () => {
  const { caller, send } = await sites.site()
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
  await sites.sweepAll()
  expect((await caller.indicators.hits({})).rows.map(({ value }) => value)).toEqual([hash])
  const swept = await caller.indicators.sweep({ values })
  expect(swept).toMatchObject({ hits: [{ value: hash, rows: 1 }], rows: 3 })
  expect(swept.leftOut).toEqual([
    { value: '203.0.113.77', list: 'Our own scanners' },
    { value: '198.51.100.9', list: 'Our own scanners' },
  ])
})

test('a benign list also hides the hits of before, and what it took out is found when it goes', async () => {
  const { caller, send } = await sites.site()
  await send('C.1', [{ Hash: hash }])
  await caller.indicators.create({ name: 'bad', indicators: [sha] })
  await sites.sweepAll()
  const benign = await caller.indicators.create({ name: 'ours', benign: true, indicators: [sha] })
  expect((await caller.indicators.hits({})).rows).toEqual([])
  await send('C.2', [{ Hash: hash }])
  await sites.matchArrived()
  await caller.indicators.delete({ id: benign.id, version: benign.version })
  await sites.sweepAll()
  expect((await caller.indicators.hits({})).rows).toMatchObject([{ rows: 2, hosts: 2 }])
})

test('a pattern on a benign list hides what it covers from before, and the list says how many values it takes out', async () => {
  const { caller, send } = await sites.site()
  await send('C.1', [{ ip: '203.0.113.77' }, { Hash: hash }])
  const { id } = await caller.indicators.create({
    name: 'bad',
    indicators: [{ kind: 'ip', value: '203.0.113.77' }, sha],
  })
  await sites.sweepAll()
  expect(await caller.indicators.get({ id })).toMatchObject({ openHits: 2, leftOut: 0 })
  const scanners = [{ kind: 'cidr' as const, value: '203.0.113.0/24' }]
  const benign = await caller.indicators.create({ name: 'Our own scanners', benign: true, indicators: scanners })
  expect((await caller.indicators.hits({})).rows.map(({ value }) => value)).toEqual([hash])
  expect(await caller.indicators.get({ id })).toMatchObject({ openHits: 1, leftOut: 1 })
  expect((await caller.indicators.values({ id, show: 'seen' })).rows.map(({ value }) => value)).toEqual([hash])
  expect((await caller.rows.search({ query: 'indicator:203.0.113.77' })).total).toBe(0)
  expect((await caller.rows.search({ query: 'indicator:*' })).total).toBe(1)
  const { version } = await caller.indicators.get({ id: benign.id })
  await caller.indicators.update({ id: benign.id, version, active: false })
  expect(await caller.indicators.get({ id })).toMatchObject({ openHits: 2, leftOut: 0 })
})

test('what a benign value took out is found when the value or its list ends, by itself', async () => {
  const { tenantId, caller, send } = await sites.site()
  const soon = '2199-01-01T00:00:00Z'
  await send('C.1', [{ ip: '203.0.113.77' }, { Hash: hash }])
  await caller.indicators.create({ name: 'ours', benign: true, validUntil: soon, indicators: [sha] })
  const until = [{ kind: 'ip' as const, value: '203.0.113.77', validUntil: soon }]
  await caller.indicators.create({ name: 'scanner', benign: true, indicators: until })
  const bad = [{ kind: 'ip' as const, value: '203.0.113.77' }, sha]
  await caller.indicators.create({ name: 'bad', indicators: bad })
  await sites.sweepAll()
  const values = async () => (await caller.indicators.hits({})).rows.map(({ value }) => value).toSorted()
  expect(await values()).toEqual([])
  await sites.bed.root.query(
    'update indicators set valid_until = now() where tenant_id = $1 and valid_until is not null',
    [tenantId],
  )
  await sites.sweepAll()
  expect(await values()).toEqual(['203.0.113.77'])
  await sites.bed.root.query(
    'update indicator_lists set valid_until = now() where tenant_id = $1 and valid_until is not null',
    [tenantId],
  )
  await sites.sweepAll()
  expect(await values()).toEqual(['203.0.113.77', hash])
  // What is swept once is not swept again and again.
  const { rows: before } = await sites.bed.root.query('select updated_at from indicator_sweeps where tenant_id = $1', [
    tenantId,
  ])
  await sites.sweepAll()
  const { rows: after } = await sites.bed.root.query('select updated_at from indicator_sweeps where tenant_id = $1', [
    tenantId,
  ])
  expect(after).toEqual(before)
})

test('a shared benign list takes out of the other tenant too, until it is shared no more', async () => {
  const [home, guest] = [await sites.site(), await sites.site()]
  const boss = await sites.bed.callerOf(home.tenantId, 'super_admin')
  const { id } = await boss.indicators.create({
    name: 'ours',
    benign: true,
    sharedWith: [guest.tenantId],
    indicators: [sha],
  })
  await guest.send('C.1', [{ Hash: hash }])
  await guest.caller.indicators.create({ name: 'bad', indicators: [sha] })
  await sites.sweepAll()
  expect((await guest.caller.indicators.hits({})).rows).toEqual([])
  const { version } = await boss.indicators.get({ id })
  await boss.indicators.update({ id, version, sharedWith: [] })
  await sites.sweepAll()
  expect((await guest.caller.indicators.hits({})).rows).toMatchObject([{ rows: 1 }])
})
