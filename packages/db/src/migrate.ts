import { Kysely, PostgresDialect, sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import pg from 'pg'
import { migrations } from '../migrations/index.ts'
import { makePartitions } from './partitions.ts'
import { databaseRoles } from './roles.ts'

/** Runs `work` as the privileged login itself, which takes none of the three roles. */
async function asOwner<T>(
  url: string,
  work: (db: Kysely<unknown>, migrator: Migrator) => Promise<T>,
  known: typeof migrations = migrations,
): Promise<T> {
  const pool = new pg.Pool({ connectionString: url, max: 2 })
  pool.on('error', () => {})
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  try {
    return await work(db, new Migrator({ db, provider: { getMigrations: async () => known } }))
  } finally {
    await db.destroy()
  }
}

/** Brings the database up to date under Kysely's advisory lock, and its partitions to the months ahead. Returns the names that were run. */
export const migrateUp = (url: string) =>
  asOwner(url, async (db, migrator) => {
    await checkServer(db)
    const { error, results } = await migrator.migrateToLatest()
    if (error) throw error
    await makePartitions(db, await databaseRoles(db))
    return (results ?? []).map((r) => r.migrationName)
  })

/** Brings an empty database to where exactly these migrations take it. */
export const migrateTo = (url: string, names: string[]) =>
  asOwner(
    url,
    async (db, migrator) => {
      await checkServer(db)
      const { error } = await migrator.migrateToLatest()
      if (error) throw error
    },
    Object.fromEntries(names.map((name) => [name, migrations[name]!])),
  )

/** Takes the newest migration back, or with `all` every one. Returns the names that were taken back. */
export const migrateDown = (url: string, all = false) =>
  asOwner(url, async (_db, migrator) => {
    const names: string[] = []
    for (;;) {
      const { error, results } = await migrator.migrateDown()
      if (error) throw error
      const done = (results ?? []).map((r) => r.migrationName)
      names.push(...done)
      if (!all || done.length === 0) return names
    }
  })

export const migrationStatus = (url: string) =>
  asOwner(url, async (_db, migrator) =>
    (await migrator.getMigrations()).map((m) => ({ name: m.name, executedAt: m.executedAt ?? null })),
  )

async function checkServer(db: Kysely<unknown>) {
  const { rows } = await sql<{ version: number; encoding: string }>`
    select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding`.execute(
    db,
  )
  const { version, encoding } = rows[0]!
  if (version < 150_000)
    throw new Error(`PostgreSQL 15 or newer is needed; this server is ${Math.floor(version / 10_000)}`)
  if (encoding !== 'UTF8') throw new Error(`The database must be encoded in UTF8; this one is ${encoding}`)
}
