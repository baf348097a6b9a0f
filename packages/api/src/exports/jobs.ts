import type { Database } from '@velocicompanion/db'
import { sql } from 'kysely'
import { AppError, unavailable } from '../errors.ts'
import { asReader } from '../ingestion/imports/files.ts'
import { notify } from '../notifications/queries.ts'
import { inTenant } from '../scope.ts'
import type { Services } from '../services.ts'
import { dropFile, Lost, noting, type Taken, takeNext } from './running/queries.ts'
import { runExport } from './running/run.ts'
import { formatNames, mostAttempts } from './rules.ts'

interface Options {
  /** Throws while the disk has no room for more. */
  checkRoom?: (() => void) | undefined
  everyMs?: number
  /** After how many seconds without a sign of life another process begins it again. */
  staleSeconds?: number
  onError?: (error: unknown) => void
}

/** Written at once by this process: each holds a connection for as long as it is written, and none two of one tenant. */
const atOnce = 2
const beatMs = 2000

/** Writes the exports that people ask for. */
export function openExporter(
  database: Database,
  services: Pick<Services, 'searches' | 'count'>,
  options: Options = {},
) {
  const { checkRoom = () => {}, everyMs = 3000, staleSeconds = 15, onError = () => {} } = options
  const running = new Map<number, Promise<void>>()
  const stopping = new AbortController()
  let [looking, again] = [undefined as Promise<void> | undefined, false]
  const look = async () => {
    do {
      again = false
      while (!stopping.signal.aborted && running.size < atOnce) {
        const taken = await takeNext(database, staleSeconds, new Set(running.keys()))
        if (!taken) break
        const { tenantId } = taken
        const work = runOne({ database, services, checkRoom, stop: stopping.signal, onError }, taken).finally(() => {
          running.delete(tenantId)
          wake()
        })
        running.set(tenantId, work)
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
    /** What is under way goes back to the queue. */
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
  services: Pick<Services, 'searches' | 'count'>
  checkRoom: () => void
  stop: AbortSignal
  onError: (error: unknown) => void
}

async function runOne({ database, services, checkRoom, stop, onError }: One, taken: Taken) {
  const own = new AbortController()
  const began = performance.now()
  const beat = setInterval(() => {
    noting(database, taken, {}, async () => {}).catch((error: unknown) =>
      error instanceof Lost ? own.abort(error) : onError(error),
    )
  }, beatMs)
  const count = (outcome: 'done' | 'failed' | 'cut', { rows = 0, bytes = 0 } = {}) =>
    services.count({ kind: 'export', outcome, format: taken.format, rows, bytes, ms: performance.now() - began })
  try {
    if (taken.attempts > mostAttempts)
      throw new AppError('CONFLICT', `It was begun ${mostAttempts} times and never came to its end`)
    const signal = AbortSignal.any([stop, own.signal])
    count('done', await runExport({ database, services, checkRoom, signal }, taken))
  } catch (error) {
    if (error instanceof Lost || own.signal.aborted) return count('cut')
    await leave(database, taken, stop.aborted, error, onError).catch(onError)
    count(stop.aborted ? 'cut' : 'failed')
  } finally {
    clearInterval(beat)
  }
}

/** Back into the queue, where another try may succeed; else it has failed, and what was written of it goes. */
async function leave(database: Database, taken: Taken, stopped: boolean, error: unknown, onError: One['onError']) {
  const again = stopped || (unavailable(error) !== undefined && taken.attempts < mostAttempts)
  const sentence = error instanceof AppError ? error.message : unavailable(error)?.message
  if (!again && sentence === undefined) onError(error)
  const why = sentence ?? 'It failed by a fault of the server, which is in its log'
  const set = again
    ? { state: 'queued', fileId: null }
    : { state: 'failed', fileId: null, bytes: 0, error: why, endedAt: sql`now()` }
  await noting(database, taken, set, async (scope) => {
    await dropFile(scope, taken.fileId)
    if (again) return
    const words = `Your ${formatNames[taken.format]} export failed: ${why}`
    await notify(scope, { userId: taken.userId, kind: 'export', words, link: '/exports' })
  }).catch((failure: unknown) => {
    if (!(failure instanceof Lost)) throw failure
  })
}

const listedDays = 90

/** Removes the files of exports that are past their time; what they were stays listed for 90 days. */
export async function expireExports(database: Database, signal: AbortSignal) {
  await forget(database, signal)
  const past = sql<boolean>`state = 'done' and expires_at < now()`
  const found = await asReader(database, (trx) =>
    trx.selectFrom('exports').select(['tenantId', 'id']).where(past).orderBy('expiresAt').execute(),
  )
  for (const { tenantId, id } of found) {
    if (signal.aborted) return
    await inTenant(
      database.db,
      tenantId,
      async (scope) => {
        const one = await scope.db
          .selectFrom('exports')
          .select('fileId')
          .where('tenantId', '=', tenantId)
          .where('id', '=', id)
          .where(past)
          .forUpdate()
          .executeTakeFirst()
        if (!one) return
        await scope.db
          .updateTable('exports')
          .set({ state: 'expired', fileId: null })
          .where('tenantId', '=', tenantId)
          .where('id', '=', id)
          .execute()
        if (one.fileId !== null) await dropFile(scope, one.fileId)
      },
      { origin: { job: 'expired exports' }, statementTimeout: 600_000 },
    )
  }
}

async function forget(database: Database, signal: AbortSignal) {
  const old = sql<boolean>`ended_at < now() - make_interval(days => ${listedDays}) and file_id is null`
  const tenants = await asReader(database, (trx) =>
    trx.selectFrom('exports').select('tenantId').distinct().where(old).execute(),
  )
  for (const { tenantId } of tenants) {
    if (signal.aborted) return
    await inTenant(database.db, tenantId, (scope) =>
      scope.db.deleteFrom('exports').where('tenantId', '=', tenantId).where(old).execute(),
    )
  }
}
