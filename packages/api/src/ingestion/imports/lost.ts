import type { Database } from '@velocicompanion/db'
import { sql } from 'kysely'
import { record } from '../../audit.ts'
import { inTenant } from '../../scope.ts'
import type { Sender } from '../document/document.ts'

export interface LostFile {
  name: string
  /** In words for who reads the list of imports. */
  reason: string
  /** ISO text. */
  at: string
}

/** Puts a file that was refused, and that nobody sends again, on the list of imports: as failed, without its bytes. */
export const noteLostFile = (
  { db }: Database,
  { tenantId, tokenId, serverId }: Sender,
  { name, reason, at }: LostFile,
) =>
  inTenant(db, tenantId, async (scope) => {
    const stated = name.toWellFormed().replaceAll('\0', '\u2400').trim().slice(0, 1000) || 'a file without a name'
    const { id } = await scope.db
      .insertInto('imports')
      .values({
        tenantId,
        name: stated,
        sha256: Buffer.alloc(0),
        bytes: 0,
        state: 'failed',
        error: `${reason.toWellFormed().replaceAll('\0', '\u2400').slice(0, 300)}. Its sender looks at no answer and does not send it again: bring its own copy`,
        serverId,
        tokenId,
        createdAt: sql<Date>`${at}::timestamptz`,
        endedAt: sql<Date>`${at}::timestamptz`,
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    await record(scope, 'ingestion.import', { import: id, name: stated, lost: true })
  })
