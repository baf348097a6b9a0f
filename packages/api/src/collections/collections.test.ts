import { afterAll, beforeAll, expect, test } from 'vitest'
import { testBed, type TestBed } from '../testing.ts'

let bed: TestBed
let tenantId: number
beforeAll(async () => {
  bed = await testBed()
  tenantId = await bed.tenant()
})
afterAll(() => bed.close())

const idOf = async (text: string, values: unknown[]) => (await bed.one<{ id: number }>(text, values)).id

async function collection(own: number, received: string, expected: number | null, flow = crypto.randomUUID()) {
  const host = await idOf(`insert into hosts (tenant_id, hostname) values ($1, $2) returning id`, [own, flow])
  const id = await idOf(
    `insert into collections (tenant_id, host_id, flow_id, rows_expected) values ($1, $2, $3, $4) returning id`,
    [own, host, flow, expected],
  )
  const source = await idOf(`insert into sources (tenant_id, name) values ($1, $2) returning id`, [own, `S/${flow}`])
  await bed.root.query(
    `insert into collection_sources (tenant_id, collection_id, source_id, received, rows_expected, rows_stored, rows_rejected)
     values ($1, $2, $3, $4, $5, 6, 1)`,
    [own, id, source, received, expected],
  )
  return { id, host, source, flow }
}

test('says per source what was received, expected, missing and set aside', async () => {
  const api = await bed.callerOf(tenantId, 'viewer')
  const { id } = await collection(tenantId, '{[0,4),[6,9)}', 12)
  const found = await api.collections.get({ id })
  expect(found).toMatchObject({ rowsReceived: 7, rowsExpected: 12, incomplete: true, rowsRejected: 1 })
  expect(found.sources).toMatchObject([
    {
      rowsReceived: 7,
      rowsExpected: 12,
      rowsStored: 6,
      rowsRejected: 1,
      missing: [
        { from: 4, to: 5 },
        { from: 9, to: 11 },
      ],
    },
  ])
})

test('calls a collection complete only when nothing lacks, and unknown without an expected number', async () => {
  const own = await bed.tenant()
  const api = await bed.callerOf(own, 'viewer')
  const lacking = await collection(own, '{[0,9)}', 12)
  const whole = await collection(own, '{[0,12)}', 12)
  const unknown = await collection(own, '{[0,3)}', null)
  const incomplete = await api.collections.list({ incomplete: true })
  expect(incomplete.rows.map((row) => row.id)).toEqual([lacking.id])
  expect((await api.collections.list({ hostId: whole.host })).rows).toMatchObject([
    { incomplete: false, rowsReceived: 12 },
  ])
  expect((await api.collections.list({ flowId: unknown.flow })).rows).toMatchObject([{ rowsExpected: null }])
})

test('counts with each filter what its pages list', async () => {
  const own = await bed.tenant()
  const api = await bed.callerOf(own, 'viewer')
  const lists = ['{}', '{[0,5)}', '{[0,2),[3,5)}', '{[3,8)}', '{[0,2),[3,4)}']
  const made = await Promise.all(lists.map((received) => collection(own, received, 5)))
  await collection(own, '{[0,2)}', null)
  const filters = [{}, { incomplete: true }, { incomplete: false }, { hostId: made[0]!.host }, { clientId: 'C.none' }]
  const found = await Promise.all(filters.map((filter) => api.collections.list(filter)))
  // A page that holds all is its own count; one of several has its rows counted.
  const first = await Promise.all(filters.map((filter) => api.collections.list({ ...filter, limit: 1 })))
  expect(first.map(({ total }) => total)).toEqual(found.map(({ total }) => total))
  expect(found.map(({ total }) => total)).toEqual([6, 3, 3, 1, 0])
  expect(found.map(({ rows }) => rows.length)).toEqual([6, 3, 3, 1, 0])
})

test("shows another tenant's collection as one that does not exist", async () => {
  const theirs = await bed.callerOf(await bed.tenant(), 'admin')
  const { id } = await collection(tenantId, '{}', null)
  await expect(theirs.collections.get({ id })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect((await theirs.collections.list({})).rows).toEqual([])
})

test('says how much there is to search, which hosts did not answer and what is incomplete', async () => {
  const own = await bed.tenant()
  const api = await bed.callerOf(own, 'viewer')
  expect(await api.collections.whole({})).toMatchObject({ rows: 0, hosts: 0, newest: null, unanswered: { total: 0 } })
  const lacking = await collection(own, '{[0,9)}', 12)
  await collection(own, '{[0,12)}', 12)
  const host = await idOf(`insert into hosts (tenant_id, hostname) values ($1, 'silent') returning id`, [own])
  for (const [flow, state] of [
    ['F.1', 'RUNNING'],
    ['F.2', 'RUNNING'],
    ['F.3', 'FINISHED'],
  ])
    await idOf(`insert into collections (tenant_id, host_id, flow_id, state) values ($1, $2, $3, $4) returning id`, [
      own,
      host,
      flow,
      state,
    ])
  await bed.root.query(
    `insert into deliveries (tenant_id, kind, sha256, rows_stored, received_at) values ($1, 'batch', 'x', 3, '2026-11-24T10:00:00Z')`,
    [own],
  )
  const whole = await api.collections.whole({})
  expect(whole).toMatchObject({ rows: 12, hosts: 3, newest: new Date('2026-11-24T10:00:00Z') })
  expect(whole.incomplete).toMatchObject({ total: 1, rows: [{ id: lacking.id, rowsReceived: 9, rowsExpected: 12 }] })
  expect(whole.unanswered).toMatchObject({ total: 1, rows: [{ hostname: 'silent', flowId: 'F.2' }] })
  expect(whole.tenants).toEqual([])
})

test('says how each tenant does: hosts that report, the newest rows, what is incomplete and set aside', async () => {
  const [own, other] = [await bed.tenant(), await bed.tenant()]
  await collection(own, '{[0,9)}', 12)
  await collection(own, '{[0,12)}', 12)
  await collection(other, '{[0,12)}', 12)
  await idOf(
    `insert into hosts (tenant_id, hostname, last_seen) values ($1, 'late', now() - interval '25 hours') returning id`,
    [own],
  )
  const delivery = await idOf(
    `insert into deliveries (tenant_id, kind, sha256, rows_stored, received_at) values ($1, 'batch', 'x', 3, '2026-11-24T10:00:00Z') returning id`,
    [own],
  )
  for (const [line, resolved] of [
    [1, null],
    [2, null],
    [3, new Date()],
  ])
    await bed.root.query(
      `insert into rejected_rows (tenant_id, delivery_id, line_number, reason, byte_length, resolved_at) values ($1, $2, $3, 'not JSON', 1, $4)`,
      [own, delivery, line, resolved],
    )
  const mine = {
    tenantId: own,
    hosts: 3,
    reporting: 2,
    newest: new Date('2026-11-24T10:00:00Z'),
    incomplete: 1,
    setAside: 2,
  }
  const theirs = { tenantId: other, hosts: 1, reporting: 1, newest: null, incomplete: 0, setAside: 0 }
  const viewer = await bed.callerOf(own, 'viewer')
  expect((await viewer.collections.whole({ tenants: true })).tenants).toEqual([mine])
  const every = await (await bed.callerOf(own, 'super_admin')).collections.whole({ tenants: true, tenant: 'all' })
  expect(every.tenants).toEqual(expect.arrayContaining([mine, theirs]))
})
