import { dropEmptyPartition } from '@velocicompanion/db'
import { TRPCError } from '@trpc/server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { joinBlocks } from '../../blocks/jobs.ts'
import { openIngest } from '../../ingestion/open.ts'
import { storeGroup } from '../../ingestion/store.ts'
import { placeOn, testBed, type TestBed } from '../../testing.ts'

let bed: TestBed
let ingest: Awaited<ReturnType<typeof openIngest>>
beforeAll(async () => {
  bed = await testBed({ searchThreads: 2 })
  ingest = await openIngest(bed.database)
})
afterAll(async () => {
  await ingest.close()
  await bed.close()
})

const senders = 16
const batches = 12
const batchRows = 10

interface Sent {
  begun: number
  stored: number
}

async function placeOf(tenantId: number, sender: number) {
  const { id: hostId } = await bed.one<{ id: number }>(
    'insert into hosts (tenant_id, hostname) values ($1, $2) returning id',
    [tenantId, `ws-${sender}`],
  )
  return placeOn(bed, tenantId, hostId, 'S')
}

/** One of many senders: each batch is one transaction, so a search sees all of its rows or none. */
async function send(at: Awaited<ReturnType<typeof placeOf>>, sender: number, sent: Sent) {
  for (let batch = 0; batch < batches; batch++) {
    const lines = Array.from({ length: batchRows }, (_, n) => {
      const row = { Name: n % 2 ? 'odd.exe' : 'even.exe', Note: `sender ${sender} weather`, Batch: batch }
      return `${JSON.stringify(row)}\n`
    })
    sent.begun++
    await storeGroup(
      ingest,
      at,
      { bytes: Buffer.from(lines.join('')), lines: batchRows, firstLine: 0 },
      batch * batchRows,
    )
    sent.stored++
  }
}

/** Until told otherwise; what ends it fails the test. */
function again(work: () => Promise<unknown>) {
  const state = { goesOn: true }
  const done = (async () => {
    let times = 0
    while (state.goesOn) {
      await work()
      times++
    }
    return times
  })()
  return () => {
    state.goesOn = false
    return done
  }
}

const signal = new AbortController().signal

/** Makes full blocks of all that lie there, as if they were old enough. */
async function join(tenantId: number) {
  await bed.root.query("update blocks set received_at = now() - interval '10 minutes' where tenant_id = $1", [tenantId])
  let joined = 0
  await joinBlocks({ database: bed.database, services: { count: () => joined++ }, signal })
  return joined
}

/** A month long ago, empty, and its end. */
async function dropMonth() {
  for (const table of ['blocks', 'block_columns']) {
    await bed.root.query(
      `create table if not exists ${table}_10 partition of ${table} for values from (${10n << 40n}) to (${11n << 40n})`,
    )
    await bed.root.query(`alter table ${table}_10 owner to ${bed.database.roles.evidence}`)
  }
  await dropEmptyPartition(bed.database.db, bed.database.roles).catch((error: { code?: string }) => {
    // Its moment without readers did not come.
    if (error.code !== '55P03') throw error
  })
}

type Api = Awaited<ReturnType<TestBed['callerOf']>>

/** How many rows each kind of question counts. */
const questions: ((api: Api) => Promise<number>)[] = [
  async (api) => (await api.rows.search({ query: '| count' })).total,
  async (api) => (await api.rows.search({ query: '*weather* | count' })).total,
  async (api) => 2 * (await api.rows.search({ query: 'Name:odd.exe', limit: 1 })).total,
  async (api) => 2 * (await api.rows.search({ query: 'even.exe | sortby Batch', limit: 1 })).total,
  async (api) =>
    (await api.rows.stack({ query: '', fields: ['Name'] })).values.reduce((sum, { rows }) => sum + rows, 0),
  async (api) => (await api.rows.histogram({ query: '' })).buckets.reduce((sum, { rows }) => sum + rows, 0),
  async (api) => 2 * (await api.values.seen({ value: 'odd.exe' })).rows,
  async (api) =>
    2 * (await api.indicators.sweep({ values: ['even.exe', 'none'] })).hits.reduce((sum, { rows }) => sum + rows, 0),
]

test('no count is wrong while many send, blocks are joined and a month is dropped', async () => {
  const tenantId = await bed.tenant()
  const api = await bed.callerOf(tenantId, 'viewer')
  const sent: Sent = { begun: 0, stored: 0 }
  const places: Awaited<ReturnType<typeof placeOf>>[] = []
  for (let sender = 0; sender < senders; sender++) places.push(await placeOf(tenantId, sender))
  let joined = 0
  const stopMoving = again(async () => {
    joined += await join(tenantId)
    await dropMonth()
  })
  const wrong: unknown[] = []
  let asked = 0
  const ask = async () => {
    const question = asked++ % questions.length
    const least = sent.stored * batchRows
    try {
      const counted = await questions[question]!(api)
      const most = sent.begun * batchRows
      if (counted < least || counted > most || counted % batchRows !== 0) wrong.push({ question, counted, least, most })
    } catch (error) {
      // Refused with a reason is no wrong answer.
      if (!(error instanceof TRPCError) || error.code === 'INTERNAL_SERVER_ERROR') wrong.push(error)
    }
  }
  const stops = Array.from({ length: 4 }, () => again(ask))
  await Promise.all(places.map((at, sender) => send(at, sender, sent)))
  await stopMoving()
  expect(joined).toBeGreaterThan(0)
  for (const stop of stops) await stop()
  expect(asked).toBeGreaterThan(questions.length)
  expect(wrong).toEqual([])
  for (const question of questions) expect(await question(api)).toBe(senders * batches * batchRows)
})
