import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testBed, type TestBed } from '../testing.ts'
import { openIngest } from './open.ts'
import { receive } from './receive.ts'

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

async function desk() {
  const tenantId = await bed.tenant()
  const { id: serverId } = await bed.one<{ id: number }>(
    "insert into velociraptor_servers (tenant_id, name, org_id) values ($1, 'main', 'root') returning id",
    [tenantId],
  )
  const credential = { tenantId, tokenId: null as never, serverId }
  async function* whole(body: Buffer) {
    yield body
  }
  const send = (body: string | Buffer) =>
    receive(ingest, { credential, body: whole(Buffer.from(body)), limit: 1e8, origin: {} })
  const listOf = (flows: object[]) => lines({ kind: 'reconcile', ...head, from: 1, to: 2, page: 1, pages: 1 }, ...flows)
  const resent = async (flows: object[]) => (await send(listOf(flows))).resend ?? []
  return { tenantId, send, resent, reader: await bed.callerOf(tenantId, 'viewer') }
}

const head = { version: 1, org_id: 'root', org_name: '' }
const lines = (...parts: (object | string)[]) =>
  `${parts.map((part) => (typeof part === 'string' ? part : JSON.stringify(part))).join('\n')}\n`
const minutesAgo = (minutes: number) => Math.round((Date.now() - minutes * 60_000) * 1000)
const flow = (over: object = {}) => ({
  client_id: 'C.1',
  flow_id: 'F.1',
  hunt_id: '',
  state: 'FINISHED',
  create_time: minutesAgo(30),
  active_time: minutesAgo(20),
  total_collected_rows: 2,
  total_uploaded_files: 0,
  artifacts_with_results: ['A/B'],
  ...over,
})
const place = { ...head, client_id: 'C.1', flow_id: 'F.1' }
const rows = (...values: string[]) =>
  lines({ kind: 'batch', ...place, artifact: 'A/B', start_row: 0, rows: values.length }, ...values)
const asked = [{ client_id: 'C.1', flow_id: 'F.1' }]

test('a finished flow of which nothing came is shown as incomplete and asked for', async () => {
  const { resent, reader } = await desk()
  expect(await resent([flow({ hunt_id: 'H.1' })])).toEqual(asked)
  const [collection] = (await reader.collections.list({ incomplete: true })).rows
  expect(collection).toMatchObject({ flowId: 'F.1', huntId: 'H.1', rowsExpected: 2, rowsReceived: 0, clientId: 'C.1' })
})

test('a flow whose rows are all here is not asked for', async () => {
  const { send, resent } = await desk()
  await send(rows('{"n":1}', '{"n":2}'))
  expect(await resent([flow()])).toEqual([])
})

test('a row that was set aside counts as received', async () => {
  const { send, resent } = await desk()
  await send(rows('{"n":1}', '{"n":'))
  expect(await resent([flow()])).toEqual([])
})

test.each([
  ['still runs', { state: 'RUNNING' }],
  ['was active a moment ago', { active_time: minutesAgo(1) }],
  ['has no rows', { total_collected_rows: 0 }],
])('a flow that %s is not asked for', async (_why, over) => {
  const { resent } = await desk()
  expect(await resent([flow(over)])).toEqual([])
})

test('a flow whose other artifacts the site filters out is recognised, until it grows', async () => {
  const { send, resent, reader } = await desk()
  await send(lines({ kind: 'flow', ...place, record: { state: 'FINISHED', total_collected_rows: 9 } }))
  await send(rows('{"n":1}', '{"n":2}'))
  await send(lines({ kind: 'flow_end', ...place, rows: 2, artifacts: [{ artifact: 'A/B', rows: 2 }] }))
  expect(await resent([flow({ total_collected_rows: 9 })])).toEqual([])
  expect((await reader.collections.list({ incomplete: true })).rows).toEqual([])
  expect(await resent([flow({ total_collected_rows: 12 })])).toEqual(asked)
  expect((await reader.collections.list({ incomplete: true })).rows).toHaveLength(1)
})

test('a flow whose batch was lost is asked for, though its end arrived', async () => {
  const { send, resent } = await desk()
  await send(lines({ kind: 'flow', ...place, record: { state: 'FINISHED', total_collected_rows: 2 } }))
  await send(lines({ kind: 'flow_end', ...place, rows: 2, artifacts: [{ artifact: 'A/B', rows: 2 }] }))
  expect(await resent([flow()])).toEqual(asked)
})

test('a flow is asked for three times at most, and not at once again', async () => {
  const { resent, tenantId } = await desk()
  const later = () =>
    bed.root.query("update collections set asked_at = asked_at - interval '1 hour' where tenant_id = $1", [tenantId])
  const answers = []
  for (let time = 0; time < 5; time++) {
    answers.push((await resent([flow()])).length, (await resent([flow()])).length)
    await later()
  }
  expect(answers).toEqual([1, 0, 1, 0, 1, 0, 0, 0, 0, 0])
  expect(await resent([flow({ total_collected_rows: 3 })])).toEqual(asked)
})

test('at most 200 flows are asked for in one answer', async () => {
  const { resent } = await desk()
  const many = Array.from({ length: 450 }, (_, n) => flow({ client_id: `C.${n}` }))
  expect(await resent(many)).toHaveLength(200)
  expect(await resent(many)).toHaveLength(200)
  expect(await resent(many)).toHaveLength(50)
})

test('lines that name no flow are left alone, the others are read', async () => {
  const { send } = await desk()
  const odd = [
    'nonsense',
    '[]',
    '{"client_id":"C.\\u0000","flow_id":"F.1"}',
    { ...flow(), state: 'FINI\0SHED' },
    { ...flow({ flow_id: 'F.2' }), total_collected_rows: 'many', create_time: 'once' },
    flow({ flow_id: 'F.3' }),
    flow({ flow_id: 'F.3' }),
  ]
  const { resend } = await send(lines({ kind: 'reconcile', ...head }, ...odd))
  expect(resend).toEqual([{ client_id: 'C.1', flow_id: 'F.3' }])
  expect(await send(lines({ kind: 'reconcile', ...head, flows: 0 }))).toEqual({
    kind: 'reconcile',
    rows: 0,
    rejected: 0,
  })
})

test('two lists at once, in another order, do not block each other', async () => {
  const { resent } = await desk()
  const many = Array.from({ length: 300 }, (_, n) => flow({ client_id: `C.${n % 40}`, flow_id: `F.${n}` }))
  const answers = await Promise.all([resent(many), resent(many.toReversed()), resent(many)])
  expect(answers.flat().length).toBeLessThanOrEqual(600)
})

test('the recorded lists are understood, and what the sender sent again completes its flows', async () => {
  const { send, reader } = await desk()
  const folder = join(import.meta.dirname, 'fixtures/reconcile')
  const names = readdirSync(folder).filter((name) => name.startsWith('root-'))
  const lists = names.filter((name) => name.includes('reconcile'))
  for (const name of lists) await send(readFileSync(join(folder, name)))
  const known = await reader.collections.list({ limit: 200 })
  expect(known.rows.length).toBeGreaterThan(20)
  expect(known.rows.every((row) => row.incomplete || row.rowsExpected === 0)).toBe(true)
  for (const name of names) await send(readFileSync(join(folder, name)))
  for (const flowId of ['F.DC2JE79754OR2', 'F.DC2JEN992QEAA.H']) {
    const { rows: found } = await reader.collections.list({ flowId })
    expect(found.some((row) => !row.incomplete && row.rowsReceived > 0)).toBe(true)
  }
})
