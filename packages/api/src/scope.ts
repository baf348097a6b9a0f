import type { Database, Db, DB } from '@velocicompanion/db'
import { sql, type Transaction } from 'kysely'
import { cancelled } from './errors.ts'
import type { Role } from './permissions.ts'

/** Who asks. Comes from a credential alone, never from a payload. */
export interface Actor {
  userId: number
  username: string
  tenantId: number
  role: Role
  /** Set when an API token asks, not a person. */
  tokenId?: number
  sessionId?: number
}

declare const made: unique symbol

/** One transaction that sees one tenant. Made by `inTenant` only. */
export interface TenantScope {
  readonly [made]: 'tenant'
  readonly db: Transaction<DB>
  readonly tenantId: number
  readonly actor: Actor | undefined
  readonly origin: Origin
}

/** One read-only transaction that sees every tenant, as the `reader` role. Made by `inEveryTenant` only. */
export interface EveryTenantScope {
  readonly [made]: 'every'
  readonly db: Transaction<DB>
  readonly tenantId: 'all'
  readonly actor: Actor
  readonly origin: Origin
}

export type ReadScope = TenantScope | EveryTenantScope

/** Where a request came from, for the audit log. */
export interface Origin {
  address?: string
  /** The name of a job, where no person asks. */
  job?: string
  requestId?: string
}

interface TenantOptions {
  actor?: Actor | undefined
  origin?: Origin | undefined
  /** Milliseconds; 0 for no limit. */
  statementTimeout?: number
  /** Whether all statements see the database as the first one does. */
  snapshot?: boolean
  /** Ends the statement that runs as soon as whoever asked goes away. */
  stop?: Stop | undefined
}

export interface Stop {
  signal: AbortSignal
  cancel(pid: number): Promise<void>
}

/** Until the work has ended, and no longer: the next statement on this connection is another's. */
async function stoppable<T>(stop: Stop | undefined, pid: number, work: () => Promise<T>): Promise<T> {
  if (!stop) return work()
  let cancelling: Promise<void> | undefined
  const onAbort = () => {
    cancelling = stop.cancel(pid)
  }
  if (stop.signal.aborted) throw cancelled()
  stop.signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await work()
  } catch (error) {
    throw stop.signal.aborted ? cancelled() : error
  } finally {
    stop.signal.removeEventListener('abort', onAbort)
    await cancelling
  }
}

const pidOf = 'select pg_backend_pid() as pid'

const transaction = (db: Db, snapshot = false) =>
  snapshot ? db.transaction().setIsolationLevel('repeatable read') : db.transaction()

const checked = (id: number) => {
  if (!Number.isInteger(id) || id < 1 || id > 2_147_483_647) throw new Error('not a tenant id')
  return id
}

/**
 * Runs `work` in one transaction bound to one tenant; an error rolls it back.
 * SET LOCAL with a checked literal, not set_config(): on a distributed database the latter does not reach the workers.
 */
export function inTenant<T>(
  db: Db,
  tenantId: number,
  work: (scope: TenantScope) => Promise<T>,
  options: TenantOptions = {},
) {
  const id = checked(tenantId)
  const timeout = checked((options.statementTimeout ?? 30_000) + 1) - 1
  return transaction(db, options.snapshot).execute(async (trx) => {
    const opening = `set local app.tenant_id = '${id}'; set local statement_timeout = ${timeout}; ${pidOf}`
    const { rows } = await sql.raw<{ pid: number }>(opening).execute(trx)
    const scope = { db: trx, tenantId: id, actor: options.actor, origin: options.origin ?? {} }
    return stoppable(options.stop, rows[0]!.pid, () => work(scope as unknown as TenantScope))
  })
}

/** Runs `work` in one read-only transaction as the reader role, which sees every tenant. */
export function inEveryTenant<T>(
  database: Database,
  actor: Actor,
  work: (scope: EveryTenantScope) => Promise<T>,
  { origin = {}, snapshot, stop }: Pick<TenantOptions, 'origin' | 'snapshot' | 'stop'> = {},
) {
  return transaction(database.db, snapshot).execute(async (trx) => {
    const opening = `set transaction read only; set local role ${database.roles.reader}; set local statement_timeout = 30000; ${pidOf}`
    const { rows } = await sql.raw<{ pid: number }>(opening).execute(trx)
    const scope = { db: trx, tenantId: 'all', actor, origin } as unknown as EveryTenantScope
    return stoppable(stop, rows[0]!.pid, () => work(scope))
  })
}
