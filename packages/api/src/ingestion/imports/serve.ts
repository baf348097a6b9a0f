import type { IngestCredential } from '../../auth/access.ts'
import { AppError } from '../../errors.ts'
import { inTenant, type Actor } from '../../scope.ts'
import { mustHave, oneTenant, type Context } from '../../trpc.ts'
import type { Ingest } from '../store.ts'
import { sourceOfFile } from './files.ts'
import { fileNamed, getImport } from './queries.ts'

/** An ingestion token sees how the imports went that it sent itself. */
export const importForToken = ({ database }: Ingest, { tenantId, tokenId }: IngestCredential, id: number) =>
  inTenant(database.db, tenantId, (scope) => getImport(scope, id, tokenId))

/** A file of the caller's tenant: its length, its name in the container, and its bytes, read in short transactions. */
export async function fileForActor(ctx: Context & { actor: Actor }, sha256: string) {
  await mustHave(ctx, 'collection:read', 'files.get')
  const tenantId = await oneTenant(ctx, 'files.get')
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw new AppError('BAD_REQUEST', 'sha256: must be 64 hexadecimal digits')
  const file = await inTenant(ctx.database.db, tenantId, (scope) => fileNamed(scope, sha256))
  return { ...file, stream: () => sourceOfFile(ctx.database, tenantId, file).stream() }
}
