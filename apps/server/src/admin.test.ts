import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { migrateDown } from '@velocicompanion/db'
import { emptyDatabase } from '@velocicompanion/db/testing'
import { connect } from '@velocicompanion/db/testing-servers'
import { afterAll, beforeAll, expect, test } from 'vitest'

const script = fileURLToPath(new URL('admin.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'velocicompanion-admin-'))
const secrets = { SECRET_KEY: 'one secret of at least 32 characters', METRICS_TOKEN: 'and one that reads metrics' }
let database: Awaited<ReturnType<typeof emptyDatabase>>
beforeAll(async () => {
  database = await emptyDatabase()
})
afterAll(async () => {
  await migrateDown(database.url, true)
  await database.drop()
  rmSync(folder, { recursive: true })
})

/** What the command says and how it ends. Without a DATABASE_URL it has the embedded PostgreSQL of `folder`. */
function admin(args: string[], settings: Record<string, string> = { DATABASE_URL: database.url }) {
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    DATA_DIR: join(folder, 'data'),
    ...secrets,
    ...settings,
  }
  return new Promise<{ code: unknown; out: string; error: string }>((resolve) => {
    execFile(process.execPath, [script, ...args], { env }, (failure, out, error) =>
      resolve({ code: failure?.code ?? 0, out, error }),
    )
  })
}

test('migrate brings an empty database up, says what ran, and takes the newest migration back', async () => {
  const lines = ({ out }: { out: string }) => out.trim().split('\n')
  const before = lines(await admin(['migrate', 'status']))
  expect(before.length).toBeGreaterThan(10)
  expect(before.every((line) => line.endsWith('  not run'))).toBe(true)
  const names = before.map((line) => line.split('  ')[0])
  expect(lines(await admin(['migrate', 'up']))).toEqual(names)
  expect(lines(await admin(['migrate', 'up']))).toEqual(['Nothing to do.'])
  expect(lines(await admin(['migrate', 'down']))).toEqual([names.at(-1)])
  const after = lines(await admin(['migrate', 'status']))
  expect(after.map((line) => line.endsWith('not run'))).toEqual(names.map((_, i) => i === names.length - 1))
  expect((await admin(['doctor'])).out).toMatch(/^migrations: 1 not run; the next start runs them$/m)
  await admin(['migrate', 'up'])
})

test('a user gets a one-time link and is unlocked, by any case of the name, which is audited', async () => {
  await admin(['migrate', 'up'])
  const root = await connect(database.superUrl)
  await root.query(`insert into tenants (id, name) overriding system value values (1, 'Northwind');
    insert into users (tenant_id, username, role, password_hash) values (1, 'Ada', 'admin', 'x')`)
  const reset = await admin(['users', 'reset-password', 'ada'], {
    DATABASE_URL: database.url,
    PUBLIC_URL: 'https://desk.example.com',
  })
  expect(reset).toMatchObject({ code: 0, error: '' })
  expect(reset.out).toMatch(
    /^One-time link for ada, valid for two days: https:\/\/desk\.example\.com\/welcome#[\w-]{20,}\n$/,
  )
  expect(await admin(['users', 'unlock', 'ADA'])).toMatchObject({ code: 0, out: 'ADA may try again at once.\n' })
  const { rows: links } = await root.query('select user_id from one_time_links')
  expect(links).toHaveLength(1)
  const { rows } = await root.query<{ action: string }>('select action from audit_events order by id')
  expect(rows.map((row) => row.action)).toEqual(['user.reset by operator', 'user.link', 'user.unlock by operator'])
  const unknown = await admin(['users', 'unlock', 'nobody'])
  expect([unknown.code, unknown.out, unknown.error.trim().split('\n')]).toEqual([1, '', [expect.any(String)]])
  await root.end()
})

test('reindex makes what is derived anew, and ends with an error where it had to leave a block alone', async () => {
  await admin(['migrate', 'up'])
  expect(await admin(['reindex'])).toMatchObject({ code: 0, out: '0 blocks with 0 rows made anew; 0 damaged.\n' })
  const root = await connect(database.superUrl)
  await root.query(`insert into tenants (id, name) overriding system value values (9, 'Contoso');
    insert into sources (tenant_id, name) values (9, 'A/B');
    insert into blocks (tenant_id, block_id, source_id, host_ids, n, t_min, t_max, raw_bytes, raw, frames, terms)
      select 9, nextval('block_numbers'), id, '{}', 7, 0, 0, 2, 'x', '{0,1}', '{1}' from sources where tenant_id = 9`)
  const { code, out } = await admin(['reindex'])
  expect(code).toBe(1)
  expect(out).toMatch(
    /^Damaged and left as it is: block \d+ of tenant 9, A\/B, 7 rows: its lines can not be unpacked\.\n0 blocks with 0 rows made anew; 1 damaged\.\n$/,
  )
  await root.end()
})

test('doctor looks at settings, disk, database, clock and versions where no server runs, and shows no secret', async () => {
  const { code, out } = await admin(['doctor'], { PORT: '8123' })
  expect(code).toBe(0)
  expect(out).toMatch(/^PORT: 8123$/m)
  expect(out).toMatch(/^METRICS_TOKEN: set, not shown$/m)
  for (const secret of Object.values(secrets)) expect(out).not.toContain(secret)
  expect(out).toMatch(/^version: \d+\.\d+\.\d+, Node v\d/m)
  expect(out).toMatch(/^disk: [\d.]+ .B free of [\d.]+ .B/m)
  expect(out).toMatch(/^database: PostgreSQL 18\.\d+.* answers; its clock differs by -?\d+ ms$/m)
  expect(out).toMatch(/^migrations: \d+ not run; the next start runs them$/m)
})

test('the address of a database is a secret too', async () => {
  const { out } = await admin(['doctor'])
  expect(out).toMatch(/^DATABASE_URL: set, not shown$/m)
  expect(out).not.toContain(new URL(database.url).password)
})

test.each([[[]], [['users', 'reset-password']], [['migrate', 'sideways']], [['toString']]])(
  'what is no command is answered with the commands: %j',
  async (args) => {
    expect(await admin(args)).toEqual({
      code: 2,
      out: '',
      error: expect.stringContaining('users reset-password <name>'),
    })
  },
)

test('a wrong setting is told in one sentence', async () => {
  expect(await admin(['doctor'], { PORT: 'eighty' })).toEqual({
    code: 1,
    out: '',
    error: 'PORT must be a whole number from 0 to 65535\n',
  })
})
