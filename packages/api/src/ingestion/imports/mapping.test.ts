import { Readable } from 'node:stream'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { testBed, type TestBed } from '../../testing.ts'
import { openIngest } from '../open.ts'
import { acceptImport, readImportFields, type ImportFields } from './accept.ts'
import { openImporter } from './importer.ts'
import { microsOf, type Mapping } from './mapping.ts'

let bed: TestBed
let ingest: Awaited<ReturnType<typeof openIngest>>
let tenant = 0

beforeAll(async () => {
  bed = await testBed()
  ingest = await openIngest(bed.database)
})
beforeEach(async () => {
  tenant = await bed.tenant()
})
afterAll(async () => {
  await ingest.close()
  await bed.close()
})

async function bring(csv: string, fields: Partial<ImportFields> = {}, name = 'scan.csv') {
  const { id } = await acceptImport(ingest, bed.services, {
    sender: {
      tenantId: tenant,
      tokenId: null,
      serverId: null,
      actor: { userId: (await userOf()).id, username: 'omar', tenantId: tenant, role: 'user' },
    },
    body: Readable.from([Buffer.from(csv)]),
    fields: () => ({ name, ...fields }),
    origin: {},
  })
  const importer = openImporter(ingest, bed.services, { onError: (error) => console.error(error) })
  importer.wake()
  await importer.settled()
  await importer.close()
  return (await bed.callerOf(tenant, 'viewer')).ingestion.import({ id })
}

const userOf = () =>
  bed.one<{ id: number }>(`insert into users (tenant_id, username, role) values ($1, $2, 'user') returning id`, [
    tenant,
    crypto.randomUUID(),
  ])

async function rows() {
  const reader = await bed.callerOf(tenant, 'viewer')
  const { rows: found } = await reader.rows.search({ query: '', limit: 200 })
  const all = await Promise.all(
    found.map(async ({ id, source, host, eventTime }) => ({
      host,
      source,
      time: new Date(eventTime).toISOString(),
      raw: await reader.rows.raw({ id }),
    })),
  )
  return all.toSorted((a, b) => (a.raw < b.raw ? -1 : 1))
}

const preview = async (csv: string, mapping?: Mapping) =>
  (await bed.callerOf(tenant, 'user')).ingestion.previewCsv({
    start: Buffer.from(csv).toString('base64'),
    whole: true,
    hostname: 'scan',
    source: 'scan',
    mapping,
  })

const scan = 'Gerät;Wann;Tool;Size\r\nWS-01;03.04.2026 10:20:30;av/quick;007\r\nWS-02;13.04.2026 23:00;av/full;1\r\n'
const mapping: Mapping = { hostname: 'Gerät', time: 'Wann', timeOrder: 'dmy', source: 'Tool' }
const mapped = [
  {
    host: 'WS-01',
    source: 'av/quick',
    time: '2026-04-03T10:20:30.000Z',
    raw: '{"Gerät":"WS-01","Wann":"03.04.2026 10:20:30","Tool":"av/quick","Size":"007","EventTime":"2026-04-03T10:20:30Z"}',
  },
  {
    host: 'WS-02',
    source: 'av/full',
    time: '2026-04-13T23:00:00.000Z',
    raw: '{"Gerät":"WS-02","Wann":"13.04.2026 23:00","Tool":"av/full","Size":1,"EventTime":"2026-04-13T23:00:00Z"}',
  },
]

test('a mapping says which host, time and source each row has, and no cell changes', async () => {
  const found = await bring(scan, { mapping })
  expect(found).toMatchObject({ state: 'done', error: null, result: { kind: 'csv', stored: 2, rejected: 0 } })
  expect(await rows()).toEqual(mapped)
  const again = await bring(scan, { mapping })
  expect(again.result).toMatchObject({ stored: 0, known: 2 })
})

test('the preview shows what the import makes of the first rows, and stores nothing', async () => {
  const shown = await preview(scan, mapping)
  expect(shown.rows.map(({ row, ...rest }) => ({ ...rest, raw: row }))).toEqual(mapped)
  expect(shown).toMatchObject({ header: ['Gerät', 'Wann', 'Tool', 'Size'], remembered: null, unread: 0, refused: null })
  expect(await rows()).toEqual([])
})

test('a mapping is remembered for its header, offered in the preview, and used when none is given', async () => {
  await bring(scan, { mapping })
  const later = scan.replaceAll('WS-0', 'WS-1')
  expect(await preview(later)).toMatchObject({ mapping, remembered: { by: 'omar', at: expect.any(Date) } })
  const found = await bring(later)
  expect(found.result!.notes).toEqual(['Its columns were read as omar said of this header before'])
  expect((await rows()).map(({ host }) => host)).toEqual(['WS-01', 'WS-02', 'WS-11', 'WS-12'])
  // Other columns, or the same in another order, are another header.
  expect((await preview(later.replace('Wann;Tool', 'Tool;Wann'))).remembered).toBeNull()
})

test('another mapping of the same header takes its place, also none at all', async () => {
  await bring(scan, { mapping })
  await bring(scan, { mapping: { hostname: 'Tool' } })
  expect(await preview(scan)).toMatchObject({ mapping: { hostname: 'Tool' } })
  await bring(scan, { mapping: {} })
  expect((await preview(scan)).mapping).toEqual({})
  const found = await bring(`${scan}WS-09;;x;1\r\n`)
  expect([found.result!.notes, found.result!.hosts.map(({ hostname }) => hostname)]).toEqual([[], ['scan']])
})

test('another tenant is offered nothing of it', async () => {
  await bring(scan, { mapping })
  tenant = await bed.tenant()
  expect((await preview(scan)).remembered).toBeNull()
  expect((await bring(scan)).result!.hosts.map(({ hostname }) => hostname)).toEqual(['scan'])
})

test('names of columns that other tools use are suggested', async () => {
  const { mapping: guess } = await preview('Computer_Name,client-id,Event Time,x\n')
  expect(guess).toEqual({ hostname: 'Computer_Name', clientId: 'client-id', time: 'Event Time' })
  expect((await preview('a,b\n1,2\n')).mapping).toEqual({})
})

test('a column that is not there, and one that would not count, are refused', async () => {
  expect((await bring('a,b\n1,2\n', { mapping: { hostname: 'c' } })).error).toBe('The CSV has no column "c"')
  await expect(preview('a,b\n1,2\n', { hostname: 'c' })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  const csv = 'EventTime,Seen\n2026-01-01T00:00:00Z,2026-01-02T00:00:00Z\n'
  expect((await preview(csv, { time: 'Seen' })).refused).toContain('EventTime')
  expect((await bring(csv, { mapping: { time: 'Seen' } })).error).toContain('EventTime')
  expect(await rows()).toEqual([])
})

test('rows whose time cannot be read are kept, counted and said', async () => {
  const found = await bring('Host,When\nA,yesterday\nB,31.02.2026 10:00\nC,\n', {
    mapping: { hostname: 'Host', time: 'When', timeOrder: 'dmy' },
  })
  expect(found.result).toMatchObject({ stored: 3, notes: ['2 rows have no time in "When" that can be read'] })
  expect((await rows()).map(({ raw }) => raw)).toEqual([
    '{"Host":"A","When":"yesterday"}',
    '{"Host":"B","When":"31.02.2026 10:00"}',
    '{"Host":"C","When":""}',
  ])
})

test('a client id decides before a host name, and numbers name hosts as they are written', async () => {
  await bring('id,host\nC.1234567890abcdef,WS-07\nx,18446744073709551616\n', {
    mapping: { clientId: 'id', hostname: 'host' },
  })
  const { rows: hosts } = await (await bed.callerOf(tenant, 'viewer')).hosts.list({})
  expect(
    hosts.map(({ clientId, hostname }) => [clientId, hostname]).toSorted(([, a], [, b]) => (a! < b! ? -1 : 1)),
  ).toEqual([
    [null, '18446744073709551616'],
    ['C.1234567890abcdef', 'WS-07'],
  ])
})

test('the start of a large file is enough for the preview, also where it is cut within a cell', async () => {
  const start = `Host,Note\nWS-01,"${'x\n'.repeat(10)}"\nWS-02,"cut\nhe`
  const caller = await bed.callerOf(tenant, 'user')
  const input = { start: Buffer.from(start).toString('base64'), whole: false, hostname: 'h', source: 's' }
  const { rows: shown } = await caller.ingestion.previewCsv(input)
  expect(shown.map(({ host }) => host)).toEqual(['WS-01'])
})

describe('times', () => {
  const at = (text: string) => Date.parse(text) * 1000
  test.each([
    ['03/04/2026', 'dmy', at('2026-04-03T00:00:00Z')],
    ['03/04/2026', 'mdy', at('2026-03-04T00:00:00Z')],
    ['4/3/2026 1:02:03.25 PM', 'mdy', at('2026-04-03T13:02:03.25Z')],
    ['12.11.2026, 12:00 AM', 'dmy', at('2026-11-12T00:00:00Z')],
    ['13/13/2026', 'dmy', undefined],
    ['31.04.2026', 'dmy', undefined],
    ['2026-04-03T10:00:00+02:00', 'dmy', at('2026-04-03T08:00:00Z')],
    ['2026-04-03 10:00', undefined, at('2026-04-03T10:00:00Z')],
    ['1775210400', undefined, at('2026-04-03T10:00:00Z')],
    ['03/04/2026', undefined, undefined],
  ] as const)('%s as %s', (text, order, micros) => {
    expect(microsOf(text, order)).toBe(micros)
  })
})

test.each([
  ['no JSON', '{', 'mapping: is not JSON'],
  ['a key that means nothing', '{"hots":"x"}', 'mapping'],
  ['no text', '{"hostname":1}', 'mapping: hostname'],
])('a mapping that is %s is bad input', (_what, text, sentence) => {
  expect(() => readImportFields({ name: 'x.csv', mapping: text })).toThrow(sentence)
})
