import { jwtVerify, SignJWT } from 'jose'
import { sql } from 'kysely'
import type { Database, Db } from '@velocicompanion/db'
import { inTenant, type Actor } from '../scope.ts'
import type { Services } from '../services.ts'
import { hashOf } from './secrets.ts'

/** A row of credential(): what can be known before a tenant is. */
export interface Credential {
  tenantId: number
  userId: number
  username: string
  role: Actor['role']
  isActive: boolean
  passwordHash: string | null
  recordId: number | null
  scope: 'ingest' | 'api' | null
  serverId: number | null
  expiresAt: Date | null
  endedAt: Date | null
  rotatedAt: Date | null
  current: boolean
}

/** Asked at each request, so it is planned once a connection. */
const asking = {
  name: 'credential',
  text: `select tenant_id as "tenantId", user_id as "userId", username, role, is_active as "isActive", password_hash as "passwordHash",
record_id as "recordId", scope, server_id as "serverId", expires_at as "expiresAt", ended_at as "endedAt", rotated_at as "rotatedAt", current
from credential($1, $2, $3)`,
}

export async function credential(
  { pool }: Database,
  kind: 'username' | 'session' | 'token' | 'link',
  key: string | Buffer,
) {
  const [name, hash] = typeof key === 'string' ? [key, null] : [null, key]
  const { rows } = await pool.query<Credential>({ ...asking, values: [kind, name, hash] })
  return rows[0]
}

export async function signAccessToken(services: Services, actor: Actor) {
  const seconds = services.accessTokenMinutes * 60
  const issued = Math.floor(services.now().getTime() / 1000)
  const token = await new SignJWT({ tenant_id: actor.tenantId, role: actor.role, sid: actor.sessionId })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(String(actor.userId))
    .setIssuedAt(issued)
    .setExpirationTime(issued + seconds)
    .sign(services.secretKey)
  return { accessToken: token, expiresIn: seconds }
}

/** The user is loaded on each request: who was deactivated, got another role or whose session ended is out at once. */
export async function actorFromAccessToken(
  database: Database,
  services: Services,
  token: string,
): Promise<Actor | undefined> {
  const actor = await readAccessToken(database, services, token)
  services.count({ kind: 'auth', credential: 'access token', ok: actor !== undefined })
  return actor
}

async function readAccessToken(database: Database, services: Services, token: string): Promise<Actor | undefined> {
  const claims = await jwtVerify(token, services.secretKey, {
    algorithms: ['HS256'],
    currentDate: services.now(),
    requiredClaims: ['sub', 'exp', 'tenant_id', 'sid'],
  }).then(
    ({ payload }) => payload,
    () => undefined,
  )
  if (!claims) return undefined
  const [userId, tenantId, sessionId] = [Number(claims.sub), Number(claims.tenant_id), Number(claims.sid)]
  const user = await inTenant(database.db, tenantId, ({ db }) =>
    db
      .selectFrom('users as u')
      .innerJoin('sessions as s', (join) => join.onRef('s.tenantId', '=', 'u.tenantId').onRef('s.userId', '=', 'u.id'))
      .select(['u.username', 'u.role'])
      .where('u.tenantId', '=', tenantId)
      .where('u.id', '=', userId)
      .where('u.isActive', '=', true)
      .where('s.id', '=', sessionId)
      .where('s.endedAt', 'is', null)
      .executeTakeFirst(),
  )
  if (!user || user.role !== claims.role) return undefined
  return { userId, tenantId, sessionId, ...user }
}

export interface IngestCredential {
  tenantId: number
  tokenId: number
  serverId: number | null
}

export type TokenHolder = { kind: 'ingest'; credential: IngestCredential } | { kind: 'api'; actor: Actor }

/** It may do nothing; whose it was tells whose sender still uses it. */
export interface EndedToken {
  kind: 'ended'
  tenantId: number
  tokenId: number
  why: string
}

/**
 * An `api` token acts as its maker and ends with them; an `ingest` token outlives its maker, as a sender that stops
 * when somebody leaves the team loses evidence.
 */
export async function holderOfApiToken(
  database: Database,
  services: Services,
  token: string,
): Promise<TokenHolder | undefined> {
  const holder = await holderOrEnded(database, services, token)
  return holder?.kind === 'ended' ? undefined : holder
}

/** The same, and of a token that was revoked or has ended, that it did. */
export async function holderOrEnded(
  database: Database,
  services: Services,
  token: string,
): Promise<TokenHolder | EndedToken | undefined> {
  const holder = await readApiToken(database, services, token)
  services.count({ kind: 'auth', credential: 'api token', ok: holder !== undefined && holder.kind !== 'ended' })
  return holder
}

async function readApiToken(
  database: Database,
  services: Services,
  token: string,
): Promise<TokenHolder | EndedToken | undefined> {
  if (!/^vct_[0-9A-Za-z]{43}$/.test(token)) return undefined
  const found = await credential(database, 'token', hashOf(token))
  if (!found) return undefined
  const tokenId = Number(found.recordId)
  const ended = { kind: 'ended', tenantId: found.tenantId, tokenId } as const
  if (found.endedAt) return { ...ended, why: 'The token is revoked' }
  if (found.expiresAt && found.expiresAt <= services.now()) return { ...ended, why: 'The token has ended' }
  await noteUse(database.db, found.tenantId, tokenId, services.now())
  if (found.scope === 'ingest') {
    return { kind: 'ingest', credential: { tenantId: found.tenantId, tokenId, serverId: found.serverId } }
  }
  if (!found.isActive) return undefined
  const { tenantId, userId, username } = found
  // A token stays in one tenant, also that of a super-admin: a leaked one must not open the others.
  const role = found.role === 'super_admin' ? 'admin' : found.role
  return { kind: 'api', actor: { tenantId, userId, username, role, tokenId } }
}

/** When this process last noted the use of a token, by its id. */
const noted = new WeakMap<Db, Map<number, number>>()
const noteEvery = 60_000

/** At most once a minute, so that a busy sender does not write on each request, nor ask whether it should. */
async function noteUse(db: Db, tenantId: number, tokenId: number, now: Date) {
  const times = noted.get(db) ?? new Map<number, number>()
  if (now.getTime() - (times.get(tokenId) ?? -Infinity) < noteEvery) return
  noted.set(db, times.set(tokenId, now.getTime()))
  await inTenant(db, tenantId, (scope) =>
    scope.db
      .updateTable('apiTokens')
      .set({ lastUsedAt: sql`now()` })
      .where('tenantId', '=', tenantId)
      .where('id', '=', tokenId)
      .where((eb) =>
        eb.or([eb('lastUsedAt', 'is', null), eb('lastUsedAt', '<', sql<Date>`now() - interval '1 minute'`)]),
      )
      .execute(),
  )
}
