import { execFileSync, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { freePort } from './embedded-files.ts'
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
  process.stdout.write('skipped: a PostgreSQL of the system (package postgresql is not installed)\n')

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

/** The run's own cluster, and one of each version that the system's packages hold; those are the caller's to stop. */
export const testServers = async (): Promise<Server[]> => [
  { name: 'embedded PostgreSQL', superUrl: testCluster().superUrl, stop: () => {} },
  ...(await Promise.all(installed.map(startSystem))),
]

export async function connect(url: string) {
  const client = new pg.Client(url)
  await client.connect()
  return client
}

/** A login as a managed server gives it: no superuser, no BYPASSRLS, may create roles, owns two databases. */
export async function managed(superUrl: string, login: string, inherits: string) {
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
