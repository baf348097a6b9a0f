import { CamelCasePlugin, Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { cancelling } from './cancel.ts'
import { connectionsOf } from './connections.ts'
import { rolesOf, type Roles } from './roles.ts'
import type { DB } from './schema.ts'

export type Db = Kysely<DB>

export interface Database {
  db: Db
  pool: pg.Pool
  roles: Roles
  /** Ends the statement that a session of the pool runs, by its process id. */
  cancel(pid: number): Promise<void>
  close(): Promise<void>
}

// Ids and counts are JSON numbers; block ids stay below 2^53 for centuries.
pg.types.setTypeParser(pg.types.builtins.INT8, Number)

interface Options {
  /** Roles of another database's name, for clones of a template. */
  roles?: Roles
  max?: number
  /** How long a query waits for a connection before it fails. */
  waitMs?: number
  log?: (event: { sql: string; durationMs: number; error?: unknown }) => void
  onError?: (error: Error) => void
}

/** Opens a pool whose sessions start as the `app` role: no query ever runs with the login's own rights. */
export function openDatabase(url: string, { roles, max = 10, waitMs = 10_000, log, onError }: Options = {}): Database {
  const named = roles ?? rolesOf(decodeURIComponent(new URL(url).pathname.slice(1)))
  const role = named.app.slice(1, -1).replaceAll('""', '"').replaceAll(/[\\ ]/g, '\\$&')
  const pool = new pg.Pool({
    connectionString: url,
    max,
    options: `-c role=${role}`,
    connectionTimeoutMillis: waitMs,
    application_name: 'velocicompanion',
  })
  const cancel = cancelling(pool)
  // Without a listener, a connection that breaks ends the process: the pool hears it while a connection is idle, and
  // nobody while one is taken and between two statements.
  pool.on('error', (error) => onError?.(error))
  pool.on('connect', (client) => client.on('error', (error) => onError?.(error)))
  const db = new Kysely<DB>({
    dialect: new PostgresDialect({ pool: connectionsOf(pool) }),
    // Keys of evidence and metadata are never rewritten.
    plugins: [new CamelCasePlugin({ maintainNestedObjectKeys: true })],
    ...(log && {
      log: (event) =>
        log({
          sql: event.query.sql,
          durationMs: event.queryDurationMillis,
          ...(event.level === 'error' && { error: event.error }),
        }),
    }),
  })
  return { db, pool, roles: named, cancel, close: () => db.destroy() }
}
