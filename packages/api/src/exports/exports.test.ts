import { zstdDecompressSync } from 'node:zlib'
import { parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AppError } from '../errors.ts'
import { openIngest } from '../ingestion/open.ts'
import { storeGroup } from '../ingestion/store.ts'
import type { Role } from '../permissions.ts'
import type { SearchPool } from '../rows/engine/pool.ts'
import { createCaller } from '../index.ts'
import { placeOn, testBed, type TestBed } from '../testing.ts'
import { exportForActor } from './exports.ts'
import type { ExportFormat } from './input.ts'
import { expireExports, openExporter } from './jobs.ts'

let bed: TestBed
let ingest: Awaited<ReturnType<typeof openIngest>>
beforeAll(async () => {
  bed = await testBed()
  ingest = await openIngest(bed.database)
})
afterAll(async () => {
  await ingest.close()
  await bed.close()
})

const id = async (text: string, values: unknown[]) => (await bed.one<{ id: number }>(text, values)).id

async function place(tenantId: number, hostname: string = crypto.randomUUID(), source = 'Custom.Test') {
  const hostId = await id('insert into hosts (tenant_id, hostname) values ($1, $2) returning id', [tenantId, hostname])
  return placeOn(bed, tenantId, hostId, source)
}

async function store(at: Awaited<ReturnType<typeof place>>, rows: (string | Buffer)[], firstRow = 0) {
  const bytes = Buffer.concat(rows.flatMap((row) => [Buffer.from(row as string), Buffer.from('\n')]))
  await storeGroup(ingest, at, { bytes, lines: rows.length, firstLine: 0 }, firstRow)
}

/** A person, and a look at their files. */
async function person(tenantId: number, role: Role = 'viewer') {
  const username = `p-${crypto.randomUUID()}`
  await bed.callerOf(tenantId, role, username)
  const userId = await id('select id from users where username = $1', [username])
  const { database, services } = bed
  const context = { database, services, actor: { userId, username, tenantId, role }, origin: {} }
  const file = async (exportId: number) => exportForActor(context, exportId)
  return { userId, context, api: createCaller(context), file }
}
type Person = Awaited<ReturnType<typeof person>>

const all = async (stream: AsyncIterable<Uint8Array>) => Buffer.concat(await Array.fromAsync(stream))
const settle = async (options: Parameters<typeof openExporter>[2] = {}, searches = bed.services.searches) => {
  const exporter = openExporter(bed.database, { ...bed.services, searches }, options)
  exporter.wake()
  await exporter.settled()
  await exporter.close()
}

/** Asks for an export and has it written. */
async function written({ api, file }: Person, format: ExportFormat, more: object = {}) {
  const { id: made } = await api.exports.create({ format, ...more })
  await settle()
  const row = await api.exports.get({ id: made })
  if (row.state !== 'done') throw new Error(row.error ?? row.state)
  const bytes = await all((await file(made)).follow(0))
  expect(row).toMatchObject({ bytes: bytes.length, sha256: await sha256(bytes) })
  return { ...row, content: bytes }
}

const sha256 = async (bytes: Uint8Array<ArrayBuffer>) =>
  Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex')

const hostile = [
  '{"big":9223372036854775808,"exp":1.0e400,"a":1, "a" : 2,"t":"x"}',
  String.raw`{"t":"nul \u0000 and half \ud800","n":{"k":[1.10,{"x":"\u003c"}]},"big":-5}`,
  '{"t":"=cmd|\' /C calc\'!A0","d.ot":"quote \\" comma, line\\nend","__proto__":"p"}',
  String.raw`{"t":"\u202egpj.exe","esc":"\u001b[31m","empty":"","null":null,"yes":true}`,
]

test('JSON lines are the bytes of the rows as they were sent', async () => {
  const tenantId = await bed.tenant()
  const ada = await person(tenantId)
  const rows = [...hostile.map((row) => Buffer.from(row)), Buffer.from([123, 34, 98, 34, 58, 34, 255, 254, 34, 125])]
  await store(await place(tenantId), rows)
  const done = await written(ada, 'jsonl')
  expect(done.content).toEqual(Buffer.concat(rows.flatMap((row) => [row, Buffer.from('\n')])))
  expect(done).toMatchObject({ rows: rows.length, notes: [] })
})

test('groups stand in the place of rows, each with how far it is spread and when it was seen', async () => {
  const tenantId = await bed.tenant()
  const ada = await person(tenantId)
  const day = (n: number) => `"Time":"2026-03-0${n}T00:00:00Z"`
  await store(await place(tenantId), [`{"a":"=1","c":"x",${day(1)}}`, `{"a":"=1","c":"x",${day(3)}}`, '{"b":1}'])
  await store(await place(tenantId), [String.raw`{"a":"\u001b[31m",${day(2)}}`, `{"a":"=1","c":"x",${day(2)}}`])
  const asked = { query: 'a:* | groupby a c' }
  const csv = await written(ada, 'csv', asked)
  expect(csv).toMatchObject({ rows: 2, of: 'group' })
  expect(csv.content.toString().split('\r\n')).toEqual([
    'a,c,_rows,_hosts,_first,_newest',
    "'=1,x,3,2,2026-03-01T00:00:00.000000Z,2026-03-03T00:00:00.000000Z",
    String.raw`"""\u001b[31m""",,1,1,2026-03-02T00:00:00.000000Z,2026-03-02T00:00:00.000000Z`,
    '',
  ])
  const lines = await written(ada, 'jsonl', asked)
  expect(lines.content.toString().split('\n')[0]).toBe(
    '{"a":"=1","c":"x","_rows":3,"_hosts":2,"_first":"2026-03-01T00:00:00.000000Z","_newest":"2026-03-03T00:00:00.000000Z"}',
  )
  const parquet = await written(ada, 'parquet', asked)
  expect((await readBack(parquet.content))[0]).toMatchObject({ a: '=1', _rows: '3' })
  const { rows: said } = await ada.api.notifications.list({ limit: 1 })
  expect(said[0]!.words).toContain('2 groups')
  await expect(ada.api.exports.create({ ...asked, format: 'csv', columns: ['b'] })).rejects.toMatchObject({
    code: 'BAD_REQUEST',
  })
  await expect(ada.api.exports.create({ query: '| count', format: 'csv' })).rejects.toMatchObject({
    code: 'BAD_REQUEST',
  })
})

test('CSV has every field, exact values, and cells that no spreadsheet runs', async () => {
  const tenantId = await bed.tenant()
  const ada = await person(tenantId)
  const at = await place(tenantId, 'WS-1', 'A/B')
  await store(at, hostile)
  const { content, notes } = await written(ada, 'csv')
  const [header, ...lines] = content.toString().split('\r\n')
  expect(header).toBe('_id,_time,_host,_source,big,exp,a,t,n,d.ot,__proto__,esc,empty,null,yes,_rest')
  const name = (row: number) => new RegExp(String.raw`^${at.collectionId}\.${at.sourceId}\.${row},[^,]+Z,WS-1,A/B,`)
  for (const [i, line] of lines.slice(0, 4).entries()) expect(line).toMatch(name(i))
  expect(lines.map((line, i) => line.replace(name(i), ''))).toEqual([
    '9223372036854775808,1.0e400,1,x,,,,,,,,"{""a"" : 2}"',
    String.raw`-5,,,"""nul \u0000 and half \ud800""","{""k"":[1.10,{""x"":""\u003c""}]}",,,,,,,`,
    `,,,'=cmd|' /C calc'!A0,,"quote "" comma, line\nend",p,,,,,`,
    `,,,\u202egpj.exe,,,,"""\\u001b[31m""","""",,true,`.replace('""""', '""'),
    '',
  ])
  expect(notes).toEqual([
    '1 cell that a spreadsheet would run has an apostrophe in front',
    '2 texts with control characters or half a character stand as JSON',
  ])
})

/** What hyparquet, a reader that the writer is no part of, reads. */
const readBack = async (bytes: Buffer) =>
  (await parquetReadObjects({
    file: new Uint8Array(bytes).buffer,
    compressors: { ZSTD: (input) => new Uint8Array(zstdDecompressSync(input)) },
  })) as Record<string, string | null | undefined>[]

test('Parquet is read back with every column as text and no number rounded', async () => {
  const tenantId = await bed.tenant()
  const ada = await person(tenantId)
  const at = await place(tenantId, 'WS-1', 'A/B')
  await store(at, [...hostile, '[1,2]'])
  const { content } = await written(ada, 'parquet')
  const rows = await readBack(content)
  expect(rows).toHaveLength(5)
  expect(rows[0]).toMatchObject({
    _id: `${at.collectionId}.${at.sourceId}.0`,
    big: '9223372036854775808',
    exp: '1.0e400',
    a: '1',
    _rest: '{"a" : 2}',
  })
  expect(rows[1]).toMatchObject({
    t: String.raw`"nul \u0000 and half \ud800"`,
    n: String.raw`{"k":[1.10,{"x":"\u003c"}]}`,
  })
  expect(rows[2]!.t).toBe("=cmd|' /C calc'!A0")
  expect(Object.entries(rows[2]!).find(([key]) => key === 'd.ot')?.[1]).toBe('quote " comma, line\nend')
  expect(rows[3]).toMatchObject({ empty: '', yes: 'true' })
  expect(rows[3]!.null ?? null).toBeNull()
  expect(rows[4]).toMatchObject({ _rest: '[1,2]' })
})

test('chosen columns are read as a query reads them, several values as an array', async () => {
  const tenantId = await bed.tenant()
  const ada = await person(tenantId)
  await store(await place(tenantId, 'WS-1', 'A/B'), [
    '{"Proc":{"Name":"a.exe","Pid":9007199254740993},"Net":[{"IP":"10.0.0.1"},{"IP":"10.0.0.2"}],"d.e":1}',
    '{"Proc":"none"}',
  ])
  const columns = ['host', 'proc.name', 'Proc.Pid', 'Net.IP', 'd.e', 'artifact']
  const { content } = await written(ada, 'csv', { columns })
  expect(content.toString()).toBe(
    'host,proc.name,Proc.Pid,Net.IP,d.e,artifact\r\nWS-1,a.exe,9007199254740993,"[""10.0.0.1"",""10.0.0.2""]",1,A\r\nWS-1,,,,,A\r\n',
  )
  const table = await written(ada, 'csv', { query: 'Proc:none | sortby time | table host Proc' })
  expect(table.content.toString()).toBe('host,Proc\r\nWS-1,none\r\n')
  expect(table.notes).toEqual(['rows are not in the order that the query asks for'])
})

test('an export of nothing is a file without rows', async () => {
  const ada = await person(await bed.tenant())
  expect((await written(ada, 'csv')).content.toString()).toBe('_id,_time,_host,_source,_rest\r\n')
  expect((await written(ada, 'jsonl')).content).toHaveLength(0)
  expect(await readBack((await written(ada, 'parquet')).content)).toEqual([])
})

test('a filtered export of many blocks holds each matching row once', async () => {
  const tenantId = await bed.tenant()
  const ada = await person(tenantId)
  const expected: string[] = []
  for (let host = 0; host < 4; host++) {
    const at = await place(tenantId)
    for (let block = 0; block < 6; block++) {
      const rows = Array.from(
        { length: 200 },
        (_, n) => `{"k":"${n % 7 === 0 ? 'yes' : 'no'}","i":"${host}.${block}.${n}"}`,
      )
      expected.push(...rows.filter((row) => row.includes('yes')))
      await store(at, rows, block * 200)
    }
  }
  for (const format of ['jsonl', 'parquet'] as const) {
    const { content, rows, blocks, blocksDone } = await written(ada, format, { query: 'k:yes' })
    const found =
      format === 'jsonl'
        ? content.toString().trimEnd().split('\n')
        : (await readBack(content)).map(({ k, i }) => JSON.stringify({ k, i }))
    expect(found.toSorted()).toEqual(expected.toSorted())
    expect([rows, blocks, blocksDone]).toEqual([expected.length, 24, 24])
  }
})

/** A pool that first does something at each question. */
const asking = (before: () => Promise<unknown>): SearchPool => ({
  ...bed.services.searches,
  open: (...args) => {
    const search = bed.services.searches.open(...args)
    const ask: typeof search.ask = async (...asked) => {
      await before()
      return search.ask(...asked)
    }
    return { ...search, ask }
  },
})

async function manyBlocks(tenantId: number) {
  const at = await place(tenantId)
  for (let block = 0; block < 24; block++) await store(at, [`{"n":${block}}`, `{"n":${block}}`], block * 2)
  return at
}

test('rows that come while it is written do not move it', async () => {
  const tenantId = await bed.tenant()
  const ada = await person(tenantId)
  await manyBlocks(tenantId)
  const { id: made } = await ada.api.exports.create({ format: 'jsonl' })
  let more = 0
  await settle(
    {},
    asking(async () => store(await place(tenantId), [`{"n":"late ${more++}"}`])),
  )
  const row = await ada.api.exports.get({ id: made })
  const content = (await all((await ada.file(made)).follow(0))).toString()
  expect([row.state, row.rows, more > 1, content.includes('late')]).toEqual(['done', 48, true, false])
})

/** Starts an export and holds it in its middle until told. */
async function held(ada: Person, format: ExportFormat = 'jsonl') {
  const { id: made } = await ada.api.exports.create({ format })
  const reached = Promise.withResolvers<void>()
  const go = Promise.withResolvers<void>()
  let asked = 0
  const searches = asking(async () => {
    if (++asked < 3) return
    reached.resolve()
    await go.promise
  })
  const exporter = openExporter(bed.database, { ...bed.services, searches })
  exporter.wake()
  await reached.promise
  return { made, exporter, go: go.resolve }
}

const filesOf = async (tenantId: number) =>
  (await bed.root.query('select f.id from files f where f.tenant_id = $1', [tenantId])).rows.length

test('a download begins while it is written and ends with the whole', async () => {
  const tenantId = await bed.tenant()
  const ada = await person(tenantId)
  await manyBlocks(tenantId)
  const { made, exporter, go } = await held(ada, 'csv')
  const file = await ada.file(made)
  expect([file.whole, file.bytes > 0]).toEqual([false, true])
  const stream = file.follow(0)
  const first = (await stream.next()).value!
  expect(first.toString()).toMatch(/^_id,_time/)
  go()
  const whole = Buffer.concat([first, await all(stream)])
  await exporter.settled()
  expect(whole).toEqual(await all((await ada.file(made)).follow(0)))
  expect(await all((await ada.file(made)).follow(10, 20))).toEqual(whole.subarray(10, 20))
  await exporter.close()
})

test('a cancelled export leaves no file, and cuts who was reading it', async () => {
  const tenantId = await bed.tenant()
  const ada = await person(tenantId)
  await manyBlocks(tenantId)
  const { made, exporter, go } = await held(ada, 'csv')
  const stream = (await ada.file(made)).follow(0)
  expect((await stream.next()).value!.length).toBeGreaterThan(0)
  expect(await ada.api.exports.cancel({ id: made })).toMatchObject({ state: 'cancelled', bytes: 0 })
  await expect(all(stream)).rejects.toThrow('the export was cut')
  go()
  await exporter.settled()
  await exporter.close()
  expect(await ada.api.exports.get({ id: made })).toMatchObject({ state: 'cancelled' })
  expect(await filesOf(tenantId)).toBe(0)
  await expect(ada.file(made)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(ada.api.exports.cancel({ id: made })).rejects.toMatchObject({ code: 'CONFLICT', reason: 'closed' })
  expect((await ada.api.notifications.list({})).rows).toEqual([])
})

test('one that its process gives back begins again, and is never half', async () => {
  const tenantId = await bed.tenant()
  const ada = await person(tenantId)
  await manyBlocks(tenantId)
  const { made, exporter, go } = await held(ada)
  const closing = exporter.close()
  go()
  await closing
  expect(await ada.api.exports.get({ id: made })).toMatchObject({ state: 'queued' })
  await expect(ada.file(made)).rejects.toMatchObject({ code: 'CONFLICT' })
  await settle()
  const row = await ada.api.exports.get({ id: made })
  expect([row.state, row.rows, await filesOf(tenantId)]).toEqual(['done', 48, 1])
})

test('one whose process died is taken up when it gives no sign of life, and its half file goes', async () => {
  const tenantId = await bed.tenant()
  const ada = await person(tenantId)
  await manyBlocks(tenantId)
  const { id: made } = await ada.api.exports.create({ format: 'jsonl' })
  await bed.root.query(
    `with f as (insert into files (tenant_id) values ($1) returning id),
      c as (insert into file_chunks (tenant_id, file_id, n, bytes) select $1, id, 0, 'half' from f)
     update exports set state = 'running', attempts = 1, bytes = 4, file_id = f.id, seen_at = now() from f where tenant_id = $1`,
    [tenantId],
  )
  await settle()
  expect(await ada.api.exports.get({ id: made })).toMatchObject({ state: 'running' })
  await bed.root.query("update exports set seen_at = now() - interval '1 minute' where tenant_id = $1", [tenantId])
  await settle()
  const row = await ada.api.exports.get({ id: made })
  expect([row.state, row.rows, await filesOf(tenantId)]).toEqual(['done', 48, 1])
  expect((await all((await ada.file(made)).follow(0))).toString()).not.toContain('half')
})

test('who asked is told of the end with rows and bytes, or of why it failed', async () => {
  const tenantId = await bed.tenant()
  const ada = await person(tenantId)
  await store(await place(tenantId), ['{"a":"=1"}', '{"a":"b"}'])
  await written(ada, 'csv')
  const { id: failing } = await ada.api.exports.create({ format: 'jsonl' })
  const full = () => {
    throw new AppError('SERVICE_UNAVAILABLE', 'The disk of the server is full')
  }
  await settle({ checkRoom: full })
  expect(await ada.api.exports.get({ id: failing })).toMatchObject({
    state: 'failed',
    error: 'The disk of the server is full',
    bytes: 0,
  })
  const { rows } = await ada.api.notifications.list({})
  expect(rows.map(({ words }) => words)).toEqual([
    'Your JSON lines export failed: The disk of the server is full',
    expect.stringMatching(
      /^Your CSV export is ready: 2 rows, \d+ bytes, nothing left out\. 1 cell that a spreadsheet would run has an apostrophe in front\.$/,
    ),
  ])
  expect(rows[0]!.link).toBe('/exports')
  expect(await filesOf(tenantId)).toBe(1)
})

test.each(['all walls', 'the WHERE clauses alone'])('%s keep an export its own', async (walls) => {
  const [own, other] = [await bed.tenant(), await bed.tenant()]
  const [ada, colleague, stranger] = [await person(own), await person(own, 'admin'), await person(other, 'admin')]
  const mark = crypto.randomUUID()
  await store(await place(own), [`{"m":"${mark}"}`])
  await store(await place(other), ['{"m":"theirs"}'])
  if (walls !== 'all walls')
    for (const table of ['exports', 'files', 'file_chunks', 'blocks', 'runs', 'fields'])
      await bed.root.query(`alter table ${table} disable row level security`)
  const { id: made, content } = await written(ada, 'csv')
  expect([content.includes(mark), content.includes('theirs')]).toEqual([true, false])
  for (const { api, file } of [colleague, stranger]) {
    expect(await api.exports.list({})).toMatchObject({ rows: [], total: 0 })
    for (const ask of [api.exports.get, api.exports.cancel, api.exports.remove])
      await expect(ask({ id: made })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(file(made)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  }
  expect(await ada.api.exports.list({})).toMatchObject({ total: 1 })
  for (const table of ['exports', 'files', 'file_chunks', 'blocks', 'runs', 'fields'])
    await bed.root.query(`alter table ${table} enable row level security`)
})

test('a super-admin exports another tenant or all of them, audited, and only while they are one', async () => {
  const [own, other] = [await bed.tenant(), await bed.tenant()]
  const [boss, mark] = [await person(own, 'super_admin'), crypto.randomUUID()]
  await store(await place(own), [`{"m":"${mark}","w":"own"}`])
  await store(await place(other), [`{"m":"${mark}","w":"other"}`])
  const one = await written(boss, 'jsonl', { tenant: other, query: `m:${mark}` })
  expect(one.content.toString()).toBe(`{"m":"${mark}","w":"other"}\n`)
  const every = await written(boss, 'csv', { tenant: 'all', query: `m:${mark}` })
  expect(every.content.toString()).toMatch(/^_id,_time,_host,_source,_tenant,/)
  expect([every.rows, every.ofTenant]).toEqual([2, null])
  const events = await bed.root.query(
    'select tenant_id, action, detail from audit_events where actor_id = $1 order by id',
    [boss.userId],
  )
  expect(events.rows).toMatchObject([
    { tenant_id: other, action: 'act in tenant', detail: { procedure: 'exports.create' } },
    { tenant_id: own, action: 'export.create', detail: { format: 'jsonl', tenant: other, query: `m:${mark}` } },
    { tenant_id: own, action: 'read across tenants', detail: { procedure: 'exports.create' } },
    { tenant_id: own, action: 'export.create', detail: { format: 'csv', tenant: 'all' } },
  ])
  for (const fallen of [{ role: 'admin' as const }, { tokenId: 1 }]) {
    const context = { ...boss.context, actor: { ...boss.context.actor, ...fallen } }
    await expect(exportForActor(context, every.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(await createCaller(context).exports.list({})).toMatchObject({ rows: [] })
  }
  const { id: late } = await boss.api.exports.create({ format: 'csv', tenant: 'all' })
  await bed.root.query("update users set role = 'admin' where id = $1", [boss.userId])
  await settle()
  const { rows } = await bed.root.query('select state, error from exports where id = $1', [late])
  expect(rows).toEqual([{ state: 'failed', error: 'You may not read these rows any longer' }])
})

test.each([
  ['| count', 'An export writes rows'],
  ['| timechart a', 'An export writes rows'],
  ['| groupby mark', 'mark: can be asked for'],
  ['(', 'Expected'],
  ['| table label', 'label is no column of an export'],
])('%j is refused when it is asked for', async (query, why) => {
  const { api } = await person(await bed.tenant())
  await expect(api.exports.create({ query, format: 'csv' })).rejects.toMatchObject({
    code: 'BAD_REQUEST',
    message: expect.stringContaining(why),
  })
})

test('one person has so many under way at most', async () => {
  const { api } = await person(await bed.tenant())
  for (let i = 0; i < 10; i++) await api.exports.create({ query: `x:${i}`, format: 'csv' })
  await expect(api.exports.create({ format: 'csv' })).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' })
  await settle()
  expect(await api.exports.create({ format: 'csv' })).toMatchObject({ state: 'queued' })
})

test('the file goes after three days, or when it is removed, and the export stays listed', async () => {
  const tenantId = await bed.tenant()
  const ada = await person(tenantId)
  const [first, second] = [await written(ada, 'csv'), await written(ada, 'csv')]
  expect(Math.round((first.expiresAt!.getTime() - first.endedAt!.getTime()) / 86_400_000)).toBe(3)
  expect(await ada.api.exports.remove({ id: second.id })).toMatchObject({ state: 'expired' })
  await expireExports(bed.database, new AbortController().signal)
  expect(await ada.api.exports.get({ id: first.id })).toMatchObject({ state: 'done' })
  await bed.root.query('update exports set expires_at = now() where id = $1', [first.id])
  await expireExports(bed.database, new AbortController().signal)
  expect(await ada.api.exports.list({})).toMatchObject({ rows: [{ state: 'expired' }, { state: 'expired' }] })
  expect(await filesOf(tenantId)).toBe(0)
  await expect(ada.file(first.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
})
