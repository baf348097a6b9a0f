import { sql } from 'kysely'
import type { Db } from '@velocicompanion/db'
import type { Actor, Origin, TenantScope } from './scope.ts'

type Detail = Record<string, string | number | boolean | null | readonly string[]>

/** Records an event in the transaction of the change itself: neither stands without the other. */
export async function record(scope: TenantScope, action: string, detail: Detail = {}) {
  await scope.db
    .insertInto('auditEvents')
    .values(event(scope.tenantId, scope.actor, scope.origin, action, detail))
    .execute()
}

/** Records on a connection of its own, for what must outlive a rollback: refusals, failed sign-ins, reads across tenants. */
export async function recordApart(
  db: Db,
  who: { tenantId: number | null; actor?: Actor | undefined; origin: Origin },
  action: string,
  detail: Detail = {},
) {
  await db.transaction().execute(async (trx) => {
    const tenantId = who.tenantId ?? (await defaultTenant(trx))
    if (tenantId === null) return
    await sql.raw(`set local app.tenant_id = '${Number(tenantId)}'`).execute(trx)
    await trx
      .insertInto('auditEvents')
      .values(event(tenantId, who.actor, who.origin, action, detail))
      .execute()
  })
}

async function defaultTenant(db: Db) {
  const { rows } = await sql<{ id: number | null }>`select default_tenant() as id`.execute(db)
  return rows[0]?.id ?? null
}

const event = (tenantId: number, actor: Actor | undefined, origin: Origin, action: string, detail: Detail) => ({
  tenantId,
  actorId: actor?.userId ?? null,
  actor: actor?.username ?? origin.job ?? 'nobody',
  action,
  detail: JSON.stringify(actor && actor.tenantId !== tenantId ? { ...detail, actorTenant: actor.tenantId } : detail),
  address: origin.address ?? null,
  requestId: origin.requestId ?? null,
})
