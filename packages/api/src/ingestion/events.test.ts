import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
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

const folder = join(import.meta.dirname, 'fixtures')
const read = (path: string) => gunzipSync(readFileSync(join(folder, path)))
/** Bodies that a real server sent in one org, first to last: as it started, was refused, edited, cut off and restarted. */
const bodiesOf = (org: string) =>
  readdirSync(join(folder, 'events'))
    .filter((name) => name.startsWith(`${org}-`))
    .toSorted()
    .map((name) => read(`events/${name}`))

interface Day {
  org_id: string
  client_id: string
  artifact: string
  day: string
  file: string
}
/** The day files that the server itself kept. */
const days = JSON.parse(readFileSync(join(folder, 'days/index.json'), 'utf8')) as Day[]

async function sender(orgId: string) {
  const tenantId = await bed.tenant()
  const { id: serverId } = await bed.one<{ id: number }>(
    "insert into velociraptor_servers (tenant_id, name, org_id) values ($1, 'main', $2) returning id",
    [tenantId, orgId],
  )
  const credential = { tenantId, tokenId: null as never, serverId }
  async function* pieces(body: Buffer) {
    for (let at = 0; at < body.length; at += 9000) yield body.subarray(at, at + 9000)
  }
  const send = (body: Buffer | string) =>
    receive(ingest, { credential, body: pieces(Buffer.from(body)), limit: 64_000_000, origin: {} })
  return { tenantId, send, reader: await bed.callerOf(tenantId, 'viewer') }
}

type Reader = Awaited<ReturnType<typeof sender>>['reader']

async function linesOf(reader: Reader, { client_id, artifact, day }: Omit<Day, 'org_id' | 'file'>) {
  const { rows } = await reader.collections.list({ clientId: client_id, flowId: `${day} ${artifact}` })
  const { sources } = await reader.collections.get({ id: rows[0]!.id })
  const lines: Buffer[] = []
  for (let cursor: number | null = 0; cursor !== null;) {
    const part: { lines: string; nextCursor: number | null } = await reader.rows.lines({
      collectionId: rows[0]!.id,
      sourceId: sources[0]!.id,
      cursor,
    })
    lines.push(Buffer.from(part.lines, 'base64'))
    cursor = part.nextCursor
  }
  return Buffer.concat(lines)
}

async function expectDays(reader: Reader, org: string) {
  const own = days.filter((day) => day.org_id === org)
  expect(own.length).toBeGreaterThan(2)
  for (const day of own) {
    const file = read(`days/${day.file.replace(/(\.gz)?$/, '.gz')}`)
    const lines = await linesOf(reader, day)
    // The recording ends before the day does.
    expect(lines.length, day.file).toBeGreaterThan(0.9 * file.length)
    expect(lines.equals(file.subarray(0, lines.length)), day.file).toBe(true)
  }
}

test.each([
  ['root', 'root'],
  ['acme', 'O123'],
])('the recorded events of %s become the day files that the server kept, byte for byte', async (name, org) => {
  const { send, reader } = await sender(org)
  for (const body of bodiesOf(name)) await send(body)
  await expectDays(reader, org)
  const before = await reader.rows.search({ query: '' })
  for (const body of bodiesOf(name)) await send(body)
  expect((await reader.rows.search({ query: '' })).total).toBe(before.total)
  expect((await reader.ingestion.rejected({})).total).toBe(0)
})

test('the order in which the requests come does not matter, nor whether some come at once', async () => {
  const { send, reader } = await sender('O123')
  const bodies = bodiesOf('acme').toReversed()
  const half = Math.floor(bodies.length / 2)
  const inTurn = async (some: Buffer[]) => {
    for (const body of some) await send(body)
  }
  await Promise.all([
    inTurn(bodies.slice(0, half)),
    inTurn(bodies.slice(half)),
    inTurn(bodies.slice(half - 5, half + 5)),
  ])
  await expectDays(reader, 'O123')
})

const section = (over: object, rows: string[]) =>
  [
    JSON.stringify({
      kind: 'events',
      version: 1,
      org_id: 'root',
      client_id: 'C.1',
      artifact: 'A/B',
      day: '2026-11-24',
      start: 0,
      rows: rows.length,
      ...over,
    }),
    ...rows,
    '',
  ].join('\n')

test('a row that looks like an envelope is a row', async () => {
  const { send, reader } = await sender('root')
  const odd = section({ artifact: 'X/Y' }, []).trim()
  const body = section({}, [odd, '{"n":1}']) + section({ artifact: 'Z', start: 7 }, ['{"n":2}'])
  expect(await send(body)).toEqual({ kind: 'events', rows: 3, rejected: 0 })
  expect((await linesOf(reader, { client_id: 'C.1', artifact: 'A/B', day: '2026-11-24' })).toString()).toBe(
    `${odd}\n{"n":1}\n`,
  )
})

test('rows of one client and artifact are one collection a day', async () => {
  const { send, reader } = await sender('root')
  await send(
    section({}, ['{"n":1}']) + section({ start: 1 }, ['{"n":2}']) + section({ day: '2026-11-25' }, ['{"n":3}']),
  )
  const { rows } = await reader.collections.list({})
  expect(rows).toHaveLength(2)
  expect(rows.map((row) => [row.flowId, row.kind, row.rowsReceived])).toEqual(
    expect.arrayContaining([
      ['2026-11-24 A/B', 'events', 2],
      ['2026-11-25 A/B', 'events', 1],
    ]),
  )
})

test.each([
  ['another org', section({}, ['{"n":1}']) + section({ org_id: 'O9' }, ['{"n":2}']), 'FORBIDDEN'],
  ['another kind', `${section({}, ['{"n":1}'])}{"kind":"reconcile","org_id":"root"}\n`, 'BAD_REQUEST'],
  ['no day', section({ day: 'today' }, ['{"n":1}']), 'BAD_REQUEST'],
  ['fewer rows than it says', section({ rows: 3 }, ['{"n":1}']), 'BAD_REQUEST'],
])('a section of %s is refused', async (_what, body, code) => {
  const { send } = await sender('root')
  await expect(send(body)).rejects.toMatchObject({ code })
})

test('a row that is not JSON is set aside and does not hold up the others', async () => {
  const { send, reader } = await sender('root')
  expect(await send(section({}, ['{"n":1}', '{"n":', '{"n":3}']))).toEqual({ kind: 'events', rows: 3, rejected: 1 })
  expect((await reader.rows.search({ query: '' })).total).toBe(2)
  expect((await reader.ingestion.rejected({})).rows).toMatchObject([{ reason: 'not JSON', rowNumber: 1 }])
})
