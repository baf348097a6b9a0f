import { sql } from 'kysely'
import { record, recordApart } from '../audit.ts'
import { AppError } from '../errors.ts'
import { rights } from '../permissions.ts'
import { inTenant, type Actor, type TenantScope } from '../scope.ts'
import type { Context } from '../trpc.ts'
import { credential, signAccessToken } from './access.ts'
import { hashPassword, passwordMatches, pretendToCompare } from './passwords.ts'
import { hashOf, newSecret } from './secrets.ts'
import { keysOf, mayTry, succeeded, unlock } from './throttle.ts'

const sessionDays = 30
/** Two tabs, or an answer that was lost: the same browser may show the token before for this long. */
const graceSeconds = 10

const refused = () =>
  new AppError('UNAUTHORIZED', 'User name or password is wrong, or too many tries: wait and try again')

/** One answer and one duration for a wrong user, a wrong password and a locked account. */
export async function signIn(ctx: Context, { username, password }: { username: string; password: string }) {
  const { database, services, origin } = ctx
  const address = origin.address ?? 'unknown'
  const keys = keysOf(services, username, address)
  const found = await credential(database, 'username', username)
  // Asked for a name that nobody has as well, so that both take the same steps.
  const known = await isKnownFrom(ctx, found?.tenantId ?? 1, found?.userId ?? 0, address)
  const tried = await mayTry(database.db, keys, known)
  const matches = tried ? await passwordMatches(password, found?.passwordHash) : await pretendToCompare()
  const ok = Boolean(found?.isActive && matches)
  services.count({ kind: 'auth', credential: 'password', ok })
  if (!found || !ok) {
    const who = { tenantId: found?.tenantId ?? null, origin }
    await recordApart(database.db, who, 'sign-in failed', { ...(found && { user: found.userId }), locked: !tried })
    throw refused()
  }
  await succeeded(database.db, keys)
  const user = { userId: found.userId, tenantId: found.tenantId, username: found.username, role: found.role }
  return openSession(ctx, user, 'sign in')
}

const isKnownFrom = ({ database }: Context, tenantId: number, userId: number, address: string) =>
  inTenant(database.db, tenantId, async ({ db }) =>
    Boolean(
      await db
        .selectFrom('sessions')
        .select('id')
        .where('tenantId', '=', tenantId)
        .where('userId', '=', userId)
        .where('address', '=', address)
        .where('createdAt', '>', sql<Date>`now() - interval '60 days'`)
        .executeTakeFirst(),
    ),
  )

async function openSession(ctx: Context, user: Actor, action: string) {
  const { database, services, origin, cookie } = ctx
  const secret = newSecret()
  const expiresAt = new Date(services.now().getTime() + sessionDays * 86_400_000)
  const session = await inTenant(
    database.db,
    user.tenantId,
    async (scope) => {
      const made = await scope.db
        .insertInto('sessions')
        .values({
          tenantId: user.tenantId,
          userId: user.userId,
          tokenHash: hashOf(secret),
          expiresAt,
          address: origin.address ?? 'unknown',
          userAgent: (ctx.userAgent ?? '').slice(0, 300),
        })
        .returning('id')
        .executeTakeFirstOrThrow()
      await record(scope, action)
      return made
    },
    { actor: user, origin },
  )
  cookie?.write(secret, expiresAt)
  return answer(ctx, { ...user, sessionId: session.id })
}

const answer = async ({ services }: Context, actor: Actor) => ({
  ...(await signAccessToken(services, actor)),
  user: { id: actor.userId, username: actor.username, role: actor.role, tenantId: actor.tenantId },
})

/** Rotates the refresh token. One that was rotated away before ends its family: either copy may be the thief's. */
export async function refresh(ctx: Context) {
  const { database, services, origin, cookie } = ctx
  const secret = cookie?.read()
  const found = secret ? await credential(database, 'session', hashOf(secret)) : undefined
  const signIn = new AppError('UNAUTHORIZED', 'Sign in first')
  const counted = (ok: boolean) => secret && services.count({ kind: 'auth', credential: 'session', ok })
  if (!found || found.endedAt || !found.isActive || found.expiresAt! <= services.now()) {
    counted(false)
    cookie?.write(null)
    throw signIn
  }
  const sessionId = Number(found.recordId)
  const actor = {
    userId: found.userId,
    tenantId: found.tenantId,
    username: found.username,
    role: found.role,
    sessionId,
  }
  if (!found.current) {
    const fresh = services.now().getTime() - found.rotatedAt!.getTime() <= graceSeconds * 1000
    if (fresh && (await isSameBrowser(ctx, actor, sessionId))) return answer(ctx, actor)
    counted(false)
    await endSessions(ctx, actor, 'refresh token reused', sessionId)
    cookie?.write(null)
    throw signIn
  }
  const next = newSecret()
  const rotated = await inTenant(database.db, found.tenantId, ({ db }) =>
    db
      .updateTable('sessions')
      .set({ tokenHash: hashOf(next), previousHash: hashOf(secret!), rotatedAt: services.now() })
      .where('tenantId', '=', found.tenantId)
      .where('id', '=', sessionId)
      .where('tokenHash', '=', hashOf(secret!))
      .returning('id')
      .executeTakeFirst(),
  )
  counted(true)
  // Another tab was faster: its answer carries the cookie.
  if (rotated) cookie?.write(next, found.expiresAt!)
  return answer({ ...ctx, origin }, actor)
}

const isSameBrowser = ({ database, userAgent }: Context, { tenantId }: Actor, sessionId: number) =>
  inTenant(database.db, tenantId, async ({ db }) => {
    const session = await db
      .selectFrom('sessions')
      .select('userAgent')
      .where('tenantId', '=', tenantId)
      .where('id', '=', sessionId)
      .executeTakeFirst()
    return session?.userAgent === (userAgent ?? '').slice(0, 300)
  })

const endSessions = ({ database, origin }: Context, actor: Actor, action: string, only: number) =>
  inTenant(
    database.db,
    actor.tenantId,
    async (scope) => {
      await endSessionsOf(scope, actor.userId, { only })
      await record(scope, action, { session: only })
    },
    { actor, origin },
  )

/** Ends a user's sessions: one, all, or all but one. */
export const endSessionsOf = (
  scope: TenantScope,
  userId: number,
  which: { only?: number; except?: number | undefined } = {},
) =>
  scope.db
    .updateTable('sessions')
    .set({ endedAt: sql`now()` })
    .where('tenantId', '=', scope.tenantId)
    .where('userId', '=', userId)
    .where('endedAt', 'is', null)
    .$if(which.only !== undefined, (q) => q.where('id', '=', which.only!))
    .$if(which.except !== undefined, (q) => q.where('id', '<>', which.except!))
    .execute()

export async function signOut(ctx: Context) {
  if (ctx.actor?.sessionId !== undefined) await endSessions(ctx, ctx.actor, 'sign out', ctx.actor.sessionId)
  ctx.cookie?.write(null)
  return { signedOut: true }
}

export const me = ({ database }: Context, actor: Actor) =>
  inTenant(database.db, actor.tenantId, async ({ db }) => {
    const tenant = await db
      .selectFrom('tenants')
      .select(['id', 'name'])
      .where('id', '=', actor.tenantId)
      .executeTakeFirstOrThrow()
    const { userId: id, username, role, tenantId } = actor
    return { id, username, role, tenantId, tenant, rights: rights[role] }
  })

/** Ends every other session of the user. */
export async function changePassword(ctx: Context & { actor: Actor }, input: { current: string; password: string }) {
  const { database, actor, origin } = ctx
  const keys = keysOf(ctx.services, actor.username, origin.address ?? 'unknown')
  const found = await credential(database, 'username', actor.username)
  const tried = await mayTry(database.db, keys, true)
  const ok = tried && (await passwordMatches(input.current, found?.passwordHash))
  ctx.services.count({ kind: 'auth', credential: 'password', ok })
  if (!ok) {
    throw new AppError('FORBIDDEN', 'The current password is wrong, or too many tries: wait and try again')
  }
  await succeeded(database.db, keys)
  const passwordHash = await hashPassword(input.password, actor.username)
  await inTenant(
    database.db,
    actor.tenantId,
    (scope) => setPassword(scope, actor.userId, passwordHash, actor.sessionId),
    { actor, origin },
  )
  return { changed: true }
}

/** Sets a password and ends the user's sessions, but for `keep`. */
export async function setPassword(scope: TenantScope, userId: number, passwordHash: string, keep?: number) {
  await scope.db
    .updateTable('users')
    .set({ passwordHash, passwordChangedAt: sql`now()` })
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', userId)
    .execute()
  await endSessionsOf(scope, userId, { except: keep })
  await record(scope, 'user.password', { user: userId })
}

/** Uses a one-time link: sets the password and signs in. */
export async function redeem(ctx: Context, { code, password }: { code: string; password: string }) {
  const { database, services, origin } = ctx
  const found = await credential(database, 'link', hashOf(code))
  const ok = Boolean(found && !found.endedAt && found.isActive && found.expiresAt! > services.now())
  services.count({ kind: 'auth', credential: 'link', ok })
  if (!found || !ok) {
    throw new AppError('NOT_FOUND', 'This link was used or has expired; ask an admin for a new one')
  }
  const passwordHash = await hashPassword(password, found.username)
  const actor: Actor = { userId: found.userId, tenantId: found.tenantId, username: found.username, role: found.role }
  await inTenant(
    database.db,
    actor.tenantId,
    async (scope) => {
      const used = await scope.db
        .updateTable('oneTimeLinks')
        .set({ usedAt: sql`now()` })
        .where('tenantId', '=', scope.tenantId)
        .where('id', '=', Number(found.recordId))
        .where('usedAt', 'is', null)
        .returning('id')
        .executeTakeFirst()
      if (!used) throw new AppError('NOT_FOUND', 'This link was used; ask an admin for a new one')
      await setPassword(scope, actor.userId, passwordHash)
      await unlock(scope.db, services, actor.username)
    },
    { actor, origin },
  )
  return openSession(ctx, actor, 'sign in')
}
