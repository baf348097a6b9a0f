import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { inflateRawSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openIngest } from '../open.ts'
import { receive } from '../receive.ts'
import { testBed, type TestBed } from '../../testing.ts'
import { csvToLines, velociraptorValueOf } from './csv.ts'
import { acceptImport, type ImportFields } from './accept.ts'
import { openImporter } from './importer.ts'

let bed: TestBed
let ingest: Awaited<ReturnType<typeof openIngest>>
let importer: ReturnType<typeof openImporter>
let tenant = 0

beforeAll(async () => {
  bed = await testBed()
  ingest = await openIngest(bed.database)
  importer = openImporter(ingest, bed.services, { onError: (error) => console.error(error) })
})
beforeEach(async () => {
  tenant = await bed.tenant()
})
afterAll(async () => {
  await importer.close()
  await ingest.close()
  await bed.close()
})

const fixtures = join(import.meta.dirname, '../fixtures')
const containers = join(fixtures, 'containers')
const read = (name: string) => readFileSync(join(containers, name))

async function bring(name: string, fields: Partial<ImportFields> = {}) {
  const sender = { tenantId: tenant, tokenId: null, serverId: null }
  const body = Readable.from([read(name)])
  const { id } = await acceptImport(ingest, bed.services, {
    sender,
    body,
    fields: () => ({ name, ...fields }),
    origin: {},
  })
  importer.wake()
  await importer.settled()
  const reader = await bed.callerOf(tenant, 'viewer')
  return reader.ingestion.import({ id })
}

/** The members of a zip without a lock, read by nothing of what is tested. */
function unzip(zip: Buffer): Map<string, Buffer> {
  const members = new Map<string, Buffer>()
  const end = zip.lastIndexOf(Buffer.from('PK\u0005\u0006', 'latin1'))
  for (let at = zip.readUInt32LE(end + 16); zip.readUInt32LE(at) === 0x02014b50;) {
    const [method, packed, nameLength] = [
      zip.readUInt16LE(at + 10),
      zip.readUInt32LE(at + 20),
      zip.readUInt16LE(at + 28),
    ]
    const header = zip.readUInt32LE(at + 42)
    const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28)
    const bytes = zip.subarray(start, start + packed)
    members.set(zip.toString('utf8', at + 46, at + 46 + nameLength), method === 8 ? inflateRawSync(bytes) : bytes)
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)
  }
  return members
}

interface Flow {
  result_sets: { artifact: string; json_rows?: number; csv_rows?: number }[]
  uploads: { member: string; bytes: number }[]
  uploads_json_rows?: number
  log_rows?: number
  collection_context: { session_id: string; client_id?: string; state: number; artifacts_with_results?: string[] }
  client_info_hostname: string
}
interface Expected extends Flow {
  kind: string
  protection?: { kind: string; password?: string; key?: string }
  hunt_id: string | null
  combined?: { artifact: string; json_rows: number }[]
  clients?: Record<string, Flow>
}

/** Each source of the tenant with its exact lines: `<flow> <kind of collection> <source>`. */
async function storedSources() {
  const reader = await bed.callerOf(tenant, 'viewer')
  const { rows } = await reader.collections.list({ limit: 200 })
  const found = new Map<string, { lines: string; hostname: string; huntId: string | null; state: string | null }>()
  for (const { id, flowId, kind, hostname, clientId, huntId, state, incomplete } of rows) {
    expect(incomplete, `${flowId} ${kind}`).toBe(false)
    const { sources } = await reader.collections.get({ id })
    for (const source of sources) {
      const { lines } = await reader.rows.lines({ collectionId: id, sourceId: source.id, limit: 5000 })
      expect([source.rowsReceived, source.rowsExpected], source.name).toEqual([source.rowsStored, source.rowsStored])
      const key = `${clientId ?? ''} ${flowId} ${kind} ${source.name}`
      found.set(key, { lines: Buffer.from(lines, 'base64').toString(), hostname, huntId, state })
    }
  }
  return found
}

const names = readdirSync(containers).filter((name) => name.endsWith('.zip'))
const expectedOf = (name: string) => JSON.parse(read(name.replace('.zip', '.expected.json')).toString()) as Expected
const secretsOf = ({ protection }: Expected): Partial<ImportFields> => ({
  ...(protection?.kind === 'password' && { password: protection.password }),
  ...(protection?.key && { privateKey: read(protection.key).toString() }),
})
const lineCount = (lines: string) => lines.split('\n').length - 1

describe.each(names)('%s', (name) => {
  const expected = expectedOf(name)
  const flows =
    expected.clients && Object.keys(expected.clients).length > 0 ? Object.values(expected.clients) : [expected]
  const combined = expected.kind === 'hunt export' && flows[0] === expected

  test('brings every row of every source and every file, and a second time nothing', async () => {
    const first = await bring(name, secretsOf(expected))
    expect([first.state, first.error]).toEqual(['done', null])
    const stored = await storedSources()
    if (combined) {
      for (const { artifact, json_rows: rows } of expected.combined!) {
        const source = artifact.slice('All '.length)
        const parts = [...stored].filter(([key]) => key.endsWith(` import ${source}`))
        expect(
          parts.reduce((sum, [, { lines }]) => sum + lineCount(lines), 0),
          source,
        ).toBe(rows)
      }
    } else {
      for (const flow of flows) await checkFlow(flow, stored)
    }
    const again = await bring(name, secretsOf(expected))
    expect([again.state, again.result!.stored, again.result!.known]).toEqual(['done', 0, first.result!.rows])
    expect(await storedSources()).toEqual(stored)
  })

  async function checkFlow(flow: Flow, stored: Awaited<ReturnType<typeof storedSources>>) {
    const { session_id: flowId, client_id: clientId = '', state } = flow.collection_context
    const at = (kind: string, source: string) => stored.get(`${clientId} ${flowId} ${kind} ${source}`)
    for (const { artifact, json_rows: json, csv_rows: csv } of flow.result_sets) {
      const found = at(json === undefined ? 'import' : 'flow', artifact)
      expect(lineCount(found!.lines), artifact).toBe(json ?? csv)
      expect(found).toMatchObject({ hostname: flow.client_info_hostname, huntId: expected.hunt_id })
      expect(found!.state).toBe(state === 3 ? 'ERROR' : 'FINISHED')
    }
    const uploads = at('flow', 'uploads') ?? at('import', 'uploads')
    if (flow.uploads_json_rows) expect(lineCount(uploads!.lines)).toBe(flow.uploads_json_rows)
    if (flow.log_rows) expect(lineCount((at('flow', 'logs') ?? at('import', 'logs'))!.lines)).toBe(flow.log_rows)
    const files = await bed.root.query<{ name: string; bytes: number }>(
      `select cf.name, f.bytes::int as bytes from collection_files cf join collections c on c.tenant_id = cf.tenant_id and c.id = cf.collection_id
       join files f on f.tenant_id = cf.tenant_id and f.id = cf.file_id join hosts h on h.tenant_id = c.tenant_id and h.id = c.host_id
       where cf.tenant_id = $1 and c.flow_id = $2 and cf.name like 'uploads/%' and coalesce(h.client_id, '') = $3`,
      [tenant, flowId, clientId],
    )
    const inZip = flow.uploads.map(({ member, bytes }) => ({ name: member.slice(member.indexOf('uploads/')), bytes }))
    const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)
    expect(files.rows.toSorted(byName)).toEqual(inZip.toSorted(byName))
  }

  test.runIf(!expected.protection)('keeps the lines of its JSON and its files byte for byte', async () => {
    await bring(name)
    const stored = [...(await storedSources()).values()].map(({ lines }) => lines)
    const { rows } = await bed.root.query<{ sha: string; bytes: Buffer }>(
      `select encode(f.sha256, 'hex') as sha, coalesce(string_agg(c.bytes, '' order by c.n), '') as bytes from files f
       left join file_chunks c on c.tenant_id = f.tenant_id and c.file_id = f.id where f.tenant_id = $1 group by f.id, f.sha256`,
      [tenant],
    )
    const shas = new Set(rows.map(({ sha }) => sha))
    const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
    for (const row of rows) expect(sha(row.bytes)).toBe(row.sha)
    for (const [member, bytes] of unzip(read(name))) {
      if (/(^|\/)uploads\/.*[^/]$/s.test(member)) expect(shas.has(sha(bytes)), member).toBe(true)
      const lines = /(^|\/)(results\/(?!All )[^/]+|uploads|log)\.json$/.test(member)
      if (lines) expect(stored.includes(bytes.toString()), member).toBe(true)
    }
  })
})

test('a flow that the Feed sent is not doubled by its export, nor the export by the Feed', async () => {
  const admin = await bed.callerOf(tenant, 'admin')
  const { id: tokenId } = await admin.tokens.create({ name: 'feed', scope: 'ingest', server: 'velo', orgId: 'O123' })
  const { id: serverId } = await bed.one<{ id: number }>('select id from velociraptor_servers where tenant_id = $1', [
    tenant,
  ])
  const bodies = readdirSync(fixtures).filter((name) => /^acme-001(4[4-9]|5\d)-/.test(name))
  const feed = async () => {
    for (const name of bodies.toSorted()) {
      const body = Readable.from([readFileSync(join(fixtures, name))])
      await receive(ingest, { credential: { tenantId: tenant, tokenId, serverId }, body, limit: 1e9, origin: {} })
    }
  }
  const rowCount = async () =>
    (
      await bed.one<{ n: number }>(
        `select sum(n)::int as n from runs where tenant_id = $1 and collection_id in (select id from collections where kind = 'flow')`,
        [tenant],
      )
    ).n
  await feed()
  const before = await rowCount()
  const { result, state } = await bring('hunt-export-acme-json.zip')
  expect([state, result!.rejected, result!.hosts.length]).toEqual(['done', 0, 1])
  const names = [
    'Linux.Ssh.AuthorizedKeys',
    'Linux.Sys.Crontab/CronTabs',
    'Linux.Sys.Crontab/CronScripts',
    'Linux.Sys.Crontab/Uploaded',
  ]
  for (const name of names)
    expect(
      result!.sources.find(({ source }) => source === name),
      name,
    ).toMatchObject({ stored: 0 })
  const log = result!.sources.find(({ source }) => source === 'logs')!
  expect(await rowCount()).toBe(before + log.stored)
  await feed()
  expect(await rowCount()).toBe(before + log.stored)
  const hosts = await (await bed.callerOf(tenant, 'viewer')).hosts.list({})
  expect(hosts.rows.map(({ clientId, hostname }) => [clientId, hostname])).toEqual([
    ['C.65eaef2473bdc091-O123', 'db-acme-01'],
  ])
})

test('a container of another org than the server that was chosen is refused, and nothing of it is kept', async () => {
  const admin = await bed.callerOf(tenant, 'admin')
  await admin.tokens.create({ name: 'feed', scope: 'ingest', server: 'velo', orgId: 'root' })
  const { id: serverId } = await bed.one<{ id: number }>('select id from velociraptor_servers where tenant_id = $1', [
    tenant,
  ])
  const { state, error } = await bring('hunt-export-acme-json.zip', { serverId })
  expect([state, error]).toEqual(['failed', expect.stringContaining('belongs to another org')])
  expect(await storedSources()).toEqual(new Map())
})

test('a container says who its host is and how its flow went', async () => {
  await bring('flow-export-error.zip')
  const reader = await bed.callerOf(tenant, 'viewer')
  const { rows } = await reader.hosts.list({})
  expect(rows).toMatchObject([
    {
      clientId: 'C.90868059ecc37b1e',
      hostname: 'web-prod-03',
      fqdn: 'web-prod-03.example.com',
      os: 'linux',
      ipAddress: '127.0.0.1',
    },
  ])
  const collections = await reader.collections.list({ flowId: 'F.DC2JEG21NBBNM' })
  expect(collections.rows).toMatchObject([{ state: 'ERROR', artifacts: ['Custom.Fixture.Fails'], incomplete: false }])
  expect(collections.rows[0]!.startedAt).toEqual(new Date(1795503936325))
})

test('what an offline collector counts too low is not expected of its files', async () => {
  await bring('offline-full-jsonl.zip')
  const reader = await bed.callerOf(tenant, 'viewer')
  const { rows } = await reader.collections.list({})
  const [flow] = rows
  expect(flow).toMatchObject({ kind: 'flow', incomplete: false, rowsReceived: flow!.rowsExpected })
  expect(flow!.rowsReceived).toBeGreaterThan(57)
})

test.each(['Linux.Sys.Users', 'Linux.Sys.Crontab%2FCronScripts', 'Linux.Sys.Crontab%2FUploaded'])(
  'the cells of %s in CSV are the values of its JSON',
  async (name) => {
    const members = unzip(read('cli-collect-csv.zip'))
    const parse = (lines: string) =>
      lines
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown)
    const bytes = members.get(`results/${name}.csv`)!
    // Cut where a chunk may end: inside a cell, a quote, a character.
    const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, i) => bytes.subarray(i * 7, i * 7 + 7))
    let lines = ''
    for await (const part of csvToLines(Readable.from(pieces), { cellOf: velociraptorValueOf }))
      lines += Buffer.from(part).toString()
    expect(parse(lines)).toEqual(parse(members.get(`results/${name}.json`)!.toString()))
  },
)
