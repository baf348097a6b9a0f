import type { Db } from '@velocicompanion/db'
import { sql } from 'kysely'
import { record } from '../audit.ts'
import { AppError } from '../errors.ts'
import { inTenant, type Actor, type TenantScope } from '../scope.ts'
import type { Context } from '../trpc.ts'
import { hashPassword } from './passwords.ts'

async function hasAccounts(db: Db) {
  const { rows } = await sql<{ found: boolean }>`select has_accounts() as found`.execute(db)
  return rows[0]!.found
}

export async function firstRun({ database, services }: Context) {
  const needed = !(await hasAccounts(database.db))
  return { needed, needsCode: needed && services.setupCode !== undefined, registration: services.registration }
}

interface Registration {
  username: string
  password: string
  tenantName?: string | undefined
  setupCode?: string | undefined
}

/** The first account makes the default tenant and is its super-admin. Takes no role and no tenant from the caller. */
export async function register(ctx: Context, input: Registration) {
  const { database, services, origin } = ctx
  if (!(await firstRun(ctx)).needed) return registerLater(ctx, input)
  if (services.setupCode !== undefined && input.setupCode !== services.setupCode) {
    throw new AppError('FORBIDDEN', 'The one-time code that the server printed at its start is needed', 'needs_code')
  }
  const passwordHash = await hashPassword(input.password, input.username)
  const { rows } = await sql<{ id: number }>`select nextval('tenants_id_seq')::int as id`.execute(database.db)
  const tenantId = rows[0]!.id
  return inTenant(
    database.db,
    tenantId,
    async (scope) => {
      // Two first registrations at once: the second waits here, and then finds the first.
      await sql`select pg_advisory_xact_lock(7305805)`.execute(scope.db)
      if (await hasAccounts(scope.db)) throw new AppError('FORBIDDEN', 'The first account exists already', 'closed')
      await scope.db
        .insertInto('tenants')
        .values({ id: tenantId, name: input.tenantName ?? 'Default' })
        .execute()
      const user = await insertUser(scope, {
        username: input.username,
        passwordHash,
        role: 'super_admin',
        isActive: true,
      })
      await record(scope, 'user.register', { user: user.id, username: user.username, role: user.role })
      return user
    },
    { origin },
  )
}

async function registerLater({ database, services, origin }: Context, { username, password }: Registration) {
  if (services.registration === 'first') throw new AppError('FORBIDDEN', 'Ask an admin for an account', 'closed')
  const passwordHash = await hashPassword(password, username)
  const { rows } = await sql<{ id: number }>`select default_tenant() as id`.execute(database.db)
  const isActive = services.registration === 'open'
  return inTenant(
    database.db,
    rows[0]!.id,
    async (scope) => {
      const user = await insertUser(scope, { username, passwordHash, role: 'user', isActive })
      await record(scope, 'user.register', { user: user.id, username: user.username, role: user.role, isActive })
      return user
    },
    { origin },
  )
}

interface NewUser {
  username: string
  passwordHash: string | null
  role: Actor['role']
  isActive: boolean
}

/** "Not available" is all that anybody hears about a name that is taken, also in another tenant. */
export async function insertUser(scope: TenantScope, user: NewUser) {
  const made = await scope.db
    .insertInto('users')
    .values({ tenantId: scope.tenantId, ...user, ...(user.passwordHash && { passwordChangedAt: sql<Date>`now()` }) })
    .onConflict((oc) => oc.doNothing())
    .returning(['id', 'tenantId', 'username', 'role', 'isActive', 'createdAt'])
    .executeTakeFirst()
  if (!made) throw new AppError('CONFLICT', 'This user name is not available', 'taken')
  return made
}
