import { Readable } from 'node:stream'
import { createZstdCompress } from 'node:zlib'
import { Client } from 'pg'
import { become, monthsOf, sequencesOf, tablesOf, type Table } from './catalog.ts'
import { copyOut } from './copies.ts'
import { formatVersion, writeBackup, type Manifest, type Part, type Writer } from './format.ts'

export interface Backing {
  say: (line: string) => void
  /** Hears of the snapshot that is backed up, for who wants to read the same; it lasts until this returns. */
  onSnapshot?: (snapshot: string) => Promise<void>
}

/** Writes everything in the database as it is at one moment, while it is in use. */
export async function backup(url: string, path: string, { say, onSnapshot }: Backing): Promise<Manifest> {
  const client = new Client({ connectionString: url, application_name: 'velocicompanion backup' })
  // A connection that breaks fails what is under way on it.
  client.on('error', () => {})
  await client.connect()
  try {
    return await writeBackup(path, async (writer) => {
      const manifest = await copyAll(client, writer, { say, ...(onSnapshot && { onSnapshot }) })
      await writer.manifest(manifest)
      return manifest
    })
  } finally {
    await client.end()
  }
}

async function copyAll(client: Client, writer: Writer, { say, onSnapshot }: Backing): Promise<Manifest> {
  const tables = await tablesOf(client)
  await client.query('begin isolation level repeatable read read only; set local statement_timeout = 0')
  // Before the first look, which takes the snapshot: no table of it goes or changes meanwhile.
  for (const { name, owner } of tables) {
    await become(client, owner)
    await client.query(`lock table ${client.escapeIdentifier(name)} in access share mode`)
  }
  await client.query('reset role')
  const { rows } = await client.query<{ snapshot: string; server: string; now: Date }>(
    "select pg_export_snapshot() as snapshot, current_setting('server_version') as server, now() as now",
  )
  await onSnapshot?.(rows[0]!.snapshot)
  const migrations = await client.query<{ name: string }>('select name from kysely_migration order by name')
  const months = await monthsOf(client)
  const parts: Part[] = []
  for (const table of tables) parts.push(await copyTable(client, writer, table, say))
  // Numbers that were given out since are higher still: none is given twice.
  const sequences: Manifest['sequences'] = []
  for (const { name, owner } of await sequencesOf(client)) {
    await become(client, owner)
    const { rows: at } = await client.query<{ last: string; called: boolean }>(
      `select last_value::text as last, is_called as called from ${client.escapeIdentifier(name)}`,
    )
    sequences.push({ name, ...at[0]! })
  }
  await client.query('commit')
  return {
    format: formatVersion,
    createdAt: rows[0]!.now.toISOString(),
    server: rows[0]!.server,
    migrations: migrations.rows.map((row) => row.name),
    months,
    parts,
    sequences,
  }
}

async function copyTable(client: Client, writer: Writer, { name, owner, columns }: Table, say: Backing['say']) {
  await become(client, owner)
  const list = columns.map((column) => client.escapeIdentifier(column)).join(', ')
  // Of a table in partitions only a query can be copied.
  const copy = copyOut(client, `copy (select ${list} from ${client.escapeIdentifier(name)}) to stdout (format binary)`)
  // Blocks are compressed already, and everything is read again at a restore: speed over the last percent.
  const compressed = Readable.from(copy.chunks()).compose(createZstdCompress())
  const written = await writer.part(name, compressed)
  say(`${name}: ${copy.rows()} rows, ${written.bytes} bytes`)
  return { table: name, columns, rows: copy.rows(), ...written }
}
