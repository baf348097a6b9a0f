import { setTimeout as sleep } from 'node:timers/promises'
import { signAccessToken } from '../auth/access.ts'
import { AppError } from '../errors.ts'
import { chunkBytes, sourceOfFile } from '../ingestion/imports/files.ts'
import { inTenant, type Actor } from '../scope.ts'
import type { Services } from '../services.ts'
import { checkTenant, mustHave, type Context } from '../trpc.ts'
import { fileOfExport } from './queries.ts'

type Asking = Context & { actor: Actor }

const lookMs = 200

/**
 * The file of an export as far as it is written. While it is written, `follow` waits for the rest; it throws when the export is
 * cut, so that what came of it is never taken for the whole.
 */
export async function exportForActor(ctx: Asking, id: number) {
  const { database, actor, origin } = ctx
  await mustHave(ctx, 'row:read', 'exports.file')
  await checkTenant(ctx, 'exports.file', ctx.tenant ?? actor.tenantId)
  if (!Number.isSafeInteger(id) || id < 1) throw new AppError('BAD_REQUEST', 'id: must be a number')
  const look = () => inTenant(database.db, actor.tenantId, (scope) => fileOfExport(scope, id), { actor, origin })
  const found = await look()
  const { fileId, state, bytes, format, createdAt } = found
  if (state === 'queued') throw new AppError('CONFLICT', 'The export waits for its turn')
  if (fileId === null) throw new AppError('NOT_FOUND', `The export has no file: it ${whyGone[state]}`)
  const whole = state === 'done'

  /** From one place to the end, or to before another that is written already. */
  async function* follow(from: number, to?: number): AsyncGenerator<Buffer, void, void> {
    let at = from
    for (let now = found; ; now = await look()) {
      if (now.fileId !== fileId) throw new Error('the export was cut')
      const end = Math.min(to ?? now.bytes, now.bytes)
      const source = sourceOfFile(database, actor.tenantId, { id: fileId!, bytes: end })
      while (at < end) {
        const piece = Buffer.from(await source.read(at, chunkBytes - (at % chunkBytes)))
        at += piece.length
        yield piece
      }
      if (at === to || now.state === 'done') return
      await sleep(lookMs)
    }
  }
  return { format, createdAt, whole, bytes, tag: `"${actor.tenantId}-${id}-${fileId}"`, follow }
}

const whyGone: Record<string, string> = {
  failed: 'failed',
  cancelled: 'was cancelled',
  expired: 'was removed, or kept for as long as one is',
  running: 'begins',
}

/** What a browser shows that saves a file by itself, where no script can add a header: as long-lived as any access token. */
export async function savingToken(services: Services, actor: Actor) {
  if (actor.sessionId === undefined) throw new AppError('BAD_REQUEST', 'A token reads the file with its own header')
  return signAccessToken(services, actor)
}
