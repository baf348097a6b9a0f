import { testBed, type TestBed } from '@velocicompanion/api/testing'
import type { FastifyInstance } from 'fastify'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildApp } from '../app.ts'
import { testDeps } from '../testing.ts'

let bed: TestBed
let app: FastifyInstance
let admin: Awaited<ReturnType<TestBed['callerOf']>>
let [tenantId, id, token] = [0, 0, '']

beforeAll(async () => {
  bed = await testBed()
  app = await buildApp(testDeps(bed.database))
  await app.ready()
  tenantId = await bed.tenant()
  admin = await bed.callerOf(tenantId, 'admin')
  const made = await admin.tokens.create({ name: 'velo', scope: 'ingest', server: 'velo', orgId: 'O123' })
  ;[id, token] = [made.id, made.token]
})
afterAll(async () => {
  await app.close()
  await bed.close()
})

const shown = {
  Bearer: (t: string) => `Bearer ${t}`,
  ApiKey: (t: string) => `ApiKey ${t}`,
  Splunk: (t: string) => `Splunk ${t}`,
}
const authorization = (scheme: string) =>
  scheme === 'Basic'
    ? `Basic ${Buffer.from(`velociraptor:${token}`).toString('base64')}`
    : shown[scheme as keyof typeof shown](token)

const kinds = ['feed', 'events', 'elastic', 'splunk', 'logscale', 'webdav', 'import', 'ingest'] as const

test.each(kinds)(
  'a test row of %s goes in by its own route, on the host of tests, and is seen to arrive',
  async (kind) => {
    for (let time = 0; time < 2; time++) {
      const { method, path, scheme, headers, body, since } = await admin.ingestion.testRow({ id, kind })
      const asked = { id, kind, since: since.toISOString() }
      expect(await admin.ingestion.testArrived(asked)).toEqual({ arrived: null, refused: null })
      const answer = await app.inject({
        method,
        url: path,
        headers: { ...headers, authorization: authorization(scheme) },
        payload: body,
      })
      expect([200, 201, 202]).toContain(answer.statusCode)
      let found = await admin.ingestion.testArrived(asked)
      for (let tries = 0; tries < 200 && !found.arrived; tries++) {
        await sleep(50)
        found = await admin.ingestion.testArrived(asked)
      }
      expect(found.arrived).toMatchObject({ rowsStored: 1, collectionId: expect.any(Number) })
    }
    const { rows } = await admin.hosts.list({ query: 'velocicompanion-test' })
    expect(rows.map((host) => [host.clientId, host.rowsReceived])).toEqual([['C.velocicompanion-test', 0]])
  },
)

test('it is left out of answers, and stands in its collection', async () => {
  expect((await admin.rows.search({ query: '' })).total).toBe(0)
  expect((await admin.rows.search({ query: 'host:C.velocicompanion-test' })).total).toBe(0)
  const { rows } = await admin.collections.list({})
  for (const { id, rowsStored } of rows)
    expect((await admin.rows.search({ query: `collection:${id}` })).total).toBe(rowsStored)
})

test('none of it is incomplete or set aside, and each test is audited', async () => {
  expect((await admin.collections.list({ incomplete: true })).rows).toEqual([])
  expect((await admin.ingestion.rejected({})).total).toBe(0)
  const { n } = await bed.one<{ n: number }>(
    "select count(*)::int as n from audit_events where tenant_id = $1 and action = 'sender.test'",
    [tenantId],
  )
  expect(n).toBe(2 * kinds.length)
})

test('a token without a server is told so, and one that is revoked is not there', async () => {
  const plain = await admin.tokens.create({ name: 'plain', scope: 'ingest' })
  await expect(admin.ingestion.testRow({ id: plain.id, kind: 'feed' })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  expect(await admin.ingestion.testRow({ id: plain.id, kind: 'ingest' })).toMatchObject({
    path: '/api/ingestion/ingest',
  })
  await admin.tokens.revoke({ id: plain.id })
  await expect(admin.ingestion.testRow({ id: plain.id, kind: 'ingest' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
})
