import type { Database } from '@velocicompanion/db'
import { sql } from 'kysely'
import { record } from '../audit.ts'
import { credential } from '../auth/access.ts'
import { hashPassword } from '../auth/passwords.ts'
import { endSessionsOf } from '../auth/queries.ts'
import { insertUser } from '../auth/registration.ts'
import { hashOf, newSecret } from '../auth/secrets.ts'
import { unlock } from '../auth/throttle.ts'
import { AppError, notFound } from '../errors.ts'
import { mayGrant, type Role } from '../permissions.ts'
import { inTenant, type ReadScope, type TenantScope } from '../scope.ts'
import type { Services } from '../services.ts'

const shown = ['id', 'tenantId', 'username', 'role', 'isActive', 'createdAt'] as const
const linkHours = 48

export interface UserFilter {
  limit: number
  skip?: number | undefined
  cursor?: number | undefined
  query?: string | undefined
  isActive?: boolean | undefined
}

export async function listUsers(scope: ReadScope, { limit, skip, cursor, query, isActive }: UserFilter) {
  const rows = await scope.db
    .selectFrom('users')
    .select(shown)
    .select((eb) =>
      eb
        .selectFrom('sessions')
        .select(({ fn }) => fn.max('rotatedAt').as('at'))
        .whereRef('sessions.tenantId', '=', 'users.tenantId')
        .whereRef('sessions.userId', '=', 'users.id')
        .as('lastSeenAt'),
    )
    .$if(scope.tenantId !== 'all', (q) => q.where('tenantId', '=', scope.tenantId as number))
    .$if(cursor !== undefined, (q) => q.where('id', '>', cursor!))
    .$if(isActive !== undefined, (q) => q.where('isActive', '=', isActive!))
    .$if(Boolean(query), (q) => q.where(sql<boolean>`position(${query!.toLowerCase()} in lower(username)) > 0`))
    .orderBy('id')
    .limit(limit + 1)
    .offset(skip ?? 0)
    .execute()
  return { rows: rows.slice(0, limit), nextCursor: rows.length > limit ? rows[limit - 1]!.id : null }
}

export async function getUser(scope: TenantScope, id: number) {
  const user = await scope.db
    .selectFrom('users')
    .select(shown)
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .executeTakeFirst()
  if (!user) throw notFound('user')
  return user
}

interface Created {
  username: string
  role: Role
  password?: string | undefined
}

/** Without a password the answer holds the code of a one-time link, shown once. */
export async function createUser(scope: TenantScope, { username, role, password }: Created) {
  mustGrant(scope, role)
  const passwordHash = password === undefined ? null : await hashPassword(password, username)
  const user = await insertUser(scope, { username, role, passwordHash, isActive: true })
  await record(scope, 'user.create', { user: user.id, username, role })
  return { user, code: password === undefined ? await newLink(scope, user.id) : null }
}

/** Replaces a user's open links by a new one. Returns its code. */
export async function newLink(scope: TenantScope, userId: number) {
  const code = newSecret()
  await scope.db
    .deleteFrom('oneTimeLinks')
    .where('tenantId', '=', scope.tenantId)
    .where('userId', '=', userId)
    .where('usedAt', 'is', null)
    .execute()
  await scope.db
    .insertInto('oneTimeLinks')
    .values({
      tenantId: scope.tenantId,
      userId,
      codeHash: hashOf(code),
      expiresAt: sql<Date>`now() + make_interval(hours => ${linkHours})`,
    })
    .execute()
  await record(scope, 'user.link', { user: userId })
  return code
}

export async function resetUser(scope: TenantScope, services: Services, id: number) {
  const user = await lockUser(scope, id)
  mustGrant(scope, user.role)
  await endSessionsOf(scope, id)
  await unlock(scope.db, services, user.username)
  return { user, code: await newLink(scope, id) }
}

export async function updateUser(
  scope: TenantScope,
  change: { id: number; role?: Role | undefined; isActive?: boolean | undefined },
) {
  const before = await lockUser(scope, change.id)
  // Who has more rights than the actor is not the actor's to change.
  mustGrant(scope, before.role)
  const role = change.role ?? before.role
  mustGrant(scope, role)
  const isActive = change.isActive ?? before.isActive
  if (before.isActive && (!isActive || role !== before.role)) await keepAnAdmin(scope, before, role, isActive)
  const user = await scope.db
    .updateTable('users')
    .set({ role, isActive })
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', change.id)
    .returning(shown)
    .executeTakeFirstOrThrow()
  if (!isActive || role !== before.role) await endSessionsOf(scope, change.id)
  await record(scope, 'user.update', {
    user: change.id,
    role,
    isActive,
    roleBefore: before.role,
    wasActive: before.isActive,
  })
  return user
}

const mustGrant = (scope: TenantScope, role: Role) => {
  if (!scope.actor || !mayGrant(scope.actor.role, role))
    throw new AppError('FORBIDDEN', 'Nobody grants or changes more rights than they have')
}

/** Locks the tenant's users in one order, so that two admins who remove each other wait for one another. */
async function lockUser(scope: TenantScope, id: number) {
  const users = await scope.db
    .selectFrom('users')
    .select(shown)
    .where('tenantId', '=', scope.tenantId)
    .where((eb) => eb.or([eb('id', '=', id), eb('role', 'in', ['admin', 'super_admin'])]))
    .orderBy('id')
    .forUpdate()
    .execute()
  const user = users.find((u) => u.id === id)
  if (!user) throw notFound('user')
  return user
}

async function keepAnAdmin(scope: TenantScope, before: { id: number; role: Role }, role: Role, isActive: boolean) {
  const ranks: Role[][] = [['admin', 'super_admin'], ['super_admin']]
  for (const rank of ranks) {
    if (!rank.includes(before.role) || (isActive && rank.includes(role))) continue
    const others = await scope.db
      .selectFrom('users')
      .select('id')
      .where('tenantId', '=', scope.tenantId)
      .where('id', '<>', before.id)
      .where('isActive', '=', true)
      .where('role', 'in', rank)
      .limit(1)
      .execute()
    if (others.length === 0)
      throw new AppError('CONFLICT', 'The last active admin of a tenant cannot be removed', 'last_admin')
  }
}

/** For the operator at the machine: ends the user's sessions and lifts locks. Returns the code of a one-time link. */
export async function resetByOperator(database: Database, services: Services, username: string) {
  const found = await credential(database, 'username', username)
  if (!found) throw notFound('user')
  const code = await inTenant(database.db, found.tenantId, async (scope) => {
    await endSessionsOf(scope, found.userId)
    await record(scope, 'user.reset by operator', { user: found.userId })
    return newLink(scope, found.userId)
  })
  await unlock(database.db, services, username)
  return code
}

/** For the operator at the machine: lifts the locks of an account. */
export async function unlockByOperator(database: Database, services: Services, username: string) {
  const found = await credential(database, 'username', username)
  if (!found) throw notFound('user')
  await inTenant(database.db, found.tenantId, async (scope) => {
    await unlock(scope.db, services, username)
    await record(scope, 'user.unlock by operator', { user: found.userId })
  })
}
