import { sql } from 'kysely'
import type { Database } from '@velocicompanion/db'
import { record } from '../../audit.ts'
import { AppError } from '../../errors.ts'
import { inTenant, type TenantScope } from '../../scope.ts'
import type { Services } from '../../services.ts'
import { asReader, removeFile } from './files.ts'
import type { Mapping } from './mapping.ts'
import { getImport } from './queries.ts'
import { seal, type Secrets } from './secrets.ts'

interface Retry extends Secrets {
  id: number
  mapping?: Mapping | undefined
}

/** Lines a failed import up again whose file is still here, with what was missing. */
export async function retryImport(scope: TenantScope, { secretKey }: Services, { id, mapping, ...secrets }: Retry) {
  const said = mapping === undefined ? {} : { mapping, by: scope.actor!.username }
  const again = await scope.db
    .updateTable('imports')
    .set({
      state: 'queued',
      error: null,
      endedAt: null,
      secrets: seal(secretKey, secrets),
      options: sql`options || ${JSON.stringify(said)}::jsonb`,
      result: '{}',
    })
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .where('state', '=', 'failed')
    .where('fileId', 'is not', null)
    .returning('id')
    .executeTakeFirst()
  if (again) await record(scope, 'ingestion.retryImport', { import: id })
  const found = await getImport(scope, id)
  if (!again) throw new AppError('CONFLICT', 'The file of this import is not kept: send it again', 'closed')
  return found
}

/** Files of failed imports that nobody tried again within two days. */
export async function removeUntried(database: Database) {
  const left = await asReader(database, (trx) =>
    trx
      .selectFrom('imports')
      .select(['tenantId', 'id'])
      .where('state', '=', 'failed')
      .where('fileId', 'is not', null)
      .where('endedAt', '<', sql<Date>`now() - interval '2 days'`)
      .execute(),
  )
  for (const { tenantId, id } of left) {
    const fileId = await inTenant(database.db, tenantId, (scope) => letGo(scope, id))
    if (fileId !== undefined) await removeFile(database, tenantId, fileId)
  }
}

async function letGo(scope: TenantScope, id: number) {
  const found = await scope.db
    .selectFrom('imports')
    .select('fileId')
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .where('state', '=', 'failed')
    .forUpdate()
    .executeTakeFirst()
  if (!found?.fileId) return undefined
  await scope.db
    .updateTable('imports')
    .set({ fileId: null })
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .execute()
  return found.fileId
}
