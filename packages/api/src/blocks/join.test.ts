import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rolesOf } from '@velocicompanion/db'
import { templateName } from '@velocicompanion/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openIngest } from '../ingestion/open.ts'
import type { Target } from '../ingestion/store.ts'
import { testBed, type TestBed } from '../testing.ts'
import { openRebuilding, rebuild } from './blocks.ts'
import { answersOf, breaking, hooked, hostile, placeIn, plain, storeLines } from './compared/testing.ts'
import { joinBlocks } from './jobs.ts'
import { groupsOf } from './rules.ts'

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

const signal = new AbortController().signal
const joinAll = async (database = bed.database) => {
  const joined: number[] = []
  const count = (event: { kind: string; blocks?: number }) => void joined.push(event.blocks ?? 0)
  await joinBlocks({ database, services: { count }, signal })
  return joined
}

/** As if all had been received `hours` ago. */
const age = (tenantId: number, hours: number, and = 'true') =>
  bed.root.query(
    `update blocks set received_at = date_trunc('day', now()) - make_interval(hours => ${hours}) where tenant_id = ${tenantId} and ${and}`,
  )

const blocksOf = async (tenantId: number) =>
  (
    await bed.root.query<{ block_id: number; n: number; received_at: Date; superseded: number; host_ids: string[] }>(
      'select block_id, n, received_at, superseded, host_ids from blocks where tenant_id = $1 order by block_id',
      [tenantId],
    )
  ).rows

/** How many blocks have their grams in the index, and how many a filter of them. */
const grams = (tenantId: number) =>
  bed.one<{ sorted: number; filters: number }>(
    'select count(grams)::int as sorted, count(gram_bits)::int as filters from blocks where tenant_id = $1',
    [tenantId],
  )

/** What a run is, wherever it lies. */
const runsOf = async (tenantId: number) =>
  (
    await bed.root.query(
      `select collection_id, source_id, first_row, n, host_id, delivery_id, sha256, superseded from runs
where tenant_id = $1 order by collection_id, source_id, first_row`,
      [tenantId],
    )
  ).rows

/** Many small blocks of four hosts and two sources; some of them end without a line end, or have lines set aside. */
async function filled(times = 12) {
  const tenantId = await bed.tenant()
  const places: Target[] = []
  for (const host of ['h1', 'h2', 'h3']) places.push(await placeIn(bed, tenantId, host, 'A'))
  places.push(await placeIn(bed, tenantId, 'h4', 'B'))
  for (let i = 0; i < times; i++)
    for (const [k, at] of places.entries())
      await storeLines(ingest, at, plain(`h${k + 1}`, i * 10 + k * 1000, 10), i * 10, i % 2 === 0 ? '\n' : '')
  for (const at of places) await storeLines(ingest, at, [...hostile, 'not JSON', '{"after":1}'], 500)
  const api = await bed.callerOf(tenantId, 'viewer')
  return { tenantId, places, api, answers: () => answersOf(api, places) }
}

test('joins small blocks of a source, and every answer, line and run is as before', async () => {
  const { tenantId, answers } = await filled()
  const before = await answers()
  expect(await joinAll()).toEqual([])
  await age(tenantId, 1)
  const runs = await runsOf(tenantId)
  const joined = await joinAll()
  // A day that is over leaves none.
  expect(joined).toEqual(expect.arrayContaining([39, 13]))
  const after = await blocksOf(tenantId)
  expect(after.filter((block) => block.n > 300).map((block) => [block.n, block.host_ids.length])).toEqual([
    [3 * 12 * 10 + 3 * (hostile.length + 1), 3],
  ])
  expect(await runsOf(tenantId)).toEqual(runs)
  expect(await answers()).toEqual(before)
  expect(await joinAll()).toEqual([])
})

const sinceMidnight = () => Date.now() % 86_400_000

test.skipIf(sinceMidnight() < 900_000)('on a day that goes on, joins many and leaves few', async () => {
  const { tenantId, answers } = await filled()
  const before = await answers()
  await bed.root.query(
    `update blocks set received_at = now() - interval '6 minutes' where tenant_id = ${tenantId} and received_at > now() - interval '1 minute'`,
  )
  expect(await joinAll()).toEqual([39])
  expect(await grams(tenantId)).toEqual({ sorted: 0, filters: 14 })
  expect(await answers()).toEqual(before)
  await age(tenantId, 1)
  await joinAll()
  expect(await grams(tenantId)).toEqual({ sorted: 2, filters: 0 })
  expect(await answers()).toEqual(before)
})

test('joins only what was received on one day, and keeps the last time of receipt', async () => {
  const { tenantId, answers } = await filled(24)
  const before = await answers()
  const half = (await blocksOf(tenantId))[48]!.block_id
  await age(tenantId, 3)
  await age(tenantId, 1, `block_id = ${half - 1}`)
  await age(tenantId, 30, `block_id >= ${half}`)
  const days = (await blocksOf(tenantId)).map((block) => block.received_at.toISOString())
  await joinAll()
  const after = await blocksOf(tenantId)
  expect(after.length).toBeLessThan(60)
  const [first, last] = [[...days].sort()[0]!, [...days].sort().at(-1)!]
  expect(after.map((block) => block.received_at.toISOString())).toContain(last)
  expect([...new Set(after.map((block) => block.received_at.toISOString().slice(0, 10)))].sort()).toEqual([
    first.slice(0, 10),
    last.slice(0, 10),
  ])
  expect(await answers()).toEqual(before)
})

test('a repeat of what was joined is known, with the same boundaries and with others', async () => {
  const { tenantId, places } = await filled()
  await age(tenantId, 1)
  await joinAll()
  expect(await storeLines(ingest, places[1]!, plain('h2', 1010, 10), 10)).toEqual({ stored: 0, known: 10, rejected: 0 })
  expect(await storeLines(ingest, places[1]!, plain('h2', 1005, 30), 5)).toEqual({ stored: 0, known: 30, rejected: 0 })
})

test('changes nothing when it is cut at any statement', async () => {
  const { tenantId, answers } = await filled(3)
  const before = await answers()
  const state = async () => ({ blocks: await blocksOf(tenantId), runs: await runsOf(tenantId) })
  const stored = await state()
  const ids = (await bed.one<{ ids: string[] }>(
    `select array_agg(block_id order by t_min) as ids from blocks where tenant_id = $1 and n < 12
and source_id = (select min(source_id) from blocks where tenant_id = $1)`,
    [tenantId],
  ))!.ids.map(Number)
  const rebuilding = await openRebuilding(bed.database)
  for (let at = 1; ; at++) {
    const database = breaking(bed.database, at)
    const outcome = await rebuild({ ...rebuilding, database }, tenantId, ids).catch(() => 'cut')
    if (!database.reached) {
      expect(outcome).toEqual({ kind: 'made', rows: 90 })
      break
    }
    expect(outcome).toBe('cut')
    expect(await state()).toEqual(stored)
  }
  await rebuilding.close()
  expect(await answers()).toEqual(before)
})

test('rows that are left out or removed between the reading and the exchange stay so', async () => {
  const { tenantId } = await filled(3)
  const ids = (await blocksOf(tenantId)).filter((_, i) => i % 4 === 0).map((block) => block.block_id)
  const rebuilding = await openRebuilding(bed.database)
  const leaveOut = `update runs set superseded = true where tenant_id = ${tenantId} and block_id = ${ids[0]};
update blocks set superseded = n where tenant_id = ${tenantId} and block_id = ${ids[0]}`
  const during = (statements: string) =>
    hooked(bed.database, async (at) => void (at === 1 && (await bed.root.query(statements))))
  expect((await rebuild({ ...rebuilding, database: during(leaveOut) }, tenantId, ids.slice(0, 2))).kind).toBe('made')
  const [made] = (await blocksOf(tenantId)).toReversed()
  expect(made).toMatchObject({ n: 20, superseded: 10 })
  const remove = ['block_columns', 'runs', 'blocks'].map(
    (table) => `delete from ${table} where tenant_id = ${tenantId} and block_id = ${ids[2]}`,
  )
  const some = [made!.block_id, ids[2]!]
  expect((await rebuild({ ...rebuilding, database: during(remove.join(';')) }, tenantId, some)).kind).toBe('gone')
  expect((await blocksOf(tenantId)).map((block) => block.block_id)).toContain(made!.block_id)
  await rebuilding.close()
})

test('a joined block stays below the limits of one', () => {
  const block = (n: number, rawBytes: number) => ({ n, rawBytes })
  expect(groupsOf([block(400, 1), block(400, 1), block(400, 1), block(100, 1)])).toEqual([
    [block(400, 1), block(400, 1)],
    [block(400, 1), block(100, 1)],
  ])
  expect(groupsOf([block(1, 4e6), block(1, 4e6), block(1, 1e6)])).toEqual([
    [block(1, 4e6)],
    [block(1, 4e6), block(1, 1e6)],
  ])
  expect(groupsOf([])).toEqual([])
})

const program = `
import { openDatabase } from '${import.meta.resolve('@velocicompanion/db')}'
import { joinBlocks } from '${new URL('jobs.ts', import.meta.url).href}'
const database = openDatabase(process.argv[2], { roles: ${JSON.stringify(rolesOf(templateName))}, max: 4 })
console.log('at work')
for (;;) {
  await joinBlocks({ database, services: { count: () => console.log('joined') }, signal: new AbortController().signal })
  await new Promise((done) => setTimeout(done, 5))
}`

test('killed at random moments, while rows arrive and queries run, nothing is lost, doubled or renumbered', async () => {
  const { tenantId, places, api } = await filled(20)
  const late = await placeIn(bed, tenantId, 'late', 'A')
  const asked = async () => ({
    exact: await api.rows.search({ query: 'Name:p3.exe NOT host:late', limit: 200 }).then((found) => found.rows),
    part: await api.rows.search({ query: '*vil* NOT host:late', limit: 200 }).then((found) => found.rows),
    stack: (await api.rows.stack({ query: 'Name:* NOT host:late', fields: ['Name', 'host'] })).values,
    lines: await Promise.all(
      places.map(({ collectionId, sourceId }) => api.rows.lines({ collectionId, sourceId, limit: 5000 })),
    ),
  })
  const before = await asked()
  const file = join(mkdtempSync(join(tmpdir(), 'velocicompanion-join-')), 'run.mjs')
  writeFileSync(file, program)
  let [killed, ended, joined] = [false, false, 0]
  const arriving = (async () => {
    const all: string[] = []
    for (let i = 0; !killed; i++) {
      const lines = plain('late', 5000 + i * 3, 3)
      await storeLines(ingest, late, lines, i * 3)
      await storeLines(ingest, places[i % 4]!, ['{"more":1}'], 1000 + i)
      await age(tenantId, 1)
      all.push(...lines)
    }
    return all
  })()
  const asking = (async () => {
    let times = 0
    for (; !ended; times++) {
      const { lines, ...found } = await asked()
      const { lines: first, ...known } = before
      expect(found).toEqual(known)
      for (const [i, one] of lines.entries()) expect(one.lines.startsWith(first[i]!.lines.slice(0, -4))).toBe(true)
    }
    return times
  })()
  for (let kills = 0; kills < 8; kills++) {
    const child = spawn(process.execPath, [file, bed.database.url], { stdio: ['ignore', 'pipe', 'inherit'] })
    child.stdout.on('data', (said) => void (joined += String(said).split('joined').length - 1))
    await once(child.stdout, 'data')
    // Once it says that it has joined some, it is at the next.
    await once(child.stdout, 'data')
    await new Promise((done) => setTimeout(done, Math.random() * 60))
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  killed = true
  const sent = await arriving
  ended = true
  expect(await asking).toBeGreaterThan(1)
  expect(joined).toBeGreaterThan(7)
  rmSync(join(file, '..'), { recursive: true })
  await age(tenantId, 1)
  await joinAll()
  const { lines: _, ...after } = await asked()
  const { lines: __, ...known } = before
  expect(after).toEqual(known)
  const kept = await api.rows.lines({ collectionId: late.collectionId, sourceId: late.sourceId, limit: 5000 })
  expect(Buffer.from(kept.lines, 'base64').toString()).toBe(`${sent.join('\n')}\n`)
  const sums = await bed.one<{ rows: number; stored: number; runs: number }>(
    `select (select sum(n) from blocks where tenant_id = $1)::bigint as rows, (select sum(n) from runs where tenant_id = $1)::bigint as runs,
(select sum(rows_stored) from collection_sources where tenant_id = $1)::bigint as stored`,
    [tenantId],
  )
  expect(new Set(Object.values(sums)).size).toBe(1)
  expect((await blocksOf(tenantId)).length).toBeLessThan(60)
}, 120_000)
