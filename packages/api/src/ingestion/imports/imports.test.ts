import { crc32 } from 'node:zlib'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { ZipWriter, Uint8ArrayReader, Uint8ArrayWriter } from '@zip.js/zip.js'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openIngest } from '../open.ts'
import type { Ingest } from '../store.ts'
import { testBed, type TestBed } from '../../testing.ts'
import { acceptImport, type ImportFields } from './accept.ts'
import { openImporter } from './importer.ts'
import { usualLimits, type Limits } from './zip.ts'

let bed: TestBed
let ingest: Awaited<ReturnType<typeof openIngest>>
let tenant = 0
const errors: unknown[] = []

beforeAll(async () => {
  bed = await testBed()
  ingest = await openIngest(bed.database)
})
beforeEach(async () => {
  tenant = await bed.tenant()
  errors.length = 0
})
afterAll(async () => {
  await ingest.close()
  await bed.close()
})

const container = (name: string) => readFileSync(join(import.meta.dirname, '../fixtures/containers', name))

async function accept(bytes: Buffer, fields: Partial<ImportFields> = {}) {
  const sender = { tenantId: tenant, tokenId: null, serverId: null }
  const all = { name: 'Collection-ws.zip', ...fields }
  const { id } = await acceptImport(ingest, bed.services, {
    sender,
    body: Readable.from([bytes]),
    fields: () => all,
    origin: {},
  })
  return id
}

async function run(limits: Partial<Limits> = {}, over: Ingest = ingest) {
  const options = {
    limits: { ...usualLimits, ...limits },
    staleSeconds: 0,
    onError: (error: unknown) => errors.push(error),
  }
  const importer = openImporter(over, bed.services, options)
  importer.wake()
  await importer.settled()
  await importer.close()
}

const importOf = async (id: number) => (await bed.callerOf(tenant, 'viewer')).ingestion.import({ id })

async function bring(bytes: Buffer, fields: Partial<ImportFields> = {}, limits: Partial<Limits> = {}) {
  const id = await accept(bytes, fields)
  await run(limits)
  return importOf(id)
}

/** Every row of the tenant as its bytes came, with its source. */
async function rows() {
  const reader = await bed.callerOf(tenant, 'viewer')
  const { rows: found } = await reader.rows.search({ query: '', limit: 200 })
  return Promise.all(
    found.map(async ({ id, source, host }) => ({
      host: host,
      source,
      raw: await reader.rows.raw({ id }),
    })),
  )
}
const raws = async () => (await rows()).map(({ raw }) => raw).toSorted()

interface Made {
  name: string
  bytes: Buffer
  crc?: number
  /** Upper half of the external attributes, as Unix writes them. */
  mode?: number
  claims?: number
}

/** A zip of stored members, with whatever an attacker would write into it. */
function zipOf(members: Made[]): Buffer {
  const files: Buffer[] = []
  const list: Buffer[] = []
  let at = 0
  for (const { name, bytes, crc = crc32(bytes), mode = 0, claims = bytes.length } of members) {
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50, 0)
    local.writeUInt16LE(20, 4)
    local.writeUInt32LE(crc, 14)
    local.writeUInt32LE(bytes.length, 18)
    local.writeUInt32LE(claims, 22)
    local.writeUInt16LE(Buffer.byteLength(name), 26)
    const entry = Buffer.alloc(46)
    entry.writeUInt32LE(0x02014b50, 0)
    entry.writeUInt16LE(0x0314, 4)
    entry.writeUInt16LE(20, 6)
    local.copy(entry, 16, 14, 28)
    entry.writeUInt32LE((mode << 16) >>> 0, 38)
    entry.writeUInt32LE(at, 42)
    files.push(local, Buffer.from(name), bytes)
    list.push(entry, Buffer.from(name))
    at += 30 + Buffer.byteLength(name) + bytes.length
  }
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(members.length, 8)
  end.writeUInt16LE(members.length, 10)
  end.writeUInt32LE(Buffer.concat(list).length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...files, ...list, end])
}

const context = (more: object = {}) => ({
  name: 'collection_context.json',
  bytes: Buffer.from(JSON.stringify({ session_id: 'F.TEST', state: 2, create_time: 1795505037183915000, ...more })),
})
const client = { name: 'client_info.json', bytes: Buffer.from('{"Hostname":"WS-01","OS":"windows"}') }
const result = (name: string, text: string) => ({ name: `results/${name}.json`, bytes: Buffer.from(text) })

describe('attacks', () => {
  const good = [context(), client, result('A%2FB', '{"n":1}\n')]
  const evil = (name: string, more: Partial<Made> = {}) =>
    zipOf([...good, { name, bytes: Buffer.from('{"n":2}\n'), ...more }])

  test.each([
    ['a path out of the archive', () => evil('uploads/../../etc/passwd'), 'names a place outside'],
    ['an absolute path', () => evil('/etc/cron.d/x'), 'names a place outside'],
    ['a drive', () => evil('C:/x'), 'names a place outside'],
    ['a backslash', () => evil('uploads\\..\\x'), 'names a place outside'],
    ['a link', () => evil('uploads/auto/link', { mode: 0o120777 }), 'link or a device'],
    ['a device', () => evil('uploads/auto/device', { mode: 0o020666 }), 'link or a device'],
    ['a member twice', () => evil('results/A%2FB.json'), 'twice'],
    ['a folder with bytes', () => evil('uploads/auto/'), 'holds bytes'],
    ['no zip at all', () => Buffer.from('hello, world'), 'not a zip'],
    ['a zip that is cut off', () => zipOf(good).subarray(0, -40), 'cut off'],
    ['a list of members that is broken', () => broken(zipOf(good)), 'damaged'],
    ['a zip of nothing', () => zipOf([]), 'holds no collection'],
    ['a zip of something else', () => zipOf([{ name: 'holiday.jpg', bytes: Buffer.from('x') }]), 'holds no collection'],
    ['a context that is no JSON', () => zipOf([{ ...context(), bytes: Buffer.from('{') }]), 'is not JSON'],
  ])('%s is refused before anything goes in', async (_what, make, sentence) => {
    const found = await bring(make())
    expect([found.state, found.error]).toEqual(['failed', expect.stringContaining(sentence)])
    expect([errors, await rows(), found.result!.stored]).toEqual([[], [], 0])
    expect(await left()).toEqual({ files: 0, secrets: 0 })
  })

  const broken = (zip: Buffer) => zip.fill(7, zip.length - 100, zip.length - 30)
  const left = () =>
    bed.one<{ files: number; secrets: number }>(
      'select (select count(*)::int from files where tenant_id = $1) as files, (select count(secrets)::int from imports where tenant_id = $1) as secrets',
      [tenant],
    )

  test('a wrong checksum ends the import, and the result says what is in', async () => {
    const found = await bring(evil('results/Bad.json', { crc: 7 }))
    expect([found.state, found.error]).toEqual([
      'failed',
      `The zip's member "results/Bad.json" is damaged: its checksum is wrong`,
    ])
    expect(found.result!.sources).toMatchObject([{ source: 'A/B', rows: 1, stored: 1 }])
    const flow = async () => (await (await bed.callerOf(tenant, 'viewer')).collections.list({})).rows
    expect(await flow()).toMatchObject([{ flowId: 'F.TEST', state: 'IMPORT CUT SHORT', endedAt: null }])
    await bring(evil('results/Bad.json'))
    expect(await flow()).toMatchObject([{ flowId: 'F.TEST', state: 'FINISHED', endedAt: expect.any(Date) }])
    // Of what is here whole, another failure takes nothing back.
    await bring(evil('results/Bad.json', { crc: 7 }))
    expect(await flow()).toMatchObject([{ flowId: 'F.TEST', state: 'FINISHED' }])
  })

  test('a member that is longer than it says, or shares its bytes, is refused', async () => {
    expect((await bring(evil('results/Long.json', { claims: 2 }))).error).toContain('results/Long.json')
    const twice = { name: 'uploads/auto/x', bytes: Buffer.from('once') }
    const shared = zipOf([...good, twice, twice])
    // The last member stands where the one before it stands.
    const [first, last] = [shared.indexOf(twice.name) - 30, shared.lastIndexOf(twice.name) - 4]
    shared.writeUInt32LE(first, last)
    expect((await bring(shared)).error).toContain('shares its bytes with another member')
  })

  test('bombs are refused by their count, their size, their ratio and their list', async () => {
    const bomb = zipOf([...good, { name: 'uploads/auto/zeros', bytes: Buffer.alloc(50_000) }])
    expect((await bring(bomb, {}, { members: 3 })).error).toContain('more than 3 members')
    expect((await bring(bomb, {}, { bytes: 10_000 })).error).toContain('unpacks to more than 10000 bytes')
    expect((await bring(bomb, {}, { directory: 50 })).error).toContain('too large')
    const packed = await deflated(Buffer.alloc(5_000_000))
    expect((await bring(packed, {}, { ratioFrom: 1_000_000 })).error).toContain('more than 200 times its size')
    expect(await rows()).toEqual([])
  })

  async function deflated(zeros: Buffer) {
    const writer = new ZipWriter(new Uint8ArrayWriter())
    for (const { name, bytes } of good) await writer.add(name, new Uint8ArrayReader(bytes))
    await writer.add('uploads/auto/zeros', new Uint8ArrayReader(zeros))
    return Buffer.from(await writer.close())
  }

  test('a packed member that unpacks to more than it says is stopped there', async () => {
    const zip = await deflated(Buffer.alloc(5_000_000))
    const said = Buffer.alloc(4)
    said.writeUInt32LE(5_000_000)
    const last = zip.lastIndexOf(said)
    zip.writeUInt32LE(1000, last)
    expect((await bring(zip)).error).toContain('"uploads/auto/zeros" is refused: its own header')
    // The header and what stands behind the bytes lie too.
    for (let at = zip.indexOf(said); at >= 0; at = zip.indexOf(said)) zip.writeUInt32LE(1000, at)
    const found = await bring(zip)
    expect([found.state, found.error]).toEqual([
      'failed',
      expect.stringMatching(/"uploads\/auto\/zeros" is (damaged|longer)/),
    ])
    expect(found.result!.files).toBe(0)
  })

  test('a locked zip whose bytes were changed is damaged, and nothing of it goes in', async () => {
    const zip = container('cli-collect-password.zip')
    const at = zip.indexOf('data.zip') + 2000
    zip[at] = zip[at]! ^ 1
    const found = await bring(zip, { password: 'Tr0ub4dor&3 é' })
    expect([found.state, found.error]).toEqual([
      'failed',
      `The zip's member "data.zip" is damaged: its checksum is wrong`,
    ])
    expect([await rows(), await left()]).toEqual([[], { files: 0, secrets: 0 }])
  })

  test('a zip that lost its front, or its middle, says so', async () => {
    const zip = container('offline-full-jsonl.zip')
    const cut = Buffer.concat([zip.subarray(0, 4), zip.subarray(5000)])
    const found = await bring(cut)
    expect([found.state, found.error]).toEqual(['failed', expect.stringMatching(/damaged|cut off/)])
    expect(errors).toEqual([])
    const holed = Buffer.concat([zip.subarray(0, 5000), zip.subarray(9000)])
    expect((await bring(holed)).error).toMatch(/damaged|cut off/)
    expect(await left()).toMatchObject({ secrets: 0 })
  })

  test('zips within zips are opened once, not again and again', async () => {
    const inner = zipOf([{ name: 'data.zip', bytes: zipOf(good) }])
    expect((await bring(zipOf([{ name: 'data.zip', bytes: zipOf(good) }]))).state).toBe('done')
    expect((await bring(zipOf([{ name: 'data.zip', bytes: inner }]))).error).toContain('zips within zips')
  })

  test('a locked zip says what it needs: a password, another one, a key, another one', async () => {
    const locked = container('cli-collect-password.zip')
    expect((await bring(locked)).error).toBe('The zip is locked: it needs its password')
    expect((await bring(locked, { password: 'wrong' })).error).toBe('The password does not open the zip')
    expect((await bring(container('offline-x509.zip'))).error).toContain('private key')
    expect((await bring(container('offline-x509.zip'), { privateKey: 'no key' })).error).toBe(
      'The private key does not open the zip',
    )
    // Both files are kept for another try, and what was given is not.
    expect(await left()).toEqual({ files: 2, secrets: 0 })
  })
})

test('an import that was cut goes on after a restart, and stores each row once', async () => {
  const id = await accept(container('flow-export-acme-weird.zip'))
  let groups = 0
  const cut: Ingest = {
    ...ingest,
    checkRoom: () => {
      // As if the process died in the middle: the row in the table stays as it was.
      if (++groups === 3) throw Object.assign(new Error('full'), { statusCode: 503 })
    },
  }
  const options = { staleSeconds: 3600, onError: (error: unknown) => errors.push(error) }
  const first = openImporter(cut, bed.services, options)
  first.wake()
  await first.settled()
  await first.close()
  expect(await importOf(id)).toMatchObject({ state: 'running', error: null })
  expect((await importOf(id)).result!.stored).toBeLessThan(3024)
  await run()
  const found = await importOf(id)
  // The rows of five sources, and of the log.
  expect([found.state, found.result!.rows]).toEqual(['done', 3024 + 13])
  const reader = await bed.callerOf(tenant, 'viewer')
  const { total } = await reader.rows.search({ query: 'source:Custom.Fixture.BigTable' })
  expect(total).toBe(3000)
})

test('a process that another took an import from does not end it', async () => {
  const id = await accept(container('flow-export-acme-weird.zip'))
  let taken: Promise<unknown> | undefined
  const checkRoom = () => {
    taken ??= bed.root.query('update imports set attempts = attempts + 1 where tenant_id = $1', [tenant])
  }
  const importer = openImporter({ ...ingest, checkRoom }, bed.services, { onError: (error) => errors.push(error) })
  importer.wake()
  await importer.settled()
  await taken
  await importer.close()
  expect([(await importOf(id)).state, errors]).toEqual(['running', []])
})

test('a stop gives the import back to the queue', async () => {
  const id = await accept(container('flow-export-acme-weird.zip'))
  const importer = openImporter(ingest, bed.services, { onError: (error) => errors.push(error) })
  importer.wake()
  await importer.close()
  expect((await importOf(id)).state).toBe('queued')
  await run()
  expect([(await importOf(id)).state, errors]).toEqual(['done', []])
})

test('pieces of a file that broke off with its process go after two days', async () => {
  const add = async (days: number) => {
    const { id } = await bed.one<{ id: number }>(
      'insert into files (tenant_id, created_at) values ($1, now() - make_interval(days => $2)) returning id',
      [tenant, days],
    )
    await bed.root.query('insert into file_chunks (tenant_id, file_id, n, bytes) values ($1, $2, 0, $3)', [
      tenant,
      id,
      Buffer.alloc(10),
    ])
    return id
  }
  const [, young] = [await add(3), await add(1)]
  await run()
  const { rows: left } = await bed.root.query<{ id: number }>(
    'select file_id as id from file_chunks where tenant_id = $1',
    [tenant],
  )
  expect([left, errors]).toEqual([[{ id: young }], []])
})

test('an import that lacked its password is tried again with it, without its file being sent again', async () => {
  const id = await accept(container('flow-export-triage-password.zip'))
  await run()
  expect(await importOf(id)).toMatchObject({ state: 'failed', canTryAgain: true })
  const user = await bed.callerOf(tenant, 'user')
  await user.ingestion.retryImport({ id, password: 'wrong' })
  await run()
  expect(await importOf(id)).toMatchObject({ error: 'The password does not open the zip', canTryAgain: true })
  expect(await user.ingestion.retryImport({ id, password: 'S3cret Pass' })).toMatchObject({
    state: 'queued',
    error: null,
  })
  await run()
  expect(await importOf(id)).toMatchObject({ state: 'done', error: null, canTryAgain: false })
  await expect(user.ingestion.retryImport({ id })).rejects.toMatchObject({ code: 'CONFLICT' })
  const kept = await bed.one('select file_id, secrets from imports where tenant_id = $1', [tenant])
  expect(kept).toEqual({ file_id: null, secrets: null })
})

test('a file that waits for another try goes after two days, and one that is no use goes at once', async () => {
  const locked = await accept(container('flow-export-triage-password.zip'))
  const useless = await accept(Buffer.from('hello, world'))
  await run()
  const files = async () =>
    (await bed.one<{ n: number }>('select count(*)::int as n from files where tenant_id = $1', [tenant])).n
  expect([(await importOf(useless)).canTryAgain, await files()]).toEqual([false, 1])
  await bed.root.query("update imports set ended_at = now() - interval '3 days' where tenant_id = $1", [tenant])
  await run()
  expect([(await importOf(locked)).canTryAgain, await files()]).toEqual([false, 0])
})

test('an import that is cancelled ends without going in, and cannot be cancelled twice', async () => {
  const id = await accept(container('flow-export-acme-weird.zip'))
  const user = await bed.callerOf(tenant, 'user')
  expect(await user.ingestion.cancelImport({ id })).toMatchObject({ cancelled: true })
  await run()
  expect(await importOf(id)).toMatchObject({ state: 'failed', error: 'Cancelled' })
  expect(await rows()).toEqual([])
  await expect(user.ingestion.cancelImport({ id })).rejects.toMatchObject({ code: 'CONFLICT' })
})

describe('other files', () => {
  test('CSV of another tool: the header names the keys, cells stay as they are', async () => {
    const csv = '\ufeffName;Size;Note\r\n"a ""b""";007;"two\r\nlines"\r\nRésumé;1e5;\r\n\r\n;1.50;[1, 2\r\n'
    await bring(Buffer.from(csv), { name: 'tool.csv', hostname: 'WS-03', artifact: 'Tool/Listing' })
    expect(await rows()).toMatchObject([{ host: 'WS-03', source: 'Tool/Listing' }, {}, {}])
    expect(await raws()).toEqual(
      [
        '{"Name":"a \\"b\\"","Size":"007","Note":"two\\r\\nlines"}',
        '{"Name":"Résumé","Size":"1e5","Note":""}',
        '{"Name":"","Size":1.50,"Note":"[1, 2"}',
      ].toSorted(),
    )
  })

  test('CSV keeps bytes that are not UTF-8 and reads UTF-16 by its mark', async () => {
    await bring(Buffer.from('a,b\n\u00e9,1\n', 'latin1'), { name: 'plain.csv' })
    const { id } = await bed.one<{ id: number }>(
      'select max(collection_id) as id from deliveries where tenant_id = $1',
      [tenant],
    )
    const reader = await bed.callerOf(tenant, 'viewer')
    const [source] = (await reader.collections.get({ id })).sources
    const { lines } = await reader.rows.lines({ collectionId: id, sourceId: source!.id })
    expect(Buffer.from(lines, 'base64')).toEqual(Buffer.from('{"a":"\u00e9","b":1}\n', 'latin1'))
    tenant = await bed.tenant()
    await bring(Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('k\té\n1\tü\n', 'utf16le')]), {
      name: 'wide.csv',
    })
    expect(await raws()).toContain('{"k":1,"é":"ü"}')
  })

  test('a CSV whose quote is left open, or a file that is none of these, says so', async () => {
    expect((await bring(Buffer.from('a,b\n1,"2\n3,4\n'), { name: 'a.csv' })).error).toBe(
      'The CSV breaks off inside a quoted cell',
    )
    expect((await bring(Buffer.from([0, 1, 2, 3]), { name: 'a.bin' })).error).toBe(
      'This is no zip, CSV, JSON lines or JSON',
    )
  })

  test('JSON lines, an array and values over several lines keep every row byte for byte', async () => {
    const pretty = '{\n  "a": 1.0,\r\n  "b": [1e400, "],}"]\n}'
    await bring(Buffer.from('{"a": -0}\r\n{"n":18446744073709551616}'), { name: 'lines.jsonl' })
    await bring(Buffer.from(`[ ${pretty} ,{"c":"\\"["}\n]`), { name: 'array.json' })
    await bring(Buffer.from(`${pretty.replace('1.0', '2')}\n{"d":1}\n`), { name: 'pretty.json' })
    expect(await raws()).toEqual(
      [
        '{"a": -0}\r',
        '{"n":18446744073709551616}',
        pretty,
        '{"c":"\\"["}',
        pretty.replace('1.0', '2'),
        '{"d":1}',
      ].toSorted(),
    )
    expect((await bring(Buffer.from('[{"a":1},{"a":'), { name: 'cut.json' })).error).toContain('breaks off')
  })

  test('a CSV that breaks off says so on its collection, until it comes whole', async () => {
    const rows = Array.from({ length: 3000 }, (_, n) => `${n},${'x'.repeat(500)}\n`).join('')
    const states = async () =>
      (await (await bed.callerOf(tenant, 'viewer')).collections.list({})).rows.map(({ state }) => state)
    await bring(Buffer.from(`n,x\n${rows}1,"open\n`), { name: 'a.csv', flowId: 'scan 1' })
    expect(await states()).toEqual(['IMPORT CUT SHORT'])
    await bring(Buffer.from(`n,x\n${rows}1,"shut"\n`), { name: 'a.csv', flowId: 'scan 1' })
    expect(await states()).toEqual([null])
  })

  test('a line that is no JSON is set aside with its number', async () => {
    const found = await bring(Buffer.from('{"a":1}\noops\n{"a":2}\n'), { name: 'x.jsonl' })
    expect(found.result).toMatchObject({ rows: 3, stored: 2, rejected: 1 })
    const reader = await bed.callerOf(tenant, 'viewer')
    expect((await reader.ingestion.rejected({})).rows).toMatchObject([{ lineNumber: 2, reason: 'not JSON' }])
  })

  test('the log of a collector is no fault', async () => {
    expect(await bring(Buffer.from('[INFO] done\n'), { name: 'Collection-x.log' })).toMatchObject({
      state: 'done',
      result: { stored: 0 },
    })
  })
})

describe('old containers', () => {
  test('a context that is wrapped, a log of another name, no host', async () => {
    const wrapped = {
      ...context(),
      bytes: Buffer.from(
        JSON.stringify({ context: { session_id: 'F.OLD', client_id: 'C.1234567890abcdef', state: 2 } }),
      ),
    }
    const logs = { name: 'logs.json', bytes: Buffer.from('{"message":"x"}\n') }
    const found = await bring(zipOf([wrapped, logs, result('A', '{"n":1}\n')]))
    expect(found).toMatchObject({
      state: 'done',
      result: { kind: 'flow', hosts: [{ hostname: 'C.1234567890abcdef' }] },
    })
    expect((await rows()).map(({ source }) => source).toSorted()).toEqual(['A', 'logs'])
  })

  test('results without a context stand on the host of the name, in a flow of their own', async () => {
    const found = await bring(zipOf([result('A', '{"n":1}\n')]), { name: 'Collection-WS-09-2020-01-02.zip' })
    expect(found).toMatchObject({ state: 'done', result: { hosts: [{ hostname: 'WS-09' }] } })
  })

  test('a hunt without a record of it: each folder is the flow of its client', async () => {
    const folder = (name: string, clientId: string) => [
      {
        name: `${name}-${clientId}/collection_context.json`,
        bytes: Buffer.from(JSON.stringify({ session_id: 'F.OLDHUNT.H', client_id: clientId, state: 2 })),
      },
      { name: `${name}-${clientId}/results/A.json`, bytes: Buffer.from(`{"on":"${name}"}\n`) },
      { name: `${name}-${clientId}/requests.json`, bytes: Buffer.from('{}') },
    ]
    const found = await bring(zipOf([...folder('WS-1', 'C.1111111111111111'), ...folder('WS-2', 'C.2222222222222222')]))
    expect(found).toMatchObject({ state: 'done', result: { kind: 'hunt', stored: 2 } })
    const reader = await bed.callerOf(tenant, 'viewer')
    const { rows: flows } = await reader.collections.list({})
    expect(
      flows
        .map(({ clientId, flowId, huntId }) => [clientId, flowId, huntId])
        .toSorted(([a], [b]) => (a! < b! ? -1 : 1)),
    ).toEqual([
      ['C.1111111111111111', 'F.OLDHUNT.H', 'H.OLDHUNT'],
      ['C.2222222222222222', 'F.OLDHUNT.H', 'H.OLDHUNT'],
    ])
  })

  test('folders of artifacts at the top', async () => {
    const found = await bring(zipOf([{ name: 'Windows.Sys.Users/Info.json', bytes: Buffer.from('{"n":1}\n') }]), {
      name: 'WS-08.zip',
    })
    expect(found.state).toBe('done')
    expect(await rows()).toEqual([{ host: 'WS-08', source: 'Windows.Sys.Users/Info', raw: '{"n":1}' }])
  })
})

test('the combined rows of a hunt give way to those of its clients', async () => {
  const combined = await bring(container('hunt-export-json-combined.zip'))
  expect(combined).toMatchObject({ state: 'done', result: { kind: 'hunt', stored: 62 } })
  const reader = await bed.callerOf(tenant, 'viewer')
  const total = async () => (await reader.rows.search({ query: 'source:Linux.Sys.Crontab/CronTabs' })).total
  expect(await total()).toBe(18)
  await bring(container('hunt-export-json-password.zip'), { password: 'S3cret Pass' })
  expect(await total()).toBe(18)
  await bring(container('hunt-export-json-combined.zip'))
  expect(await total()).toBe(18)
})
