import type { Database } from '@velocicompanion/db'
import { sql } from 'kysely'
import { AppError, unavailable } from '../errors.ts'
import type { Services } from '../services.ts'
import { Lost, noting, type Taken, takeNext } from './bulk/queries.ts'
import { runAction } from './bulk/run.ts'

interface Options {
  everyMs?: number
  /** After how many seconds without a sign of life another process goes on with it. */
  staleSeconds?: number
  onError?: (error: unknown) => void
}

const atOnce = 2
const mostAttempts = 5
const beatMs = 2000

/** Does what was asked for all rows of a query, and undoes what is too much for one answer. */
export function openMarker(database: Database, services: Pick<Services, 'searches'>, options: Options = {}) {
  const { everyMs = 2000, staleSeconds = 15, onError = () => {} } = options
  const running = new Map<number, Promise<void>>()
  const stopping = new AbortController()
  let [looking, again] = [undefined as Promise<void> | undefined, false]
  const look = async () => {
    do {
      again = false
      while (!stopping.signal.aborted && running.size < atOnce) {
        const taken = await takeNext(database, staleSeconds, new Set(running.keys()))
        if (!taken) break
        const work = runOne({ database, services, stop: stopping.signal, onError }, taken).finally(() => {
          running.delete(taken.tenantId)
          wake()
        })
        running.set(taken.tenantId, work)
      }
    } while (again)
  }
  const wake = () => {
    again = true
    if (stopping.signal.aborted) return
    looking ??= look()
      .catch(onError)
      .finally(() => {
        looking = undefined
      })
  }
  const timer = setInterval(wake, everyMs)
  timer.unref()
  return {
    wake,
    /** Returns when nothing is left to do here. */
    async settled() {
      while (looking || running.size > 0) await Promise.all([looking, ...running.values()])
    },
    /** What is under way is gone on with by the next process. */
    async close() {
      clearInterval(timer)
      stopping.abort()
      await looking
      await Promise.all(running.values())
    },
  }
}

interface One {
  database: Database
  services: Pick<Services, 'searches'>
  stop: AbortSignal
  onError: (error: unknown) => void
}

async function runOne({ database, services, stop, onError }: One, taken: Taken) {
  const own = new AbortController()
  const beat = setInterval(() => {
    noting(database, taken, async () => ({ result: undefined })).catch((error: unknown) =>
      error instanceof Lost ? own.abort(error) : onError(error),
    )
  }, beatMs)
  try {
    if (taken.attempts > mostAttempts)
      throw new AppError('CONFLICT', `It was begun ${mostAttempts} times and never came to its end`)
    await runAction({ database, services, signal: AbortSignal.any([stop, own.signal]) }, taken)
  } catch (error) {
    if (error instanceof Lost || own.signal.aborted) return
    await leave(database, taken, stop.aborted, error, onError).catch(onError)
  } finally {
    clearInterval(beat)
  }
}

/** Left for another try where that may succeed; else it has failed, and what it did so far can be undone. */
async function leave(database: Database, taken: Taken, stopped: boolean, error: unknown, onError: One['onError']) {
  const again = stopped || (unavailable(error) !== undefined && taken.attempts < mostAttempts)
  const sentence = error instanceof AppError ? error.message : unavailable(error)?.message
  if (!again && sentence === undefined) onError(error)
  const why = sentence ?? 'It failed by a fault of the server, which is in its log'
  await noting(database, taken, async () => ({
    set: again ? { seenAt: null } : { state: 'failed', error: why, endedAt: sql`now()` },
    result: undefined,
  })).catch((failure: unknown) => {
    if (!(failure instanceof Lost)) throw failure
  })
}
