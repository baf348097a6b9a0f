import { sql } from 'kysely'
import { record } from '../audit.ts'
import { hashOf, newApiToken } from '../auth/secrets.ts'
import { AppError, notFound } from '../errors.ts'
import type { ReadScope, TenantScope } from '../scope.ts'

export async function listTokens(scope: ReadScope, { limit, cursor }: { limit: number; cursor?: number | undefined }) {
  const rows = await scope.db
    .selectFrom('apiTokens as t')
    .innerJoin('users as u', (join) => join.onRef('u.tenantId', '=', 't.tenantId').onRef('u.id', '=', 't.createdBy'))
    .leftJoin('velociraptorServers as s', (join) =>
      join.onRef('s.tenantId', '=', 't.tenantId').onRef('s.id', '=', 't.serverId'),
    )
    .select([
      't.id',
      't.tenantId',
      't.name',
      't.scope',
      't.hint',
      't.createdAt',
      't.expiresAt',
      't.lastUsedAt',
      't.revokedAt',
    ])
    .select(['u.username as createdBy', 's.name as server', 's.orgId'])
    .$if(scope.tenantId !== 'all', (q) => q.where('t.tenantId', '=', scope.tenantId as number))
    .$if(cursor !== undefined, (q) => q.where('t.id', '<', cursor!))
    .orderBy('t.id', 'desc')
    .limit(limit + 1)
    .execute()
  return { rows: rows.slice(0, limit), nextCursor: rows.length > limit ? rows[limit - 1]!.id : null }
}

export interface NewToken {
  name: string
  scope: 'ingest' | 'api'
  server?: string | undefined
  orgId?: string | undefined
  expiresAt?: string | undefined
}

/** The token itself is in this answer and nowhere else. */
export async function createToken(scope: TenantScope, input: NewToken) {
  if (!scope.actor) throw new AppError('FORBIDDEN', 'A person makes tokens')
  if (scope.actor.tenantId !== scope.tenantId && input.scope === 'api') {
    throw new AppError(
      'BAD_REQUEST',
      "An api token acts as its maker, so it can only be made in the maker's own tenant",
    )
  }
  const token = newApiToken()
  const serverId = input.server === undefined ? null : await serverOf(scope, input.server, input.orgId ?? 'root')
  const makerId = await makerOf(scope, scope.actor)
  const made = await scope.db
    .insertInto('apiTokens')
    .values({
      tenantId: scope.tenantId,
      name: input.name,
      scope: input.scope,
      tokenHash: hashOf(token),
      hint: token.slice(0, 8),
      serverId,
      createdBy: makerId,
      expiresAt: input.expiresAt ?? null,
    })
    .returning(['id', 'name', 'scope', 'hint', 'createdAt', 'expiresAt'])
    .executeTakeFirstOrThrow()
  await record(scope, 'token.create', {
    token: made.id,
    name: made.name,
    scope: made.scope,
    server: input.server ?? null,
  })
  return { ...made, token }
}

/** A super-admin who acts in another tenant has no user there: the tenant's first admin stands for the token. */
async function makerOf(scope: TenantScope, actor: { tenantId: number; userId: number }) {
  if (actor.tenantId === scope.tenantId) return actor.userId
  const admin = await scope.db
    .selectFrom('users')
    .select('id')
    .where('tenantId', '=', scope.tenantId)
    .where('role', 'in', ['admin', 'super_admin'])
    .orderBy('id')
    .limit(1)
    .executeTakeFirst()
  if (!admin) throw new AppError('CONFLICT', 'Make an admin in this tenant first: the token belongs to them')
  return admin.id
}

async function serverOf(scope: TenantScope, name: string, orgId: string) {
  const { id } = await scope.db
    .insertInto('velociraptorServers')
    .values((eb) => ({
      tenantId: scope.tenantId,
      name,
      orgId,
      guiUrl: eb
        .selectFrom('velociraptorServers as v')
        .select((q) => q.fn.max('v.guiUrl').as('guiUrl'))
        .where('v.tenantId', '=', scope.tenantId)
        .where('v.name', '=', name),
    }))
    .onConflict((oc) => oc.columns(['tenantId', 'name', 'orgId']).doUpdateSet({ orgId }))
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

export async function revokeToken(scope: TenantScope, id: number) {
  const revoked = await scope.db
    .updateTable('apiTokens')
    .set({ revokedAt: sql`now()` })
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .where('revokedAt', 'is', null)
    .returning(['id', 'name', 'revokedAt'])
    .executeTakeFirst()
  if (!revoked) throw notFound('active token')
  await record(scope, 'token.revoke', { token: id, name: revoked.name })
  return revoked
}
