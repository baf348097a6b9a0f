import { execFileSync, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, describe, expect, test } from 'vitest'
import { fill } from '../migrations/fill.ts'
import { freePort } from './embedded-files.ts'
import { migrateDown, migrateUp } from './migrate.ts'
import { rolesOf } from './roles.ts'
import { testCluster } from './testing.ts'

interface Server {
  name: string
  superUrl: string
  stop(): void
}

const debian = '/usr/lib/postgresql'
const installed = existsSync(debian)
  ? readdirSync(debian)
      .filter((v) => Number(v) >= 15 && existsSync(join(debian, v, 'bin/initdb')))
      .toSorted((a, b) => Number(a) - Number(b))
  : []
if (installed.length === 0)
  console.log('skipped: walls on a PostgreSQL of the system (package postgresql is not installed)')

/** A throw-away server of the system's own packages, as user postgres where we are root. */
async function startSystem(version: string): Promise<Server> {
  const dir = mkdtempSync(join(tmpdir(), `velocicompanion-pg${version}-`))
  const id = (flag: string) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout)
  const as = process.getuid?.() === 0 ? { uid: id('-u'), gid: id('-g') } : {}
  if (as.uid !== undefined) chownSync(dir, as.uid, as.gid)
  const run = (program: string, ...args: string[]) =>
    execFileSync(join(debian, version, 'bin', program), args, { ...as, cwd: dir, stdio: 'ignore' })
  const port = await freePort()
  const data = join(dir, 'data')
  run('initdb', '-D', data, '-U', 'postgres', '-A', 'trust', '--encoding=UTF8', '--locale=C', '--no-sync')
  const settings = `-c port=${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off`
  run('pg_ctl', '-D', data, '-w', '-l', join(dir, 'log'), '-o', settings, 'start')
  return {
    name: `PostgreSQL ${version}`,
    superUrl: `postgres://postgres@127.0.0.1:${port}/postgres`,
    stop: () => run('pg_ctl', '-D', data, '-m', 'immediate', '-w', 'stop'),
  }
}

const servers: Server[] = [
  { name: 'embedded PostgreSQL', superUrl: testCluster().superUrl, stop: () => {} },
  ...(await Promise.all(installed.map(startSystem))),
]
afterAll(() => servers.forEach((s) => s.stop()))

async function connect(url: string) {
  const client = new pg.Client(url)
  await client.connect()
  return client
}

/** A login as a managed server gives it: no superuser, no BYPASSRLS, may create roles, owns two databases. */
async function managed(superUrl: string, login: string, inherits: string) {
  const admin = await connect(superUrl)
  await admin.query(`create role ${login} login createrole ${inherits} password 'p'`)
  const urls: string[] = []
  for (const name of [`${login}_a`, `${login}_b`]) {
    await admin.query(`create database ${name} owner ${login}`)
    const url = new URL(superUrl)
    url.username = login
    url.password = 'p'
    url.pathname = `/${name}`
    urls.push(url.href)
    // Up to PostgreSQL 15 a login that inherits nothing gets its right to schema public by owning it.
    url.username = new URL(superUrl).username
    url.password = new URL(superUrl).password
    const owner = await connect(url.href)
    await owner.query(`alter schema public owner to ${login}`)
    await owner.end()
  }
  await admin.end()
  return urls as [string, string]
}

describe.each(servers)('$name', ({ superUrl }) => {
  test.each(['inherit', 'noinherit'])(
    'two databases of one managed login (%s) carry the same walls and do not collide',
    async (inherits) => {
      const urls = await managed(superUrl, `${inherits}_${process.pid}`, inherits)
      for (const url of urls) {
        await migrateUp(url)
        const client = await connect(url)
        await fill(client, rolesOf(new URL(url).pathname.slice(1)))
        await client.end()
      }
      for (const url of urls) await checkWalls(url)
      await migrateDown(urls[0], true)
      await checkWalls(urls[1])
      await migrateDown(urls[1], true)
    },
  )
})

async function checkWalls(url: string) {
  const { app, evidence, reader } = rolesOf(new URL(url).pathname.slice(1))
  const client = await connect(url)
  const as = async (role: string, tenant: number | undefined, statement: string) => {
    await client.query(`begin; set local role ${role}; ${tenant ? `set local app.tenant_id = '${tenant}';` : ''}`)
    try {
      return (await client.query(statement)).rows
    } finally {
      await client.query('rollback')
    }
  }
  for (const table of ['hosts', 'blocks', 'runs', 'block_columns', 'cases', 'audit_events']) {
    expect(await as(app, 1, `select tenant_id from ${table}`), table).toHaveLength(1)
    expect(await as(app, 2, `select tenant_id from ${table}`), table).toEqual([])
    expect(await as(app, undefined, `select tenant_id from ${table}`), table).toEqual([])
    expect(await as(reader, undefined, `select tenant_id from ${table}`), table).toHaveLength(1)
  }
  const find = "find_blocks(1, '{1}', null, -1, 1)"
  expect(await as(app, 1, `select * from ${find}`)).toHaveLength(1)
  await expect(as(app, 2, `select * from ${find}`)).rejects.toThrow('not this tenant')
  await expect(as(app, undefined, `select * from ${find}`)).rejects.toThrow('not this tenant')
  await expect(as(reader, undefined, `select * from ${find}`)).rejects.toThrow('permission denied')
  expect(await as(reader, undefined, "select * from find_blocks_everywhere('{1}', -1, 1)")).toHaveLength(1)
  await expect(as(app, 1, "select * from find_blocks_everywhere('{1}', -1, 1)")).rejects.toThrow('permission denied')
  await expect(as(app, 1, "insert into hosts (tenant_id, hostname) values (2, 'x')")).rejects.toThrow(
    'row-level security',
  )
  await expect(as(app, 1, 'delete from audit_events')).rejects.toThrow('permission denied')
  await expect(as(app, 1, "update audit_events set action = 'x'")).rejects.toThrow('permission denied')
  await expect(as(reader, undefined, 'delete from hosts')).rejects.toThrow('permission denied')
  await expect(as(evidence, undefined, 'select * from hosts')).rejects.toThrow('permission denied')
  await expect(as(app, 1, 'insert into blocks select * from blocks')).rejects.toThrow('permission denied')
  await client.end()
}
