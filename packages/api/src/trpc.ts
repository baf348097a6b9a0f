import { initTRPC } from '@trpc/server'
import type { Database } from '@velocicompanion/db'
import { z } from 'zod'
import { recordApart } from './audit.ts'
import { AppError, unavailable } from './errors.ts'
import { may, type Permission } from './permissions.ts'
import { inEveryTenant, inTenant, type Actor, type Origin, type ReadScope } from './scope.ts'
import type { Services } from './services.ts'

/** What a request brings: the database, what the process offers, and who asks. */
export interface Context {
  database: Database
  services: Services
  actor: Actor | undefined
  origin: Origin
  /** The refresh cookie and how to set it, where HTTP carries one. */
  cookie?: RefreshCookie | undefined
  /** What an adapter names as tenant outside the input (`X-Tenant`). */
  tenant?: number | 'all' | undefined
  userAgent?: string | undefined
}

export interface RefreshCookie {
  read(): string | undefined
  write(token: string | null, expires?: Date): void
}

export interface Meta {
  access: 'anyone' | 'signed-in' | Permission
}

const t = initTRPC
  .context<Context>()
  .meta<Meta>()
  .create({
    errorFormatter({ shape, error, ctx }) {
      const known = error instanceof AppError ? error : error.cause instanceof AppError ? error.cause : undefined
      const { stack: _stack, ...data } = shape.data as typeof shape.data & { stack?: string }
      // A 5xx text may quote data or SQL.
      const message = shape.data.httpStatus >= 500 && !known ? 'Internal error' : shape.message
      // What the log and the list of errors know the request by.
      const requestId = shape.data.httpStatus >= 500 ? ctx?.origin.requestId : undefined
      return { ...shape, message, data: { ...data, reason: known?.reason, detail: known?.detail, requestId } }
    },
  })

export const router = t.router
export const callerFactory = t.createCallerFactory

/** Masked as an internal error, a database that is away or busy would not say that the same call may succeed later. */
const procedure = t.procedure.use(async ({ next }) => {
  const result = await next()
  const later = result.ok ? undefined : unavailable(result.error)
  if (later) throw later
  return result
})

/** No credential needed. */
export const anyone = procedure.meta({ access: 'anyone' })

export const signedIn = procedure.meta({ access: 'signed-in' }).use(({ ctx, next }) => {
  if (!ctx.actor) throw new AppError('UNAUTHORIZED', 'Sign in first')
  return next({ ctx: { actor: ctx.actor } })
})

const namedOrAll = z.object({ tenant: z.union([z.number().int().positive(), z.literal('all')]).optional() })

/** Who has the right, without a scope: for what is no tenant's own row. */
export const permitted = (permission: Permission) =>
  signedIn.meta({ access: permission }).use(async ({ ctx, next, path }) => {
    await mustHave(ctx, permission, path)
    return next({ ctx: { actor: ctx.actor } })
  })

/** Refuses, and audits the refusal apart, who lacks the right. */
export async function mustHave(ctx: Context & { actor: Actor }, permission: Permission, path: string) {
  if (may(ctx.actor.role, permission)) return
  const who = { tenantId: ctx.actor.tenantId, actor: ctx.actor, origin: ctx.origin }
  await recordApart(ctx.database.db, who, 'refused', { procedure: path, permission })
  throw new AppError('FORBIDDEN', `Needs ${permission}`)
}

/** Carries a procedure's result out of the transaction as a throw, so that an error that `next` caught still rolls back. */
class Failed extends Error {
  readonly result: unknown
  constructor(result: unknown) {
    super('rolled back')
    this.result = result
  }
}

const rollBack = <R extends { ok: boolean }>(result: R) => {
  if (!result.ok) throw new Failed(result)
  return result
}

async function settle<R>(work: () => Promise<R>): Promise<R> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Failed) return error.result as R
    throw error
  }
}

const refuseTenant = async (ctx: Context & { actor: Actor }, path: string, tenant: number | 'all') => {
  const who = { tenantId: ctx.actor.tenantId, actor: ctx.actor, origin: ctx.origin }
  await recordApart(ctx.database.db, who, 'refused', { procedure: path, tenant })
  return new AppError('FORBIDDEN', 'Needs tenant:every')
}

/** Runs the procedure in one transaction that can see one tenant only: the actor's, or the one that a super-admin named. */
export const can = (permission: Permission) =>
  permitted(permission)
    .input(namedOrAll)
    .use(async ({ ctx, next, input, path }) => {
      const tenant = await oneTenant(ctx, path, input.tenant)
      return settle(() =>
        inTenant(ctx.database.db, tenant, async (scope) => rollBack(await next({ ctx: { scope } })), {
          actor: ctx.actor,
          origin: ctx.origin,
        }),
      )
    })

/** As `can`, for work that makes transactions of its own: it gets the tenant, and no scope. */
export const canApart = (permission: Permission) =>
  permitted(permission)
    .input(namedOrAll)
    .use(async ({ ctx, next, input, path }) =>
      next({ ctx: { actor: ctx.actor, tenantId: await oneTenant(ctx, path, input.tenant) } }),
    )

/** For what is a person's own, in the tenant of their account, and may be about another or all: it gets whose (`of`). */
export const canOwn = (permission: Permission) =>
  permitted(permission)
    .input(namedOrAll)
    .use(async ({ ctx, next, input, path }) => {
      const of = input.tenant ?? ctx.tenant ?? ctx.actor.tenantId
      await checkTenant(ctx, path, of)
      const { actor, origin } = ctx
      return settle(() =>
        inTenant(ctx.database.db, actor.tenantId, async (scope) => rollBack(await next({ ctx: { scope, of } })), {
          actor,
          origin,
        }),
      )
    })

/** The one tenant that a call is about: named by a super-admin, or the actor's own. */
export async function oneTenant(ctx: Context & { actor: Actor }, path: string, named?: number | 'all') {
  const tenant = named ?? ctx.tenant ?? ctx.actor.tenantId
  if (tenant === 'all') {
    // Refused alike to who may not name any.
    if (!mayName(ctx.actor)) throw await refuseTenant(ctx, path, tenant)
    throw new AppError('BAD_REQUEST', 'Name one tenant: only lists and searches read all of them')
  }
  await checkTenant(ctx, path, tenant)
  return tenant
}

/** Both makers' scopes under one type, so that a procedure sees one context. */
const readable = (scope: ReadScope): ReadScope => scope

/**
 * As `can`, for reads that a super-admin may also ask over every tenant (`tenant: 'all'`). All statements of one see the same
 * snapshot: rows move between blocks meanwhile.
 */
export const canAcross = (permission: Permission) =>
  permitted(permission)
    .input(namedOrAll)
    .use(async ({ ctx, next, input, path }) => {
      const tenant = input.tenant ?? ctx.tenant ?? ctx.actor.tenantId
      await checkTenant(ctx, path, tenant)
      return inReadScope(ctx, tenant, (scope) => next({ ctx: { scope } }))
    })

/**
 * As `canAcross`, for what evaluates rows: a tenant's searches take turns before they take a connection, and one ends when the
 * asker goes away.
 */
export const canSearch = (permission: Permission) =>
  permitted(permission)
    .input(namedOrAll)
    .use(async ({ ctx, next, input, path, signal }) => {
      const tenant = input.tenant ?? ctx.tenant ?? ctx.actor.tenantId
      await checkTenant(ctx, path, tenant)
      const { pool, now } = { pool: ctx.services.searches, now: ctx.services.now() }
      return pool.admit(tenant, signal, () =>
        inReadScope(ctx, tenant, (scope) => next({ ctx: { searcher: { scope, pool, signal, now } } }), signal),
      )
    })

/** Runs `work` in a transaction that reads one snapshot of one tenant, or of every one. */
function inReadScope<R extends { ok: boolean }>(
  { actor, origin, database }: Context & { actor: Actor },
  tenant: number | 'all',
  work: (scope: ReadScope) => Promise<R>,
  signal?: AbortSignal,
) {
  const snapshot = true
  const stop = signal && { signal, cancel: database.cancel }
  return settle(() =>
    tenant === 'all'
      ? inEveryTenant(database, actor, async (scope) => rollBack(await work(readable(scope))), {
          origin,
          snapshot,
          stop,
        })
      : inTenant(database.db, tenant, async (scope) => rollBack(await work(readable(scope))), {
          actor,
          origin,
          snapshot,
          stop,
        }),
  )
}

/** A token belongs to one tenant, whoever made it. */
const mayName = (actor: Actor) => may(actor.role, 'tenant:every') && actor.tokenId === undefined

/** A tenant that is not the actor's own needs the right to it, and each use is audited before the answer. */
export async function checkTenant(ctx: Context & { actor: Actor }, path: string, tenant: number | 'all') {
  if (tenant === ctx.actor.tenantId) return
  if (!mayName(ctx.actor)) throw await refuseTenant(ctx, path, tenant)
  if (tenant !== 'all' && !(await tenantExists(ctx, tenant))) throw new AppError('NOT_FOUND', 'No such tenant')
  const who = { tenantId: tenant === 'all' ? ctx.actor.tenantId : tenant, actor: ctx.actor, origin: ctx.origin }
  await recordApart(ctx.database.db, who, tenant === 'all' ? 'read across tenants' : 'act in tenant', {
    procedure: path,
  })
}

const tenantExists = (ctx: Context, tenant: number) =>
  inTenant(ctx.database.db, tenant, async (scope) =>
    Boolean(await scope.db.selectFrom('tenants').select('id').where('id', '=', tenant).executeTakeFirst()),
  )
