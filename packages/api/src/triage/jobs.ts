import type { Database } from '@velocicompanion/db'
import { sql } from 'kysely'
import { openQueue } from '../queue.ts'
import type { Services } from '../services.ts'
import { noting, type Taken, takeNext } from './bulk/queries.ts'
import { runAction } from './bulk/run.ts'

interface Options {
  everyMs?: number
  /** After how many seconds without a sign of life another process goes on with it. */
  staleSeconds?: number
  onError?: (error: unknown) => void
}

/** Does what was asked for all rows of a query, and undoes what is too much for one answer. */
export function openMarker(database: Database, services: Pick<Services, 'searches'>, options: Options = {}) {
  const { everyMs = 2000, staleSeconds = 15, onError = () => {} } = options
  return openQueue({
    take: (busy) => takeNext(database, staleSeconds, busy),
    run: (taken: Taken, signal) => runAction({ database, services, signal }, taken),
    beat: (taken) => noting(database, taken, async () => ({ result: undefined })),
    // What it did so far can be undone.
    leave: (taken, again, why) =>
      noting(database, taken, async () => ({
        set: again ? { seenAt: null } : { state: 'failed', error: why, endedAt: sql`now()` },
        result: undefined,
      })),
    everyMs,
    onError,
  })
}
