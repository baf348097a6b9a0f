import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { firstAccount, freePort, postgresPid, startServer } from '../apps/server/src/testing.ts'
import { type Deliveries, writeDeliveries } from './deliveries.ts'
import type { Order } from './sender.ts'

/** The real server on an empty database of its own, with a first account. */
export async function bed() {
  const dataDir = mkdtempSync(join(tmpdir(), 'velocicompanion-bench-'))
  const server = await startServer(dataDir, await freePort())
  // Whatever ends the benchmark ends the server, and with it its PostgreSQL.
  const end = () => server.process.kill()
  process.once('exit', end)
  const remove = async () => {
    process.off('exit', end)
    await server.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
  try {
    const account = await firstAccount(server.base)
    return { ...server, dataDir, account, pid: server.process.pid!, postmaster: postgresPid(dataDir), remove }
  } catch (error) {
    await remove()
    throw error
  }
}

/** Where the embedded PostgreSQL of `dataDir` listens, for the superuser and for the product's login. */
export function postgresUrls(dataDir: string) {
  const folder = join(dataDir, 'postgres')
  const port = readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8')
    .split('\n')[3]!
    .trim()
  const url = (user: string, file: string, database: string) =>
    `postgres://${user}:${encodeURIComponent(readFileSync(join(folder, file), 'utf8').trim())}@127.0.0.1:${port}/${database}`
  return {
    login: url('velocicompanion', 'login.password', 'velocicompanion'),
    superuser: url('postgres', 'superuser.password', 'velocicompanion'),
  }
}

export async function connect(url: string) {
  const client = new pg.Client({ connectionString: url })
  // The first failure tells; a connection that the end of the server breaks does not.
  client.on('error', () => {})
  await client.connect()
  const one = async (text: string, values: unknown[] = []) => Number((await client.query(text, values)).rows[0]?.n)
  return { query: client.query.bind(client), one, end: () => client.end() }
}

/** Seeded deliveries in a folder, and a process of its own that sends them. */
export const openSender = (rows: number, flowRows?: number) =>
  openSenderOf((folder) => writeDeliveries(folder, rows, flowRows))

export async function openSenderOf(write: (folder: string) => Deliveries) {
  const folder = mkdtempSync(join(tmpdir(), 'velocicompanion-rows-'))
  const index = write(folder)
  const script = fileURLToPath(new URL('sender.ts', import.meta.url))
  const child = spawn(process.execPath, [script, folder], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error('the sender failed')
    return JSON.parse(value) as { ms: number }
  }
  await answer()
  const order = async (what: Order) => {
    child.stdin.write(`${JSON.stringify(what)}\n`)
    return (await answer()).ms
  }
  const close = async () => {
    child.stdin.end()
    if (child.exitCode === null) await once(child, 'exit')
    rmSync(folder, { recursive: true, force: true })
  }
  return { index, order, close }
}
