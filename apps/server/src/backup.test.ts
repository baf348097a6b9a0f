import { execFile } from 'node:child_process'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openIngest, receive, type Ingest } from '@velocicompanion/api'
import { testBed, type TestBed } from '@velocicompanion/api/testing'
import { backup, restore } from '@velocicompanion/db/backup'
import { migrateDown } from '@velocicompanion/db'
import { emptyDatabase } from '@velocicompanion/db/testing'
import { connect, managed, testServers } from '@velocicompanion/db/testing-servers'
import { afterAll, beforeAll, expect, test } from 'vitest'

const servers = await testServers()
const folder = mkdtempSync(join(tmpdir(), 'velocicompanion-backup-'))
const file = join(folder, 'all.backup')
const quiet = { say: () => {} }
let bed: TestBed
let ingest: Ingest & { close(): Promise<void> }
let source: Contents
let send: (flow: number) => Promise<unknown>

/** Each table's rows as text, every byte of them. */
type Contents = Record<string, string[]>

async function contentsOf(url: string, snapshot?: string): Promise<Contents> {
  const client = await connect(url)
  try {
    await client.query('begin isolation level repeatable read')
    if (snapshot !== undefined) await client.query(`set transaction snapshot '${snapshot}'`)
    const { rows: tables } = await client.query<{ name: string }>(
      "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition and relname !~ '^kysely' order by 1",
    )
    const found: Contents = {}
    for (const { name } of tables) {
      const { rows } = await client.query<{ row: string }>(`select t::text as row from ${name} t order by 1`)
      found[name] = rows.map((row) => row.row)
    }
    return found
  } finally {
    await client.end()
  }
}

beforeAll(async () => {
  bed = await testBed()
  ingest = await openIngest(bed.database, bed.services)
  const tenantId = await bed.tenant()
  const admin = await bed.callerOf(tenantId, 'admin')
  const { id: tokenId } = await admin.tokens.create({ name: 't', scope: 'ingest', server: 's', orgId: 'root' })
  const { id: serverId } = await bed.one<{ id: number }>('select id from velociraptor_servers', [])
  const { id: caseId } = await admin.cases.create({ title: 'ünïcode \u{1f50e}', description: 'a\nb\tc\\N' })
  await admin.artifacts.create({ caseId, artifactType: 'ip', value: '192.0.2.1' })
  send = (flow) => {
    const head = { kind: 'batch', version: 1, org_id: 'root', client_id: 'C.1', flow_id: `F.${flow}`, artifact: 'A/B' }
    const lines = Array.from(
      { length: 20 },
      (_, i) => `{"n":${flow}.${i},"odd":"\\u0000\\ud800 é","big":9223372036854775808}`,
    )
    const body = [JSON.stringify({ ...head, start_row: 0, rows: 21 }), ...lines, 'not JSON', ''].join('\n')
    const credential = { tenantId, tokenId, serverId }
    return receive(ingest, { credential, body: Readable.from([Buffer.from(body)]), limit: 1e7, origin: {} })
  }
  for (let flow = 0; flow < 5; flow++) await send(flow)
  await workOnRows(admin)
  await backUpWhileRowsArrive()
})
afterAll(async () => {
  for (const server of servers) server.stop()
  await ingest.close()
  await bed.close()
  rmSync(folder, { recursive: true })
})

/** What people leave behind, so that the tables of their work are not empty. */
async function workOnRows(admin: Awaited<ReturnType<TestBed['callerOf']>>) {
  const found = await admin.rows.search({ query: '', limit: 2 })
  const [row, other] = found.rows.map(({ id }) => id)
  const { id: hostId } = (await admin.hosts.list({})).rows[0]!
  await admin.preferences.set({ key: 'columns.1', value: { order: ['a.b', 'ü"'] } })
  await admin.searches.create({ name: 'Odd \u{1f50e}', query: 'odd:*' })
  await admin.annotations.create({ hostId, at: '2026-11-24T07:05:02.1234567Z', text: 'first contact', row: row! })
  await admin.indicators.create({ name: 'list', indicators: [{ kind: 'ip', value: '192.0.2.1' }] })
  await admin.triage.mark({ rows: [row!, other!], mark: 'malicious' })
}

const ofWork = [
  'preferences',
  'saved_searches',
  'annotations',
  'indicator_lists',
  'indicators',
  'row_marks',
  'triage_changes',
]

async function backUpWhileRowsArrive() {
  let [flow, ended] = [5, false]
  const sending = (async () => {
    while (!ended) await send(flow++)
  })()
  await backup(bed.database.url, file, {
    ...quiet,
    onSnapshot: async (snapshot) => {
      const before = flow
      source = await contentsOf(bed.database.superUrl, snapshot)
      while (flow < before + 3) await new Promise(setImmediate)
    },
  })
  ended = true
  await sending
  // What came after the snapshot is in the database and not in the backup.
  expect((await contentsOf(bed.database.superUrl)).runs!.length).toBeGreaterThan(source.runs!.length)
}

test.each(servers)(
  'a backup that was taken while rows arrived is restored into $name, byte for byte',
  async ({ name, superUrl }) => {
    const login = `restored_${process.pid}_${servers.findIndex((s) => s.name === name)}`
    const [url] = await managed(superUrl, login, 'noinherit')
    const said: string[] = []
    await restore(url, file, { say: (line) => void said.push(line) })
    expect(said.some((line) => /^blocks: [1-9]\d* rows$/.test(line))).toBe(true)
    const asSuper = new URL(superUrl)
    asSuper.pathname = new URL(url).pathname
    const restored = await contentsOf(asSuper.href)
    expect(Object.keys(restored)).toEqual(Object.keys(source))
    for (const [table, rows] of Object.entries(source)) expect(restored[table], table).toEqual(rows)
    for (const table of ofWork) expect(restored[table]!.length, table).toBeGreaterThan(0)
    expect(restored.blocks!.length).toBeGreaterThanOrEqual(5)
    expect(restored.rejected_parts!.length).toBeGreaterThanOrEqual(5)
    const client = await connect(asSuper.href)
    const { rows } = await client.query<{ next: number; used: number }>(
      "select nextval('deliveries_id_seq')::int as next, (select max(id)::int from deliveries) as used",
    )
    expect(rows[0]!.next).toBeGreaterThan(rows[0]!.used)
    const { rows: numbers } = await client.query<{ free: boolean }>(
      'select next_block_id(now()) > max(block_id) as free from blocks',
    )
    expect(numbers).toEqual([{ free: true }])
    await client.end()
    await expect(restore(url, file, quiet)).rejects.toThrow('The database is not empty')
    expect(await contentsOf(asSuper.href)).toEqual(restored)
    await migrateDown(url, true)
  },
)

const bytes = () => readFileSync(file)
const flipped = (at: number) => {
  const copy = bytes()
  copy[at < 0 ? copy.length + at : at]! ^= 1
  return copy
}
test.each([
  ['cut in the middle', () => bytes().subarray(0, bytes().length >> 1)],
  ['cut before its last byte', () => bytes().subarray(0, -1)],
  ['cut after its parts', () => bytes().subarray(0, -37)],
  ['empty', () => Buffer.alloc(0)],
  ['longer than it was', () => Buffer.concat([bytes(), Buffer.from('x')])],
  ['changed at its beginning', () => flipped(40)],
  ['changed in the middle', () => flipped(bytes().length >> 1)],
  ['changed in its manifest', () => flipped(-120)],
  ['changed at its end', () => flipped(-1)],
])('a file that is %s is refused before the database is touched', async (_what, made) => {
  const copy = join(folder, 'damaged.backup')
  writeFileSync(copy, made())
  const empty = await emptyDatabase()
  await expect(restore(empty.url, copy, quiet)).rejects.toThrow(/is damaged|is no backup/)
  expect(await contentsOf(empty.superUrl)).toEqual({})
  await empty.drop()
})

test('a database that fails in the middle is left empty, and the next try succeeds', async () => {
  const empty = await emptyDatabase()
  const client = await connect(empty.superUrl)
  // The last of the tables takes no row.
  await client.query(`create function refuse() returns event_trigger language plpgsql as $$ begin
    if exists (select from pg_class where relname = 'case_rows') and not exists (select from pg_constraint where conname = 'broken') then
      execute 'alter table public.deliveries add constraint broken check (id < 0)'; end if; end $$;
    alter function refuse owner to velocicompanion;
    create event trigger refusing on ddl_command_end execute function refuse()`)
  await expect(restore(empty.url, file, quiet)).rejects.toThrow(
    /The restore failed: .*broken.*The database is empty again/s,
  )
  await client.query('drop event trigger refusing; drop function refuse')
  expect(await contentsOf(empty.superUrl)).toEqual({})
  await restore(empty.url, file, quiet)
  expect(await contentsOf(empty.superUrl)).toEqual(source)
  await client.end()
  await migrateDown(empty.url, true)
  await empty.drop()
})

test('the file is for its owner alone, and a backup that fails keeps the one before it', async () => {
  const kept = join(folder, 'kept.backup')
  copyFileSync(file, kept)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const broken = backup(bed.database.url, kept, { ...quiet, onSnapshot: () => Promise.reject(new Error('cut')) })
  await expect(broken).rejects.toThrow('cut')
  expect(readFileSync(kept).equals(bytes())).toBe(true)
  expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([])
})

test('the operator backs up and restores by command, and is told in a sentence what is wrong', async () => {
  const run = promisify(execFile)
  const admin = fileURLToPath(new URL('./admin.ts', import.meta.url))
  const empty = await emptyDatabase()
  const env = (url: string) => ({
    ...process.env,
    DATABASE_URL: url,
    SECRET_KEY: 'one secret of at least 32 characters',
  })
  const made = join(folder, 'command.backup')
  const saved = await run(process.execPath, [admin, 'backup', made], { env: env(bed.database.url) })
  expect(saved.stdout).toMatch(/command\.backup: \d+ tables, \d+ rows, .* SECRET_KEY is not in it/)
  expect(saved.stderr).toMatch(/^blocks: \d+ rows, \d+ bytes$/m)
  const loaded = await run(process.execPath, [admin, 'restore', made], { env: env(empty.url) })
  expect(loaded.stdout).toMatch(/^Restored \d+ tables as they were on /)
  const again = run(process.execPath, [admin, 'restore', made], { env: env(empty.url) })
  await expect(again).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^Checking the file\nThe database is not empty.*\n$/),
  })
  await migrateDown(empty.url, true)
  await empty.drop()
})
