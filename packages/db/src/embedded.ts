import { randomUUID } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { totalmem } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, type DatabaseError } from 'pg'
import { type Binaries, EmbeddedError, type Launcher, chooseLauncher, loadBinaries } from './embedded-launch.ts'
import { type Secret, checkVersion, freePort, logTail, rotateLog, runningPort, secretFile } from './embedded-files.ts'

export { EmbeddedError } from './embedded-launch.ts'

export interface EmbeddedOptions {
  port?: number
  /** Trades durability for speed; `stop` removes the directory. */
  test?: boolean
  say?: (message: string) => void
}

export interface Embedded {
  /** The product's own login: no superuser, owner of the database. */
  url: string
  /** The superuser, for what the product never does itself, such as making test databases. */
  superUrl: string
  port: number
  /** Whether the server was already running, left by a killed run or shared with another. */
  adopted: boolean
  /** Stops the server, unless another run still uses it. */
  stop(): Promise<void>
}

interface Cluster {
  dir: string
  data: string
  log: string
  test: boolean
  binaries: Binaries
  launcher: Launcher
  superuser: Secret
  login: Secret
  say: (message: string) => void
}

interface Running {
  keeper: Client
  port: number
  adopted: boolean
}

const name = 'velocicompanion'
/** Every run holds this advisory lock shared; the one that gets it alone is the last, and stops the server. */
const presence = 7_305_804
const recoverySeconds = 3600

/** An eighth of the memory that there is, from 256 MB to 2 GB: a search that finds its blocks here reads no file. */
const bufferMb = () => {
  const bytes = Math.min(totalmem(), process.constrainedMemory() || Infinity)
  return Math.round(Math.max(256, Math.min(2048, bytes / 8 / 2 ** 20)))
}

const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  timezone: 'UTC',
  log_timezone: 'UTC',
  shared_buffers: `${bufferMb()}MB`,
  effective_cache_size: `${Math.max(1024, 3 * bufferMb())}MB`,
  work_mem: '16MB',
  maintenance_work_mem: '128MB',
  max_wal_size: '2GB',
  checkpoint_timeout: '15min',
  gin_pending_list_limit: '128MB',
  random_page_cost: '1.1',
  jit: 'off',
  // Statements and details hold evidence and search terms, which belong in no log.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
}

const testSettings = {
  ...settings,
  shared_buffers: '128MB',
  max_connections: '200',
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
}

/** Starts PostgreSQL in `dir`/postgres, a folder that belongs to the user it runs as, or uses the one that already runs there, and starts it again should it die. */
export async function startEmbedded(dir: string, options: EmbeddedOptions = {}): Promise<Embedded> {
  const cluster = await openCluster(join(resolve(dir), 'postgres'), options)
  const first = await ensureRunning(cluster, options.port)
  await createDatabase(cluster, first.keeper)
  const end = supervise(cluster, first)
  const { port, adopted } = first
  const url = (user: string, secret: Secret, database: string) =>
    `postgres://${user}:${encodeURIComponent(secret.value)}@127.0.0.1:${port}/${database}`
  return {
    url: url(name, cluster.login, name),
    superUrl: url('postgres', cluster.superuser, 'postgres'),
    port,
    adopted,
    stop: end,
  }
}

async function openCluster(dir: string, { test = false, say = console.log }: EmbeddedOptions): Promise<Cluster> {
  const binaries = await loadBinaries()
  mkdirSync(dir, { recursive: true })
  chmodSync(dir, 0o700)
  const launcher = chooseLauncher(binaries, dir)
  const version = await launcher.run(binaries.postgres, ['--version']).catch((cause) => {
    throw new EmbeddedError('The embedded PostgreSQL does not run here (it needs glibc): set DATABASE_URL instead.', {
      cause,
    })
  })
  const data = join(dir, 'data')
  const made = existsSync(join(data, 'PG_VERSION'))
  const superuserFile = join(dir, 'superuser.password')
  if (made && !existsSync(superuserFile))
    throw new EmbeddedError(`${superuserFile} is lost: put it back from a backup of ${dir}.`)
  const superuser = secretFile(superuserFile)
  const login = secretFile(join(dir, 'login.password'))
  for (const { path } of [superuser, login]) launcher.own(path)
  const cluster = { dir, data, log: join(dir, 'postgres.log'), test, binaries, launcher, superuser, login, say }
  if (made) checkVersion(data, version)
  else await initialise(cluster)
  return cluster
}

/** Makes the cluster beside its place and renames it when whole: an interrupted run leaves nothing that looks finished. */
async function initialise({ dir, data, test, binaries, launcher, superuser, say }: Cluster) {
  for (const entry of readdirSync(dir)) if (entry.startsWith('new-')) removeDead(dir, entry)
  const draft = join(dir, `new-${process.pid}-${randomUUID()}`)
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  const access = ['-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${superuser.path}`]
  if (!test) say('Creating the database')
  try {
    await launcher.run(binaries.initdb, ['-D', draft, ...access, ...locale, ...(test ? ['--no-sync'] : [])])
    renameSync(draft, data)
  } catch (cause) {
    rmSync(draft, { recursive: true, force: true })
    // Another run of the same directory was faster, and its cluster is as good.
    if (existsSync(join(data, 'PG_VERSION'))) return
    throw new EmbeddedError(`PostgreSQL could not create its files in ${dir}: ${reason(cause)}`, { cause })
  }
}

function removeDead(dir: string, entry: string) {
  try {
    process.kill(Number(entry.split('-')[1]), 0)
  } catch {
    rmSync(join(dir, entry), { recursive: true, force: true })
  }
}

async function ensureRunning(cluster: Cluster, wanted?: number, signal?: AbortSignal): Promise<Running> {
  const patience = Date.now() + 60_000
  const news = setTimeout(() => cluster.say('PostgreSQL is recovering from an abrupt stop, please wait'), 5000)
  let recovering = false
  try {
    for (;;) {
      try {
        const found = runningPort(cluster.data)
        const port = found ?? wanted ?? (await freePort())
        if (!found) await launchServer(cluster, port)
        return { keeper: await connectKeeper(cluster, port), port, adopted: found !== undefined }
      } catch (cause) {
        recovering = (cause as DatabaseError).code === '57P03'
        const limit = recovering ? patience + recoverySeconds * 1000 : patience
        if (Date.now() > limit || signal?.aborted || isHopeless(cause)) throw failure(cluster, cause)
        await sleep(200)
      }
    }
  } finally {
    clearTimeout(news)
  }
}

/** A wrong password or a program that is missing does not mend itself by waiting. */
function isHopeless(error: unknown) {
  return ['28P01', 'ENOENT', 'EACCES'].includes((error as { code?: string }).code ?? '')
}

function failure({ log }: Cluster, cause: unknown) {
  const tail = logTail(log)
  const hint = /No space left/i.test(tail) ? 'The disk is full: free some space. ' : ''
  return new EmbeddedError(`${hint}PostgreSQL did not start (${reason(cause)}); its log is ${log}:\n${tail}`, { cause })
}

function reason(error: unknown) {
  const { stderr, message } = error as { stderr?: string; message: string }
  return (stderr || message).trim().split('\n').at(-1) ?? ''
}

async function launchServer({ data, log, test, binaries, launcher }: Cluster, port: number) {
  rotateLog(log)
  const all = Object.entries({ ...(test ? testSettings : settings), port })
  const flags = all.map(([key, value]) => `-c ${key}=${value}`).join(' ')
  const wait = ['-w', '-t', String(recoverySeconds), '-s']
  await launcher.run(binaries.pg_ctl, ['-D', data, '-l', log, ...wait, '-o', flags, 'start'])
}

/** One connection stays open for as long as the run lasts: it marks the server as used, and its end tells that it died. */
async function connectKeeper({ superuser }: Cluster, port: number) {
  const keeper = new Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    database: 'postgres',
    password: superuser.value,
    ssl: false,
    application_name: `${name} keeper`,
  })
  keeper.on('error', () => {})
  await keeper.connect()
  await keeper.query('select pg_advisory_lock_shared($1)', [presence])
  return keeper
}

async function createDatabase({ login }: Cluster, keeper: Client) {
  const role = await keeper.query('select from pg_roles where rolname = $1', [name])
  const password = keeper.escapeLiteral(login.value)
  if (role.rowCount === 0)
    await unlessMade(keeper, `create role ${name} login createrole noinherit password ${password}`)
  else if (login.fresh) await keeper.query(`alter role ${name} password ${password}`)
  const database = await keeper.query('select from pg_database where datname = $1', [name])
  if (database.rowCount === 0) await unlessMade(keeper, `create database ${name} owner ${name}`)
}

/** Two runs may make the same thing at once: duplicate role, duplicate database, or the unique index behind them. */
async function unlessMade(keeper: Client, statement: string) {
  await keeper.query(statement).catch((error: DatabaseError) => {
    if (!['42710', '42P04', '23505'].includes(error.code ?? '')) throw error
  })
}

/** Brings the server back whenever it dies, until the returned function ends it. */
function supervise(cluster: Cluster, { keeper, port }: Running) {
  const stopping = new AbortController()
  let reviving: Promise<void> | undefined
  const watch = (client: Client) => client.once('end', () => void (reviving ??= revive()))
  const revive = async () => {
    for (let pause = 0; !stopping.signal.aborted; pause = Math.min(pause * 2 + 250, 2000)) {
      await sleep(pause)
      try {
        keeper = (await ensureRunning(cluster, port, stopping.signal)).keeper
        watch(keeper)
        break
      } catch (error) {
        cluster.say(`PostgreSQL is away: ${(error as Error).message}`)
      }
    }
    reviving = undefined
  }
  watch(keeper)
  return async () => {
    if (stopping.signal.aborted) return
    stopping.abort()
    await reviving
    if (await leave(keeper)) await stopServer(cluster)
  }
}

/** Gives the server up; true when nobody else uses it. */
async function leave(keeper: Client) {
  try {
    await keeper.query('select pg_advisory_unlock_shared($1)', [presence])
    const { rows } = await keeper.query('select pg_try_advisory_lock($1) as alone', [presence])
    if (rows[0].alone) return true
    await keeper.end()
    return false
  } catch {
    // The server is already dead; stopping it again finds nothing to do.
    return true
  }
}

async function stopServer({ dir, data, test, binaries, launcher }: Cluster) {
  if (runningPort(data)) {
    const mode = test ? 'immediate' : 'fast'
    await launcher.run(binaries.pg_ctl, ['-D', data, '-m', mode, '-w', '-t', '600', '-s', 'stop'])
  }
  if (test) rmSync(dirname(dir), { recursive: true, force: true })
}
