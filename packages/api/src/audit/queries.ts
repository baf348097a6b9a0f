import type { ReadScope } from '../scope.ts'

export interface AuditFilter {
  limit: number
  cursor?: number | undefined
  action?: string | undefined
  actor?: string | undefined
  from?: string | undefined
  to?: string | undefined
}

/** Newest first. */
export async function listAudit(scope: ReadScope, { limit, cursor, action, actor, from, to }: AuditFilter) {
  const rows = await scope.db
    .selectFrom('auditEvents')
    .select(['id', 'tenantId', 'at', 'actor', 'actorId', 'action', 'detail', 'address', 'requestId'])
    .$if(scope.tenantId !== 'all', (q) => q.where('tenantId', '=', scope.tenantId as number))
    .$if(cursor !== undefined, (q) => q.where('id', '<', cursor!))
    .$if(Boolean(action), (q) => q.where('action', '=', action!))
    .$if(Boolean(actor), (q) => q.where('actor', '=', actor!))
    .$if(Boolean(from), (q) => q.where('at', '>=', new Date(from!)))
    .$if(Boolean(to), (q) => q.where('at', '<=', new Date(to!)))
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  return { rows: rows.slice(0, limit), nextCursor: rows.length > limit ? rows[limit - 1]!.id : null }
}
