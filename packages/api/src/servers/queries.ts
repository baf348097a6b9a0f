import { sql } from 'kysely'
import { record } from '../audit.ts'
import { notFound } from '../errors.ts'
import type { ReadScope, TenantScope } from '../scope.ts'

/** Velociraptor servers and their orgs, by name. */
export const listServers = (scope: ReadScope) =>
  scope.db
    .selectFrom('velociraptorServers')
    .select(['id', 'tenantId', 'name', 'orgId', 'orgName', 'guiUrl', 'createdAt', 'lastContactAt'])
    .$if(scope.tenantId !== 'all', (q) => q.where('tenantId', '=', scope.tenantId as number))
    .orderBy(sql`lower(name)`)
    .orderBy('orgId')
    .orderBy('id')
    .limit(500)
    .execute()

/** Says where a server's own screens are: the same for all of its orgs. */
export async function updateServer(scope: TenantScope, { id, guiUrl }: { id: number; guiUrl: string | null }) {
  const changed = await scope.db
    .updateTable('velociraptorServers')
    .set({ guiUrl })
    .where('tenantId', '=', scope.tenantId)
    .where('name', '=', (eb) =>
      eb.selectFrom('velociraptorServers').select('name').where('tenantId', '=', scope.tenantId).where('id', '=', id),
    )
    .returning(['id', 'name', 'orgId', 'guiUrl'])
    .execute()
  const own = changed.find((server) => server.id === id)
  if (!own) throw notFound('server')
  await record(scope, 'server.update', { server: id, name: own.name, guiUrl })
  return own
}
