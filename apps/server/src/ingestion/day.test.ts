import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync, inflateRawSync } from 'node:zlib'
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

const containers = join(ours, 'containers')

interface Delivery {
  name: string
  url: string
  scheme: string
  body: Buffer
  method?: 'POST' | 'PUT'
  /** Of a file for import: what opens it. */
  fields?: Record<string, string>
}

interface Expected {
  protection?: { password?: string; key?: string }
}

/** Lists the files of its flow in another way than the export that is not expanded: see the last test. */
const listedAnew = 'flow-export-sparse-expanded.zip'

/** Every container and export of an org, locked ones with what opens them; those without a lock come by WebDAV. */
function recordedFiles(org: string): Delivery[] {
  const ofAcme = (name: string) => name.includes('acme')
  return readdirSync(containers)
    .filter((name) => name.endsWith('.zip') && ofAcme(name) === (org === 'acme') && name !== listedAnew)
    .map(fileOf)
}

function fileOf(name: string): Delivery {
  const expected = readFileSync(join(containers, name.replace('.zip', '.expected.json')), 'utf8')
  const { password, key } = (JSON.parse(expected) as Expected).protection ?? {}
  const fields = {
    ...(password && { password }),
    ...(key && { private_key: readFileSync(join(containers, key), 'utf8') }),
  }
  const file = { name, scheme: 'Bearer', body: readFileSync(join(containers, name)) }
  return Object.keys(fields).length > 0
    ? { ...file, url: '/api/ingestion/import', fields }
    : { ...file, url: `/api/ingestion/webdav/${name}`, method: 'PUT' as const }
}

/** Every request of every sender that was recorded of an org, and every file. */
function recordedDay(org: string): Delivery[] {
  const requests = routes.flatMap(([folder, url, scheme]) =>
    readdirSync(folder)
      .filter((name) => name.startsWith(`${org}-`) && /\.body(\.gz)?$/.test(name))
      .toSorted()
      .map((name) => {
        const bytes = readFileSync(join(folder, name))
        return { name, url, scheme, body: name.endsWith('.gz') ? gunzipSync(bytes) : bytes }
      }),
  )
  return [...requests, ...recordedFiles(org)]
}

/** As a script sends a file with what opens it. */
async function formOf({ name, body, fields }: Delivery) {
  const form = new FormData()
  for (const [field, value] of Object.entries(fields ?? {})) form.set(field, value)
  form.set('file', new Blob([Uint8Array.from(body)]), name)
  const sent = new Response(form)
  return { payload: Buffer.from(await sent.arrayBuffer()), 'content-type': sent.headers.get('content-type')! }
}

async function tenantOf(orgId: string) {
  const tenant = await bed.tenant()
  const admin = await bed.callerOf(tenant, 'admin')
  const { token } = await admin.tokens.create({ name: 'day', scope: 'ingest', server: 'velo', orgId })
  const post = async (delivery: Delivery) => {
    const { method = 'POST', url, scheme, fields } = delivery
    const form = fields && (await formOf(delivery))
    const headers = {
      authorization: `${scheme} ${token}`,
      'content-type': form?.['content-type'] ?? 'application/json',
    }
    return app.inject({ method, url, payload: form?.payload ?? delivery.body, headers })
  }
  const send = async (delivery: Delivery) => {
    const answer = await post(delivery)
    expect([delivery.name, answer.statusCode]).toEqual([delivery.name, statusOf(delivery)])
    if (answer.statusCode === 200) return
    const { id } = answer.json<{ id: number }>()
    expect([delivery.name, ...(await ended(id))]).toEqual([delivery.name, 'done', null])
  }
  const ended = async (id: number) => {
    for (;;) {
      const headers = { authorization: `Bearer ${token}` }
      const { state, error } = (await app.inject({ url: `/api/ingestion/imports/${id}`, headers })).json<{
        state: string
        error: string | null
      }>()
      if (state === 'done' || state === 'failed') return [state, error]
      await sleep(20)
    }
  }
  const inOrder = async (deliveries: Delivery[]) => {
    for (const delivery of deliveries) await send(delivery)
  }
  const halves = (deliveries: Delivery[]) => {
    const middle = Math.ceil(deliveries.length / 2)
    return Promise.all([inOrder(deliveries.slice(0, middle)), inOrder(deliveries.slice(middle))])
  }
  return { inOrder, halves, state: () => stateOf(tenant), aside: () => asideOf(tenant) }
}

/** The lines that are set aside, as they were sent. */
async function asideOf(tenant: number) {
  const { rows } = await bed.root.query<{ line: string }>(
    `select convert_from(string_agg(p.bytes, '' order by p.part), 'utf8') as line from rejected_rows r
     join rejected_parts p on p.tenant_id = r.tenant_id and p.rejected_id = r.id where r.tenant_id = $1 group by r.id`,
    [tenant],
  )
  return rows.map(({ line }) => line).toSorted()
}

const statusOf = ({ method, fields }: Delivery) => (method === 'PUT' ? 201 : fields ? 202 : 200)

type Reader = Awaited<ReturnType<TestBed['callerOf']>>

/**
 * Each row of the tenant with its place, as it was sent, and how many of each source and host stand in answers. Hosts by their names:
 * a container that names no client stands on a host of its name alone if it came before that client.
 */
async function stateOf(tenant: number) {
  const reader = await bed.callerOf(tenant, 'viewer')
  const rows: string[] = []
  const counts: string[] = []
  for (let cursor: string | undefined; ;) {
    const page = await reader.collections.list({ limit: 200, ...(cursor && { cursor }) })
    for (const { id, kind, flowId, hostname } of page.rows) {
      for (const source of (await reader.collections.get({ id })).sources) {
        const place = [hostname, kind, flowId, source.name].join(' ')
        counts.push(`${place}: ${source.rowsStored} stored, ${source.rowsSuperseded} superseded`)
        for (const line of await linesOf(reader, id, source.id)) rows.push(`${place} ${line}`)
      }
    }
    if (!page.nextCursor) break
    cursor = page.nextCursor
  }
  const hosts = (await reader.hosts.list({ limit: 200 })).rows
  return {
    rows: rows.toSorted(),
    counts: counts.toSorted(),
    hosts: Object.entries(Object.groupBy(hosts, (host) => host.hostname))
      .map(([name, of]) => `${name}: ${of!.reduce((sum, { rowsReceived }) => sum + rowsReceived, 0)}`)
      .toSorted(),
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
  { timeout: 1_200_000 },
  async (org) => {
    const day = recordedDay(org === 'root' ? 'root' : 'acme')
    const first = await tenantOf(org)
    await first.inOrder(day)
    const once = await first.state()
    expect(once.rows.length).toBeGreaterThan(1000)
    await first.inOrder(day.toReversed())
    await first.halves(shuffled(day))
    expect(await first.state()).toEqual(once)
    const other = await tenantOf(org)
    await other.halves(shuffled([...day, ...day, ...day]))
    expect(await other.state()).toEqual(once)
  },
)

test.each([
  ['flow-export-sparse-default.zip', listedAnew],
  [listedAnew, 'flow-export-sparse-default.zip'],
])('of two exports that list the files of one flow differently, %s stands and %s is set aside', async (...names) => {
  const one = await tenantOf('root')
  const both = names.map(fileOf)
  await one.inOrder(both)
  const first = await one.state()
  const aside = await one.aside()
  const kept = new Set([...first.rows.map((row) => row.slice(row.indexOf('{'))), ...aside])
  const lines = both.flatMap(({ body }) => uploadsIn(body))
  expect(lines.length).toBeGreaterThan(20)
  expect(lines.filter((line) => !kept.has(line))).toEqual([])
  await one.inOrder(both)
  expect(await one.state()).toEqual(first)
  expect(await one.aside()).toEqual(aside)
})

/** The lines of `uploads.json` of a zip without a lock, read by nothing of what is tested. */
function uploadsIn(zip: Buffer): string[] {
  const end = zip.lastIndexOf(Buffer.from('PK\u0005\u0006', 'latin1'))
  for (let at = zip.readUInt32LE(end + 16); zip.readUInt32LE(at) === 0x02014b50;) {
    const [packed, named, extra] = [20, 28, 30].map((n) =>
      n === 20 ? zip.readUInt32LE(at + n) : zip.readUInt16LE(at + n),
    )
    const header = zip.readUInt32LE(at + 42)
    const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28)
    if (zip.toString('utf8', at + 46, at + 46 + named!) === 'uploads.json') {
      const bytes = zip.subarray(start, start + packed!)
      const text = zip.readUInt16LE(at + 10) === 8 ? inflateRawSync(bytes) : bytes
      return text.toString().split('\n').filter(Boolean)
    }
    at += 46 + named! + extra! + zip.readUInt16LE(at + 32)
  }
  return []
}
