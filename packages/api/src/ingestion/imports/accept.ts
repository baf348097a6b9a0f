import { z } from 'zod'
import { record } from '../../audit.ts'
import { AppError } from '../../errors.ts'
import type { Origin, TenantScope } from '../../scope.ts'
import type { Services } from '../../services.ts'
import { otherOrg } from '../delivery.ts'
import type { Sender } from '../document/document.ts'
import type { Ingest } from '../store.ts'
import { keepFile } from './files.ts'
import { mappingInput, type Mapping } from './mapping.ts'
import { seal } from './secrets.ts'

/** Most bytes of a file that is sent for import. */
export const mostImportBytes = 16 * 1024 ** 3

const storable = (text: string) => text.isWellFormed() && !text.includes('\0')
const word = z.string().trim().min(1).max(1000).refine(storable, 'holds characters that no name has')
/** Given as JSON; an empty object says that no column means anything. */
function readMapping(text: string, ctx: z.RefinementCtx): Mapping {
  try {
    return mappingInput.parse(JSON.parse(text))
  } catch (error) {
    const issue = error instanceof z.ZodError ? error.issues[0] : undefined
    ctx.addIssue({ code: 'custom', message: issue ? `${issue.path.join('.')} ${issue.message}`.trim() : 'is not JSON' })
    return z.NEVER
  }
}

/** What may stand beside the file. An empty field of a form says nothing. */
const fields = z.object({
  name: word,
  hostname: word.optional(),
  artifact: word.optional(),
  clientId: word.max(200).optional(),
  flowId: word.max(200).optional(),
  orgId: word.max(200).optional(),
  password: z.string().max(1000).optional(),
  privateKey: z.string().max(32_768).optional(),
  mapping: z.string().max(20_000).transform(readMapping).optional(),
  serverId: z.coerce.number().int().positive().optional(),
})
export type ImportFields = z.infer<typeof fields>

/** Throws BAD_REQUEST. */
export function readImportFields(given: Record<string, string | undefined>): ImportFields {
  const read = fields.safeParse(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== '')))
  if (read.success) return read.data
  const { path, message } = read.error.issues[0]!
  throw new AppError('BAD_REQUEST', `${path.join('.')}: ${message}`)
}

export interface Accepting {
  sender: Sender
  body: AsyncIterable<Uint8Array>
  /** Asked once the body has ended: fields of a form may stand behind its file. */
  fields: () => ImportFields
  origin: Origin
}

/** Keeps a file, and lines it up for import, in one transaction. */
export function acceptImport(ingest: Ingest, services: Services, { sender, body, fields, origin }: Accepting) {
  return keepFile(ingest, sender.tenantId, body, {
    limit: mostImportBytes,
    actor: sender.actor,
    origin,
    attach: async (scope, file) => {
      if (file.bytes === 0) throw new AppError('BAD_REQUEST', 'The file is empty')
      const { name, hostname, artifact, clientId, flowId, orgId, password, privateKey, mapping, serverId } = fields()
      const made = await scope.db
        .insertInto('imports')
        .values({
          tenantId: scope.tenantId,
          name,
          fileId: file.id,
          sha256: file.sha256,
          bytes: file.bytes,
          options: JSON.stringify({
            hostname,
            artifact,
            clientId,
            flowId,
            mapping,
            by: sender.actor?.username ?? null,
          }),
          secrets: seal(services.secretKey, { password, privateKey }),
          serverId: await serverFor(scope, sender, serverId, orgId),
          userId: sender.actor && sender.actor.tenantId === scope.tenantId ? sender.actor.userId : null,
          tokenId: sender.actor && sender.actor.tenantId !== scope.tenantId ? null : sender.tokenId,
        })
        .returning(['id', 'state'])
        .executeTakeFirstOrThrow()
      await record(scope, 'ingestion.import', { import: made.id, name, sha256: file.sha256.toString('hex') })
      return made
    },
  })
}

/** A token's own server, or one of the tenant's that a person names. */
async function serverFor(
  scope: TenantScope,
  sender: Sender,
  named: number | undefined,
  orgId: string | undefined,
): Promise<number | null> {
  if (sender.serverId !== null && named !== undefined && named !== sender.serverId)
    throw new AppError('FORBIDDEN', 'This token belongs to another Velociraptor server and org')
  const id = sender.serverId ?? named
  if (id === undefined) return null
  const found = await scope.db
    .selectFrom('velociraptorServers')
    .select(['id', 'orgId'])
    .where('tenantId', '=', scope.tenantId)
    .where('id', '=', id)
    .executeTakeFirst()
  if (!found) throw new AppError('BAD_REQUEST', 'serverId: no such Velociraptor server')
  if (orgId !== undefined && orgId !== found.orgId) throw otherOrg()
  return found.id
}
