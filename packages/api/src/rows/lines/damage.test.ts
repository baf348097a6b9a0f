import { afterAll, beforeAll, expect, test } from 'vitest'
import { blockChecks } from '../../blocks/jobs.ts'
import { writeFrames } from '../../evidence/frames.ts'
import { openIngest } from '../../ingestion/open.ts'
import { storeGroup } from '../../ingestion/store.ts'
import { placeOn, testBed, type TestBed } from '../../testing.ts'

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

const lines = Array.from({ length: 120 }, (_, n) => `{"n":${n},"who":"alice","EventTime":"2024-03-01T00:00:00Z"}`)

async function stored() {
  const tenantId = await bed.tenant()
  const { id: hostId } = await bed.one<{ id: number }>(
    'insert into hosts (tenant_id, hostname) values ($1, $2) returning id',
    [tenantId, 'ws-1'],
  )
  const at = await placeOn(bed, tenantId, hostId, 'S')
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
  await storeGroup(ingest, at, { bytes, lines: lines.length, firstLine: 0 }, 0)
  const api = await bed.callerOf(tenantId, 'super_admin')
  return { tenantId, api, rowOf: (n: number) => `${at.collectionId}.${at.sourceId}.${n}`, at }
}

const damaged = { code: 'UNPROCESSABLE_CONTENT', reason: 'damaged' }

/** Turns a byte of a part of the tenant's only block over. */
const flip = (tenantId: number, part: 'raw' | 'text', at: number) =>
  bed.root.query(`update blocks set ${part} = set_byte(${part}, $2, get_byte(${part}, $2) # 64) where tenant_id = $1`, [
    tenantId,
    at,
  ])

test('a byte that changed on a disk is told wherever the row would be shown', async () => {
  const { tenantId, api, rowOf, at } = await stored()
  expect(await api.rows.raw({ id: rowOf(119) })).toBe(lines[119])
  const { rows } = await bed.root.query<{ frames: number[] }>('select frames from blocks where tenant_id = $1', [
    tenantId,
  ])
  // In the middle of the second of three frames.
  await flip(tenantId, 'raw', Math.floor((rows[0]!.frames[1]! + rows[0]!.frames[2]!) / 2))
  const answer = await api.rows.search({ query: 'who:alice', limit: 200 })
  expect(answer.total).toBe(120)
  const shown = new Map(answer.rows.map((row) => [row.row, row]))
  expect(shown.get(60)).toMatchObject({ data: null, omitted: 'damaged', start: '' })
  expect(shown.get(119)).toMatchObject({ data: { n: 119 } })
  await expect(api.rows.raw({ id: rowOf(60) })).rejects.toMatchObject(damaged)
  const place = { collectionId: at.collectionId, sourceId: at.sourceId, limit: 200 }
  await expect(api.rows.lines(place)).rejects.toMatchObject(damaged)
  expect((await api.rows.list(place)).rows[60]).toMatchObject({ omitted: 'damaged' })
})

test('lines that were put in the place of others are told by their hash', async () => {
  const { tenantId, api, rowOf } = await stored()
  const forged = Buffer.from(lines.map((line) => `${line.replace('alice', 'mallo')}\n`).join(''))
  let start = 0
  const ranges = lines.map((line) => ({ start, end: (start += line.length + 1) }))
  const { raw, frames } = writeFrames(forged, ranges)
  await bed.root.query('update blocks set raw = $2, frames = $3 where tenant_id = $1', [tenantId, raw, frames])
  await expect(api.rows.raw({ id: rowOf(3) })).rejects.toMatchObject(damaged)
  const check = blockChecks(bed.database)
  await check(new AbortController().signal)
  const { blocks } = await api.ingestion.overview({ limit: 1 })
  expect(blocks.damaged).toMatchObject([{ source: 'S', rows: 120, reason: 'a hash is not that of the lines' }])
  const { rows } = await api.rows.search({ query: 'who:alice', limit: 1 })
  expect(rows).toMatchObject([{ data: null, omitted: 'damaged' }])
})

test('what can not be read is left out of no count in silence', async () => {
  const { tenantId, api } = await stored()
  await flip(tenantId, 'text', 40)
  await expect(api.rows.search({ query: '*lic*' })).rejects.toMatchObject(damaged)
  await expect(api.values.seen({ value: 'alice' })).rejects.toMatchObject(damaged)
})
