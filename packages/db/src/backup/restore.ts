import { Readable } from 'node:stream'
import { createZstdDecompress } from 'node:zlib'
import { Client } from 'pg'
import { migrations } from '../../migrations/index.ts'
import { migrateDown, migrateTo, migrateUp } from '../migrate.ts'
import { become, monthsOf, sequencesOf, tablesOf, type Table } from './catalog.ts'
import { copyIn } from './copies.ts'
import { BackupError, formatVersion, partsOf, verifyBackup, type Manifest } from './format.ts'

interface Restoring {
  say: (line: string) => void
}

/** Fills an empty database from a backup, then brings it up to date. What fails leaves it empty. */
export async function restore(url: string, path: string, { say }: Restoring): Promise<Manifest> {
  say('Checking the file')
  const manifest = await verifyBackup(path)
  checkLevel(manifest)
  const client = new Client({ connectionString: url, application_name: 'velocicompanion restore' })
  // A connection that breaks fails what is under way on it.
  client.on('error', () => {})
  await client.connect()
  try {
    await checkEmpty(client)
    await emptyAgainOnFailure(url, async () => {
      await migrateTo(url, manifest.migrations)
      await client.query('begin; set local statement_timeout = 0')
      await load(client, path, manifest, say).catch(async (error: unknown) => {
        await client.query('rollback').catch(() => {})
        throw error
      })
      await client.query('commit')
    })
  } finally {
    await client.end()
  }
  await migrateUp(url)
  return manifest
}

function checkLevel({ format, migrations: names }: Manifest) {
  const unknown = names.find((name) => !migrations[name])
  if (format > formatVersion || unknown)
    throw new BackupError(
      `The backup comes from a newer release${unknown ? ` (it has ${unknown})` : ''}: restore it with that one`,
    )
}

async function checkEmpty(client: Client) {
  const { rows } = await client.query("select from pg_class where relnamespace = 'public'::regnamespace limit 1")
  if (rows.length > 0)
    throw new BackupError(
      'The database is not empty, and a restore replaces nothing: name a new DATA_DIR, or a new database in DATABASE_URL',
    )
}

async function emptyAgainOnFailure(url: string, work: () => Promise<void>) {
  try {
    await work()
  } catch (error) {
    const left = await migrateDown(url, true).then(
      () => 'The database is empty again.',
      () => 'The database could not be emptied again: drop it before the next try.',
    )
    // What the migrator itself leaves would make the next try find a database that is not empty.
    await dropMigrator(url).catch(() => {})
    throw new BackupError(`The restore failed: ${(error as Error).message}. ${left}`, { cause: error })
  }
}

async function dropMigrator(url: string) {
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query('drop table if exists kysely_migration, kysely_migration_lock')
  await client.end()
}

async function load(client: Client, path: string, manifest: Manifest, say: Restoring['say']) {
  const tables = await tablesOf(client)
  await makeMonths(client, tables, manifest.months)
  await setTriggers(client, tables, 'disable')
  // Rows that the migrations put in, such as the installation's keys, come from the backup.
  for (const { name, owner } of tables.toReversed()) {
    await become(client, owner)
    await client.query(`delete from ${client.escapeIdentifier(name)}`)
  }
  for await (const { part, chunks } of partsOf(path, manifest)) {
    const table = tables.find((t) => t.name === part.table)
    if (!table) throw new BackupError(`The backup holds ${part.table}, which its migrations do not make`)
    await become(client, table.owner)
    const list = part.columns.map((column) => client.escapeIdentifier(column)).join(', ')
    const rows = await copyIn(
      client,
      `copy ${client.escapeIdentifier(part.table)} (${list}) from stdin (format binary)`,
      Readable.from(chunks).compose(createZstdDecompress()),
    )
    if (rows !== part.rows) throw new BackupError(`${part.table} has ${rows} rows instead of ${part.rows}`)
    say(`${part.table}: ${rows} rows`)
  }
  await setTriggers(client, tables, 'enable')
  await setSequences(client, manifest)
  await client.query('reset role')
}

/** What was done when a row changed is in the backup as well: it is not done anew when the row comes back. */
async function setTriggers(client: Client, tables: Table[], how: 'disable' | 'enable') {
  for (const { name, owner } of tables.filter(({ triggers }) => triggers)) {
    await become(client, owner)
    await client.query(`alter table ${client.escapeIdentifier(name)} ${how} trigger user`)
  }
}

/** Months that are past by now get their own partitions too: retention drops them as it would have. */
async function makeMonths(client: Client, tables: Table[], months: number[]) {
  const there = await monthsOf(client)
  const owner = tables.find((table) => table.name === 'blocks')?.owner
  if (owner === undefined) return
  await become(client, owner)
  for (const month of months.filter((m) => !there.includes(m))) {
    const range = `for values from (${month}::bigint << 40) to (${month + 1}::bigint << 40)`
    await client.query(`create table blocks_${Number(month)} partition of blocks ${range};
alter table blocks_${Number(month)} alter terms set statistics 0, alter grams set statistics 0;
create table block_columns_${Number(month)} partition of block_columns ${range} with (toast_tuple_target = 8160)`)
  }
  await client.query('reset role')
}

async function setSequences(client: Client, { sequences }: Manifest) {
  const owners = new Map((await sequencesOf(client)).map(({ name, owner }) => [name, owner]))
  for (const { name, last, called } of sequences) {
    const owner = owners.get(name)
    if (owner === undefined) throw new BackupError(`The backup holds ${name}, which its migrations do not make`)
    await become(client, owner)
    await client.query('select setval($1::regclass, $2, $3)', [client.escapeIdentifier(name), last, called])
  }
}
