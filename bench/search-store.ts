import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { clientOf, firstAccount, freePort, postgresPid, startServer } from '../apps/server/src/testing.ts'
import { joinBlocks } from '../packages/api/src/blocks/jobs.ts'
import { openDatabase } from '../packages/db/src/index.ts'
import { connect, openSenderOf, postgresUrls } from './bed.ts'
import type { Deliveries } from './deliveries.ts'
import { tenantCount, tenantOfHost, writeHunt, writeTriage } from './search-rows.ts'
import { hosts } from './world.ts'

/** What a filled folder holds. */
export interface Store {
  dataDir: string
  rows: number
  bytes: number
  who: { username: string; password: string }
  /** Ids, the largest first. */
  tenants: number[]
  /** The tenant of the hunt alone. */
  hunt: number
  huntRows: number
  load: { seconds: number; blocks: number; joinedSeconds: number; joinedBlocks: number }
  disk: { asDelivered: number; joined: number }
}

const stateFile = (dataDir: string) => join(dataDir, 'bench-search.json')

/** The rows of a kept folder, or a new one with them: sent as the Feed sends them, then joined as the job does. */
export async function openStore(rows: number, kept: string | undefined) {
  const dataDir = kept ?? mkdtempSync(join(tmpdir(), 'velocicompanion-search-'))
  mkdirSync(dataDir, { recursive: true })
  const remove = () => kept === undefined && rmSync(dataDir, { recursive: true, force: true })
  try {
    if (!existsSync(stateFile(dataDir))) await fill(dataDir, rows)
    return { store: JSON.parse(readFileSync(stateFile(dataDir), 'utf8')) as Store, remove }
  } catch (error) {
    remove()
    throw error
  }
}

/** The server on the store, without the jobs of a worker; with the first account. */
export async function serve({ dataDir, who }: Pick<Store, 'dataDir' | 'who'>, settings: Record<string, string> = {}) {
  const server = await startServer(dataDir, await freePort(), [], { ROLE: 'server', ...settings })
  const end = () => server.process.kill()
  process.once('exit', end)
  const client = clientOf(server.base)
  await client.signIn(who.username, who.password)
  const token = async () => (await client.call<{ accessToken: string }>('auth.signIn', who)).accessToken
  const stop = async () => {
    process.off('exit', end)
    await server.stop()
  }
  return { ...server, call: client.call, token, pid: server.process.pid!, postmaster: postgresPid(dataDir), stop }
}

async function fill(dataDir: string, rows: number) {
  const server = await startServer(dataDir, await freePort())
  try {
    const began = performance.now()
    const account = await firstAccount(server.base)
    const { tenants, hunt, tokens } = await openTenants(account)
    const token = Object.fromEntries(hosts.map(({ clientId }, i) => [clientId, tokens[tenantOfHost(i)]!]))
    const order = { what: 'feed' as const, base: server.base, run: 'search', connections: 2 }
    const triage = await send((folder) => writeTriage(folder, rows), { ...order, token })
    const hunted = await send((folder) => writeHunt(folder, Math.ceil(rows / 100)), {
      ...order,
      token: tokens[tenantCount]!,
    })
    const seconds = Math.round((performance.now() - began) / 1000)
    const { who } = account
    const state = { dataDir, rows: triage.rows, bytes: triage.bytes, who, tenants, hunt, huntRows: hunted.rows }
    writeFileSync(stateFile(dataDir), JSON.stringify({ ...state, ...(await settle(dataDir, seconds, triage)) }))
  } finally {
    await server.stop()
  }
}

type Account = Awaited<ReturnType<typeof firstAccount>>

async function openTenants({ call, token }: Account) {
  const me = await call<{ tenantId: number }>('auth.me')
  const [tenants, tokens] = [[me.tenantId], [token]]
  for (let i = 1; i <= tenantCount; i++) {
    const { id } = await call<{ id: number }>('tenants.create', { name: `Tenant ${i}` })
    await call('users.create', { username: `admin-${i}`, role: 'admin', tenant: id })
    const wanted = { name: 'sender', scope: 'ingest', server: 'velociraptor', orgId: 'root', tenant: id }
    tokens.push((await call<{ token: string }>('tokens.create', wanted)).token)
    tenants.push(id)
  }
  return { tenants: tenants.slice(0, tenantCount), hunt: tenants[tenantCount]!, tokens }
}

type Order = Parameters<Awaited<ReturnType<typeof openSenderOf>>['order']>[0]

async function send(write: (folder: string) => Deliveries, order: Order) {
  const sender = await openSenderOf(write)
  try {
    await sender.order(order)
    return { rows: sender.index.rows, bytes: sender.index.bytes }
  } finally {
    await sender.close()
  }
}

const settledMs = 5 * 60_000 + 5000
const sizeOf = `select sum(pg_total_relation_size(c.oid))::float8 as n from pg_class c where c.relname ~ '^(blocks|block_columns|runs)' and c.relkind = 'r'`

/** Takes in what indexes have put off, joins small blocks as soon as they are old enough, and leaves no dead rows. */
async function settle(dataDir: string, seconds: number, { bytes }: { bytes: number }) {
  const urls = postgresUrls(dataDir)
  const root = await connect(urls.superuser)
  const database = openDatabase(urls.login)
  const share = async () => Number(((await root.one(sizeOf)) / bytes).toFixed(3))
  try {
    for (const column of ['terms', 'grams']) await root.query('select take_in_pending($1)', [column])
    await root.query('vacuum analyze')
    const blocks = await root.one('select count(*) as n from blocks')
    const asDelivered = await share()
    await sleep(settledMs)
    const began = performance.now()
    const services = { count: () => {} }
    await joinBlocks({ database, services, signal: new AbortController().signal })
    const joinedSeconds = Math.round((performance.now() - began) / 1000)
    for (const column of ['terms', 'grams']) await root.query('select take_in_pending($1)', [column])
    await root.query('vacuum analyze')
    const joinedBlocks = await root.one('select count(*) as n from blocks')
    return { load: { seconds, blocks, joinedSeconds, joinedBlocks }, disk: { asDelivered, joined: await share() } }
  } finally {
    await database.close()
    await root.end()
  }
}
