import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { testBed, testServices, type TestBed } from '@velocicompanion/api/testing'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildApp } from '../app.ts'
import { testDeps } from '../testing.ts'

let bed: TestBed
let app: FastifyInstance
beforeAll(async () => {
  bed = await testBed()
  app = await buildApp(testDeps(bed.database, { services: testServices, settings: { INGEST_BODY_MB: 64 } }))
})
afterAll(async () => {
  await app.close()
  await bed.close()
})

const ours = join(import.meta.dirname, '../../../../packages/api/src/ingestion/fixtures')
const theirs = join(import.meta.dirname, 'fixtures')
const routes: [folder: string, url: string, scheme: string][] = [
  [ours, '/api/ingestion/rows', 'Bearer'],
  [join(ours, 'events'), '/api/ingestion/rows', 'Bearer'],
  [join(ours, 'reconcile'), '/api/ingestion/rows', 'Bearer'],
  [join(theirs, 'elastic'), '/api/ingestion/elastic/_bulk', 'ApiKey'],
  [join(theirs, 'splunk'), '/api/ingestion/splunk/services/collector', 'Splunk'],
  [join(theirs, 'logscale'), '/api/ingestion/logscale/v1/ingest/humio-structured', 'Bearer'],
]

interface Delivery {
  name: string
  url: string
  scheme: string
  body: Buffer
}

/** Every request of every sender that was recorded of an org. */
function recordedDay(org: string): Delivery[] {
  return routes.flatMap(([folder, url, scheme]) =>
    readdirSync(folder)
      .filter((name) => name.startsWith(`${org}-`) && /\.body(\.gz)?$/.test(name))
      .toSorted()
      .map((name) => {
        const bytes = readFileSync(join(folder, name))
        return { name, url, scheme, body: name.endsWith('.gz') ? gunzipSync(bytes) : bytes }
      }),
  )
}

async function tenantOf(orgId: string) {
  const tenant = await bed.tenant()
  const admin = await bed.callerOf(tenant, 'admin')
  const { token } = await admin.tokens.create({ name: 'day', scope: 'ingest', server: 'velo', orgId })
  const send = async ({ name, url, scheme, body }: Delivery) => {
    const headers = { authorization: `${scheme} ${token}`, 'content-type': 'application/json' }
    const answer = await app.inject({ method: 'POST', url, payload: body, headers })
    expect([name, answer.statusCode]).toEqual([name, 200])
  }
  const inOrder = async (deliveries: Delivery[]) => {
    for (const delivery of deliveries) await send(delivery)
  }
  const halves = (deliveries: Delivery[]) => {
    const middle = Math.ceil(deliveries.length / 2)
    return Promise.all([inOrder(deliveries.slice(0, middle)), inOrder(deliveries.slice(middle))])
  }
  return { inOrder, halves, rows: () => everyRow(tenant) }
}

type Reader = Awaited<ReturnType<TestBed['callerOf']>>

/** Each row of the tenant with its place, as it was sent. */
async function everyRow(tenant: number) {
  const reader = await bed.callerOf(tenant, 'viewer')
  const rows: string[] = []
  for (let cursor: string | undefined; ;) {
    const page = await reader.collections.list({ limit: 200, ...(cursor && { cursor }) })
    for (const { id, kind, flowId, clientId } of page.rows) {
      for (const source of (await reader.collections.get({ id })).sources) {
        const place = [clientId, kind, flowId, source.name].join(' ')
        for (const line of await linesOf(reader, id, source.id)) rows.push(`${place} ${line}`)
      }
    }
    if (!page.nextCursor) return rows.toSorted()
    cursor = page.nextCursor
  }
}

async function linesOf(reader: Reader, collectionId: number, sourceId: number) {
  const parts: Buffer[] = []
  for (let cursor: number | null = 0; cursor !== null;) {
    const part: { lines: string; nextCursor: number | null } = await reader.rows.lines({
      collectionId,
      sourceId,
      cursor,
    })
    parts.push(Buffer.from(part.lines, 'base64'))
    cursor = part.nextCursor
  }
  return Buffer.concat(parts).toString('utf8').split('\n').filter(Boolean)
}

const shuffled = (deliveries: Delivery[]) =>
  deliveries
    .map((delivery) => [Math.random(), delivery] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, delivery]) => delivery)

test.each(['root', 'O123'])(
  'the recorded day of %s gives the same rows however often, in whatever order and side by side it comes',
  { timeout: 600_000 },
  async (org) => {
    const day = recordedDay(org === 'root' ? 'root' : 'acme')
    const first = await tenantOf(org)
    await first.inOrder(day)
    const once = await first.rows()
    expect(once.length).toBeGreaterThan(1000)
    await first.inOrder(day.toReversed())
    await first.halves(shuffled(day))
    expect(await first.rows()).toEqual(once)
    const other = await tenantOf(org)
    await other.halves(shuffled([...day, ...day, ...day]))
    expect(await other.rows()).toEqual(once)
  },
)
