import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { rolesOf } from '@velocicompanion/db'
import { templateName } from '@velocicompanion/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openIngest } from '../ingestion/open.ts'
import { testBed, type TestBed } from '../testing.ts'
import { openRebuilding, rebuild } from './blocks.ts'
import { answersOf, breaking, hostile, placeIn, plain, storeLines } from './compared/testing.ts'
import { completeBlocks, reindex } from './jobs.ts'

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

/** Three hosts with rows of two sources, stored at different times, and who may read them. */
async function filled() {
  const tenantId = await bed.tenant()
  const places = [
    await placeIn(bed, tenantId, 'h1', 'A'),
    await placeIn(bed, tenantId, 'h2', 'A'),
    await placeIn(bed, tenantId, 'h3', 'B'),
  ]
  await storeLines(ingest, places[0]!, hostile)
  await storeLines(ingest, places[0]!, plain('h1', 0, 120), 13, '')
  await storeLines(ingest, places[1]!, plain('h2', 200, 60))
  await storeLines(ingest, places[1]!, ['{"a":1}', 'no JSON', '', '{"a":2}'], 60)
  await storeLines(ingest, places[2]!, [...plain('h3', 900, 5), ...hostile.toReversed()])
  const api = await bed.callerOf(tenantId, 'viewer')
  return { tenantId, places, api, answers: () => answersOf(api, places) }
}

const ofTenant = async (tenantId: number) =>
  (
    await bed.root.query<{ block_id: number; raw: Buffer; t_min: number; received_at: Date }>(
      'select * from blocks where tenant_id = $1 order by block_id',
      [tenantId],
    )
  ).rows

/** As a store has them that was filled before there were all parts, or whose parts are lost. */
const damageParts = (tenantId: number) =>
  bed.root
    .query(`update blocks set grams = null, gram_bits = null, capped_fields = null, terms = '{7}' where tenant_id = ${tenantId};
delete from block_columns where tenant_id = ${tenantId} and field_id > 0`)

const chunksOf = async (tenantId: number) =>
  (
    await bed.root.query(
      `select field_id, source_id, chunk from block_columns where tenant_id = ${tenantId} order by block_id, field_id`,
    )
  ).rows

test('makes all that is derived anew from the lines, and answers as before', async () => {
  const { tenantId, answers } = await filled()
  const [before, stored, chunks] = [await answers(), await ofTenant(tenantId), await chunksOf(tenantId)]
  await damageParts(tenantId)
  expect(await answers()).not.toEqual(before)
  await bed.root.query(`update blocks set text = null where tenant_id = ${tenantId}`)
  const { damaged, ended, blocks } = await reindex({ database: bed.database })
  expect({ damaged, ended, blocks: blocks >= 5 }).toEqual({ damaged: [], ended: true, blocks: true })
  expect(await answers()).toEqual(before)
  expect(await chunksOf(tenantId)).toEqual(chunks)
  const rest = (all: typeof stored) => all.map(({ block_id: _, ...block }) => block)
  expect(rest(await ofTenant(tenantId))).toEqual(rest(stored))
})

test('finds the time of rows that tell none again when the event times are lost', async () => {
  const { tenantId, answers } = await filled()
  const before = await answers()
  await bed.root.query(`delete from block_columns where tenant_id = ${tenantId}`)
  await reindex({ database: bed.database })
  expect(await answers()).toEqual(before)
})

test('a block whose lines are not those that were stored is reported and left alone', async () => {
  const { tenantId, places } = await filled()
  const [first, second] = await ofTenant(tenantId)
  await bed.root.query(
    `update runs set sha256 = sha256('x') where tenant_id = ${tenantId} and block_id = ${first!.block_id}`,
  )
  await bed.root.query(
    `update blocks set raw = set_byte(raw, 0, 1) where tenant_id = ${tenantId} and block_id = ${second!.block_id}`,
  )
  const kept = (await ofTenant(tenantId)).slice(0, 2)
  const { damaged } = await reindex({ database: bed.database })
  const [a, b] = [...damaged].sort((x, y) => x.blockId - y.blockId)
  expect(a).toMatchObject({ tenantId, blockId: first!.block_id, source: 'A', rows: 13 })
  expect(a!.reason).toBe('a hash is not that of the lines')
  expect(b).toMatchObject({ blockId: second!.block_id, reason: 'its lines can not be unpacked' })
  expect((await ofTenant(tenantId)).slice(0, 2)).toEqual(kept)
  const { blocks } = await (await bed.callerOf(tenantId, 'admin')).ingestion.overview({})
  expect(blocks.damaged.map((d) => [d.source, d.rows, d.reason])).toEqual(
    expect.arrayContaining([a, b].map((d) => [d!.source, d!.rows, d!.reason])),
  )
  expect([blocks.small, blocks.incomplete, blocks.damaged.length]).toEqual([5, 0, 2])
  const other = await (await bed.callerOf(await bed.tenant(), 'admin')).ingestion.overview({})
  expect(other.blocks).toEqual({ small: 0, incomplete: 0, damaged: [] })
  // What is whole again is made anew, and no longer reported.
  await bed.root.query(`update runs set sha256 = sha256($1) where tenant_id = $2 and block_id = $3`, [
    Buffer.from(`${hostile.join('\n')}\n`),
    tenantId,
    first!.block_id,
  ])
  expect((await reindex({ database: bed.database })).damaged.map((d) => d.blockId)).toEqual([second!.block_id])
  for (const table of ['damaged_blocks', 'runs', 'blocks'])
    await bed.root.query(`delete from ${table} where tenant_id = ${tenantId} and block_id = ${second!.block_id}`)
  expect(places).toHaveLength(3)
})

test('completes blocks that lack a part, and only those', async () => {
  const { tenantId, answers } = await filled()
  const [before, [first, ...others]] = [await answers(), await ofTenant(tenantId)]
  await bed.root.query(
    `update blocks set grams = null, gram_bits = null, text = null where tenant_id = ${tenantId} and block_id = ${first!.block_id}`,
  )
  const { blocks } = await (await bed.callerOf(tenantId, 'admin')).ingestion.overview({})
  expect(blocks.incomplete).toBe(1)
  await completeBlocks(bed.database, new AbortController().signal)
  const after = await ofTenant(tenantId)
  expect(after.slice(0, -1)).toEqual(others)
  expect(after.at(-1)).toMatchObject({ raw: first!.raw, received_at: first!.received_at, t_min: first!.t_min })
  expect(await answers()).toEqual(before)
})

test('changes nothing when it is cut at any statement', async () => {
  const { tenantId, answers } = await filled()
  const [before, [block]] = [await answers(), await ofTenant(tenantId)]
  const rebuilding = await openRebuilding(bed.database)
  let cuts = 0
  for (let at = 1; ; at++) {
    const database = breaking(bed.database, at)
    const outcome = await rebuild({ ...rebuilding, database }, tenantId, [block!.block_id]).catch(() => 'cut')
    if (!database.reached) {
      expect(outcome).toEqual({ kind: 'made', rows: block!.raw ? hostile.length : 0 })
      break
    }
    cuts++
    expect(outcome).toBe('cut')
    expect((await ofTenant(tenantId))[0]).toEqual(block)
  }
  await rebuilding.close()
  expect(cuts).toBeGreaterThan(8)
  expect(await answers()).toEqual(before)
})

const program = (url: string) => `
import { openDatabase } from '${import.meta.resolve('@velocicompanion/db')}'
import { reindex } from '${new URL('jobs.ts', import.meta.url).href}'
const database = openDatabase('${url}', { roles: ${JSON.stringify(rolesOf(templateName))}, max: 2 })
await reindex({ database, progress: ({ blocks }) => console.log(blocks) })
await database.close()`

test('goes on after it was killed, two of them at once, while rows arrive', async () => {
  const { tenantId, places, answers } = await filled()
  for (let i = 0; i < 40; i++) await storeLines(ingest, places[2]!, plain('h3', 2000 + i * 20, 20), 100 + i * 20)
  const arriving = await placeIn(bed, tenantId, 'h4', 'C')
  const before = await answers()
  await damageParts(tenantId)
  const old = (await ofTenant(tenantId)).map((block) => block.block_id)
  const file = join(mkdtempSync(join(tmpdir(), 'velocicompanion-reindex-')), 'run.mjs')
  writeFileSync(file, program(bed.database.url))
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
  rmSync(dirname(file), { recursive: true })
  const left = (await ofTenant(tenantId)).filter((block) => old.includes(block.block_id))
  expect(left.length).toBeGreaterThan(0)
  const open = await bed.one<{ id: number }>('select id from reindex_runs where ended_at is null', [])
  const [, ...ends] = await Promise.all([
    storeLines(ingest, arriving, ['{"late":1}']),
    reindex({ database: bed.database }),
    reindex({ database: bed.database }),
  ])
  expect(ends.every((end) => end.ended)).toBe(true)
  expect((await bed.one<{ blocks: number }>('select blocks from reindex_runs where id = $1', [open.id])).blocks).toBe(
    (await bed.one<{ n: number }>('select count(*) as n from blocks', [])).n - 1,
  )
  const after = await ofTenant(tenantId)
  expect(after.some((block) => old.includes(block.block_id))).toBe(false)
  expect(after).toHaveLength(old.length + 1)
  await bed.root.query(`delete from block_columns where tenant_id = ${tenantId} and source_id = ${arriving.sourceId};
delete from runs where tenant_id = ${tenantId} and source_id = ${arriving.sourceId};
delete from blocks where tenant_id = ${tenantId} and source_id = ${arriving.sourceId}`)
  expect(await answers()).toEqual(before)
})

test('leaves the rows out that were left out', async () => {
  const { tenantId, answers } = await filled()
  const [first] = await ofTenant(tenantId)
  await bed.root
    .query(`update runs set superseded = true where tenant_id = ${tenantId} and block_id = ${first!.block_id};
update blocks set superseded = n where tenant_id = ${tenantId} and block_id = ${first!.block_id}`)
  const before = await answers()
  await reindex({ database: bed.database })
  expect(await answers()).toEqual(before)
  expect((await ofTenant(tenantId)).map((block) => (block as unknown as { superseded: number }).superseded)).toContain(
    13,
  )
})
