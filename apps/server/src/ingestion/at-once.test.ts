import { makePartitions } from '@velocicompanion/db'
import { testBed, testServices, type TestBed } from '@velocicompanion/api/testing'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildApp } from '../app.ts'
import { testDeps } from '../testing.ts'

const senders = 32
let bed: TestBed
let app: FastifyInstance
let token = ''
let tenant = 0
beforeAll(async () => {
  bed = await testBed()
  app = await buildApp(testDeps(bed.database, { services: testServices }))
  tenant = await bed.tenant()
  const admin = await bed.callerOf(tenant, 'admin')
  token = (await admin.tokens.create({ name: 'many', scope: 'ingest', server: 'velo', orgId: 'root' })).token
})
afterAll(async () => {
  await app.close()
  await bed.close()
})

const post = async (path: string, payload: string) => {
  const url = `/api/ingestion/${path}`
  return (await app.inject({ method: 'POST', url, payload, headers: { authorization: `Bearer ${token}` } })).statusCode
}

const deadlocks = async () =>
  (
    await bed.one<{ n: number }>(
      'select deadlocks::int as n from pg_stat_database where datname = current_database()',
      [],
    )
  ).n

const who = (client: string, hunt: string) => {
  const flow = `F.${hunt}.H`
  return { version: 1, org_id: 'root', org_name: 'root', client_id: client, flow_id: flow, hunt_id: `H.${hunt}` }
}
const line = (value: object) => `${JSON.stringify(value)}\n`

/** What each sender of one moment says of the same new names. */
const asked: Record<string, (round: string, i: number) => [path: string, body: string]> = {
  'a host, a hunt and its flow by records': (round) => {
    const from = who(`C.${round}`, round)
    const client = line({ kind: 'client', ...from, record: { os_info: { hostname: `host-${round}` } } })
    const hunt = line({ kind: 'hunt', ...from, record: { hunt_description: 'all' } })
    return ['rows', client + hunt + line({ kind: 'flow', ...from, record: { state: 'FINISHED' } })]
  },
  'a host, a hunt and a source by rows': (round, i) => [
    'rows',
    line({ kind: 'batch', ...who(`C.${round}`, round), artifact: `New.${round}`, start_row: i, rows: 1 }) +
      line({ n: i, [`column ${i % 4}`]: round }),
  ],
  'two hosts in either order by Elastic rows': (round, i) => {
    const rows = [`C.a${round}`, `C.b${round}`].map((ClientId) => ({ ClientId, FlowId: 'F.1', Artifact: 'A', i }))
    if (i % 2) rows.reverse()
    return ['elastic/_bulk', rows.map((row) => line({ index: { _index: 'a' } }) + line(row)).join('')]
  },
  'a host without a client id by HEC events': (round, i) => [
    'splunk/services/collector',
    JSON.stringify({ host: `named-${round}`, source: 'vql', event: { i, Artifact: `Hec.${round}` } }),
  ],
  'a host by its name in a document': (round, i) => [
    'ingest',
    JSON.stringify({ hostname: `doc-${round}`, data: { i } }),
  ],
}

test.each(Object.keys(asked))('32 senders that name %s at once are all taken in, without a deadlock', async (what) => {
  const before = await deadlocks()
  for (let round = 0; round < 3; round++) {
    const name = `${what.length}x${round}`
    const bodies = Array.from({ length: senders }, (_, i) => asked[what]!(name, i))
    const answers = await Promise.all(bodies.map(([path, body]) => post(path, body)))
    expect(answers.filter((status) => status !== 200 && status !== 201)).toEqual([])
  }
  expect(await deadlocks()).toBe(before)
})

test('32 senders store rows while the partitions of the next months are made', async () => {
  const before = await deadlocks()
  const { month } = await bed.one<{ month: number }>('select block_month(now()) as month', [])
  for (let round = 0; round < 3; round++) {
    await bed.root.query([1, 2].map((m) => `drop table blocks_${month + m}, block_columns_${month + m}`).join(';'))
    const sent = Array.from({ length: senders }, (_, i) => {
      const [path, body] = asked['a host, a hunt and a source by rows']!(`month${round}`, i)
      return post(path, body)
    })
    const made = Array.from({ length: 4 }, () => makePartitions(bed.database.db, bed.database.roles))
    expect(new Set(await Promise.all(sent))).toEqual(new Set([200]))
    await Promise.all(made)
  }
  const { n } = await bed.one<{ n: number }>(
    'select count(*)::int as n from pg_class where relname in ($1, $2) and relispartition',
    [`blocks_${month + 2}`, `block_columns_${month + 2}`],
  )
  expect(n).toBe(2)
  expect(await deadlocks()).toBe(before)
})
