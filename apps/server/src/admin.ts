import { reindex, resetByOperator, unlockByOperator } from '@velocicompanion/api'
import { migrateDown, migrateUp, migrationStatus, openDatabase, type Database } from '@velocicompanion/db'
import { backup, BackupError, restore } from '@velocicompanion/db/backup'
import { startEmbedded } from '@velocicompanion/db/embedded'
import pg from 'pg'
import { sizeOf, limitsOf, spaceOf } from './disk.ts'
import { readSettings, SettingError, type Settings } from './env.ts'
import { servicesOf } from './services.ts'
import { version } from './version.ts'

const usage = `npm run admin -- <command>
  users reset-password <name>   prints a one-time link and ends the user's sessions
  users unlock <name>           lifts the waits after failed sign-ins
  migrate up | down | status    brings the database up to date, takes the newest migration back, lists them
  backup <file>                 writes the whole database, while it is in use
  restore <file>                fills an empty database from a backup and brings it up to date
  reindex                       makes everything derived from the stored rows anew, while the server runs; goes on where it was cut
  doctor                        settings, disk space, database, clock, versions`

const say = (line: string) => console.log(line)

/** Works without a running server: starts the embedded PostgreSQL, or shares the one that runs. */
async function withUrl<T>(settings: Settings, work: (url: string) => Promise<T>) {
  if (settings.DATABASE_URL) return work(settings.DATABASE_URL)
  const embedded = await startEmbedded(settings.DATA_DIR, { say: () => {} })
  try {
    return await work(embedded.url)
  } finally {
    await embedded.stop()
  }
}

async function withDatabase<T>(settings: Settings, work: (database: Database) => Promise<T>) {
  return withUrl(settings, async (url) => {
    const database = openDatabase(url, { max: 2 })
    try {
      return await work(database)
    } finally {
      await database.close()
    }
  })
}

async function users(settings: Settings, command: string | undefined, name: string | undefined) {
  if (!name || (command !== 'reset-password' && command !== 'unlock')) return false
  const services = servicesOf(settings)
  await withDatabase(settings, async (database) => {
    if (command === 'unlock') {
      await unlockByOperator(database, services, name)
      say(`${name} may try again at once.`)
      return
    }
    const code = await resetByOperator(database, services, name)
    say(`One-time link for ${name}, valid for two days: ${settings.publicUrl}/welcome#${code}`)
  })
  return true
}

async function migrate(settings: Settings, command: string | undefined) {
  if (command === 'up' || command === 'down') {
    const names = await withUrl(settings, (url) => (command === 'up' ? migrateUp(url) : migrateDown(url)))
    say(names.length > 0 ? names.join('\n') : 'Nothing to do.')
    return true
  }
  if (command !== 'status') return false
  for (const { name, executedAt } of await withUrl(settings, migrationStatus)) {
    say(`${name}  ${executedAt ? executedAt.toISOString() : 'not run'}`)
  }
  return true
}

const progress = { say: (line: string) => console.error(line) }
const secretReminder = 'SECRET_KEY is not in it: keep DATA_DIR/secret-key, or the setting, beside it.'

async function saveAll(settings: Settings, file: string | undefined) {
  if (!file) return false
  const { parts } = await withUrl(settings, (url) => backup(url, file, progress))
  const [rows, bytes] = [parts.reduce((sum, p) => sum + p.rows, 0), parts.reduce((sum, p) => sum + p.bytes, 0)]
  say(`${file}: ${parts.length} tables, ${rows} rows, ${sizeOf(bytes)}. ${secretReminder}`)
  return true
}

async function loadAll(settings: Settings, file: string | undefined) {
  if (!file) return false
  const { createdAt, parts } = await withUrl(settings, (url) => restore(url, file, progress))
  say(`Restored ${parts.length} tables as they were on ${createdAt}.`)
  return true
}

const everyMs = 2000

/** Says where it is from time to time; ends with an error when there are blocks that it had to leave alone. */
async function reindexAll(settings: Settings) {
  let last = Date.now()
  const report = ({ blocks, of, rows }: { blocks: number; of: number; rows: number }) => {
    if (Date.now() < last + everyMs && blocks < of) return
    last = Date.now()
    progress.say(`${blocks} of ${of} blocks, ${rows} rows`)
  }
  const done = await withDatabase(settings, (database) => reindex({ database, progress: report }))
  for (const { tenantId, source, blockId, rows, reason } of done.damaged)
    say(`Damaged and left as it is: block ${blockId} of tenant ${tenantId}, ${source}, ${rows} rows: ${reason}.`)
  say(`${done.blocks} blocks with ${done.rows} rows made anew; ${done.damaged.length} damaged.`)
  if (done.damaged.length > 0) process.exitCode = 1
  return true
}

async function doctor(settings: Settings) {
  const secret = /SECRET|TOKEN$|DATABASE_URL|tls/
  for (const [name, value] of Object.entries(settings)) {
    if (value !== undefined) say(`${name}: ${secret.test(name) ? 'set, not shown' : JSON.stringify(value)}`)
  }
  say(`version: ${version}, Node ${process.version}, ${process.platform} ${process.arch}`)
  await withUrl(settings, async (url) => {
    const space = await spaceOf(settings.DATABASE_URL ? '.' : settings.DATA_DIR)
    const nearlyFull = space.free < limitsOf(space).low ? ': nearly full' : ''
    say(`disk: ${sizeOf(space.free)} free of ${sizeOf(space.size)}${nearlyFull}`)
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 })
    await client.connect()
    const asked = Date.now()
    const { rows } = await client.query<{ version: string; now: Date }>(
      "select current_setting('server_version') as version, clock_timestamp() as now",
    )
    const skew = rows[0]!.now.getTime() - (asked + Date.now()) / 2
    say(
      `database: PostgreSQL ${rows[0]!.version} answers; its clock differs by ${Math.round(skew)} ms${Math.abs(skew) > 2000 ? ': set the clocks' : ''}`,
    )
    await client.end()
    const open = (await migrationStatus(url)).filter((m) => !m.executedAt)
    say(open.length > 0 ? `migrations: ${open.length} not run; the next start runs them` : 'migrations: all run')
  })
  return true
}

try {
  const [area, command, name] = process.argv.slice(2)
  const settings = readSettings(process.env)
  const jobs: Record<string, () => Promise<boolean>> = {
    users: () => users(settings, command, name),
    migrate: () => migrate(settings, command),
    backup: () => saveAll(settings, command),
    restore: () => loadAll(settings, command),
    reindex: () => reindexAll(settings),
    doctor: () => doctor(settings),
  }
  const job = area !== undefined && Object.hasOwn(jobs, area) ? jobs[area] : undefined
  if (!job || !(await job())) {
    console.error(usage)
    process.exitCode = 2
  }
} catch (error) {
  const known =
    error instanceof SettingError || error instanceof BackupError || (error as { code?: string }).code === 'NOT_FOUND'
  console.error(known ? (error as Error).message : error)
  process.exitCode = 1
}
