import { sql } from 'kysely'
import type { Database } from '@velocicompanion/db'
import { AppError, unavailable } from '../../errors.ts'
import { inTenant } from '../../scope.ts'
import type { Services } from '../../services.ts'
import { BodyTooLarge } from '../lines.ts'
import type { Ingest } from '../store.ts'
import { cutCollections } from './facts.ts'
import { ImportFault, OtherTry } from './fault.ts'
import { asReader, removeBroken, removeFile, sourceOfFile } from './files.ts'
import { keysOf } from './keys.ts'
import { newReport, type Report } from './report.ts'
import { removeUntried } from './retry.ts'
import { importFile, type ImportedFile } from './run.ts'
import { unseal } from './secrets.ts'
import { usualLimits, type Limits } from './zip.ts'

interface Options {
  limits?: Limits
  everyMs?: number
  /** After how many seconds without a sign of life another process takes an import up. */
  staleSeconds?: number
  onError?: (error: unknown) => void
}

const beatMs = 5000
const sweepMs = 3_600_000
/** How often an import is begun: one that brings its process down does not do so for ever. */
const mostAttempts = 10

/** Runs imports, one at a time in this process; what another process left goes on where rows are missing. */
export function openImporter(ingest: Ingest, services: Services, options: Options = {}) {
  const { limits = usualLimits, everyMs = 3000, staleSeconds = 30, onError = () => {} } = options
  let running: Promise<void> | undefined
  let again = false
  let stopped = false
  const cut = new AbortController()
  let swept = -Infinity
  const sweep = async () => {
    if (performance.now() - swept < sweepMs) return
    swept = performance.now()
    await removeBroken(ingest.database)
    await removeUntried(ingest.database)
  }
  const turn = async () => {
    await sweep()
    do {
      again = false
      for (;;) {
        if (stopped) return
        const taken = await takeNext(ingest.database, staleSeconds)
        if (!taken) break
        await runOne(ingest, services, taken, { limits, cut: cut.signal, onError })
      }
    } while (again)
  }
  const wake = () => {
    again = true
    running ??= turn()
      .catch(onError)
      .finally(() => {
        running = undefined
      })
  }
  const timer = setInterval(wake, everyMs)
  timer.unref()
  return {
    wake,
    /** Returns when nothing is left to do here. */
    async settled() {
      while (running) await running
    },
    /** What is under way goes back to the queue. */
    async close() {
      stopped = true
      clearInterval(timer)
      cut.abort()
      await running
    },
  }
}

export type Importer = ReturnType<typeof openImporter>

type Taken = NonNullable<Awaited<ReturnType<typeof takeNext>>>

/** The oldest import that nobody runs, of any tenant: looked for as the reader, taken in its own tenant. */
async function takeNext(database: Database, staleSeconds: number) {
  const waiting = sql<boolean>`(state = 'queued' or seen_at < now() - make_interval(secs => ${staleSeconds}))`
  const open = await asReader(database, (trx) =>
    trx
      .selectFrom('imports')
      .select(['tenantId', 'id'])
      .where('state', 'in', ['queued', 'running'])
      .where(waiting)
      .orderBy('createdAt')
      .limit(20)
      .execute(),
  )
  for (const { tenantId, id } of open) {
    const taken = await inTenant(database.db, tenantId, (scope) =>
      scope.db
        .updateTable('imports')
        .set({
          state: 'running',
          seenAt: sql`now()`,
          startedAt: sql`coalesce(started_at, now())`,
          attempts: sql`attempts + 1`,
        })
        .where('tenantId', '=', tenantId)
        .where('id', '=', id)
        .where('state', 'in', ['queued', 'running'])
        .where(waiting)
        .returningAll()
        .executeTakeFirst(),
    )
    if (taken) return taken
  }
  return undefined
}

interface Running {
  limits: Limits
  cut: AbortSignal
  onError: (error: unknown) => void
}

async function runOne(ingest: Ingest, services: Services, taken: Taken, { limits, cut, onError }: Running) {
  const report = newReport()
  const { tenantId, tokenId, serverId } = taken
  const opened = new Set<number>()
  const own = new AbortController()
  const signal = AbortSignal.any([cut, own.signal])
  const began = performance.now()
  const count = (outcome: 'done' | 'failed' | 'cancelled') =>
    services.count({ kind: 'import', outcome, ms: performance.now() - began })
  const run = { ingest, tenantId, tokenId, serverId, signal, opened }
  const beat = setInterval(() => void stillMine(ingest.database, taken, report, own).catch(onError), beatMs)
  try {
    await stillMine(ingest.database, taken, report, own)
    signal.throwIfAborted()
    if (taken.attempts > mostAttempts)
      throw new ImportFault(`It was begun ${mostAttempts} times and never came to its end`)
    await importFile(run, report, fileOf(ingest, services, taken, limits))
    await end(ingest.database, taken, report, { error: null })
    count('done')
  } catch (error) {
    const later = !own.signal.aborted && (cut.aborted || isPassing(error)) && taken.attempts < mostAttempts
    if (own.signal.reason === 'lost') return
    if (later) return await putBack(ingest.database, taken, report, cut.aborted ? 'queued' : 'running')
    const sentence = own.signal.aborted ? 'Cancelled' : sentenceOf(error)
    if (sentence === undefined) onError(error)
    await inTenant(ingest.database.db, tenantId, (scope) => cutCollections(scope, [...opened]))
    await end(ingest.database, taken, report, {
      error: sentence ?? 'It failed by a fault of the server, which is in its log',
      keep: (sentence === undefined || error instanceof OtherTry) && !own.signal.aborted,
    })
    count(own.signal.aborted ? 'cancelled' : 'failed')
  } finally {
    clearInterval(beat)
  }
}

function fileOf(ingest: Ingest, services: Services, taken: Taken, limits: Limits): ImportedFile {
  const { name, sha256, bytes, fileId, tenantId } = taken
  return {
    name,
    sha256,
    source: sourceOfFile(ingest.database, tenantId, { id: fileId!, bytes }),
    options: taken.options as ImportedFile['options'],
    secrets: unseal(services.secretKey, taken.secrets),
    keys: () => keysOf(ingest.database, services.secretKey, tenantId),
    limits,
  }
}

const isPassing = (error: unknown) =>
  unavailable(error) !== undefined || (error as { statusCode?: number }).statusCode === 503

function sentenceOf(error: unknown): string | undefined {
  if (error instanceof ImportFault || error instanceof AppError) return error.message
  if (error instanceof BodyTooLarge) return 'A member of the file is too large'
  return unavailable(error)?.message
}

const mine = (database: Database, { tenantId, id, attempts }: Taken) => ({
  update: (set: object) =>
    inTenant(database.db, tenantId, (scope) =>
      scope.db
        .updateTable('imports')
        .set(set)
        .where('tenantId', '=', tenantId)
        .where('id', '=', id)
        .where('state', '=', 'running')
        .where('attempts', '=', attempts)
        .returning(['cancelledBy'])
        .executeTakeFirst(),
    ),
})

/** Says that this process is at it, and how far; learns whether it is to stop. */
async function stillMine(database: Database, taken: Taken, report: Report, own: AbortController) {
  const row = await mine(database, taken).update({ seenAt: sql`now()`, result: JSON.stringify(report) })
  if (!row) own.abort('lost')
  else if (row.cancelledBy !== null) own.abort('cancelled')
}

/** Left as running, it is taken up again when its last sign of life is old. */
const putBack = async (database: Database, taken: Taken, report: Report, state: 'queued' | 'running') =>
  void (await mine(database, taken).update({ state, result: JSON.stringify(report) }))

/** What opens the file is not kept longer than the import; the file itself only for another try. */
async function end(
  database: Database,
  taken: Taken,
  report: Report,
  { error, keep = false }: { error: string | null; keep?: boolean },
) {
  report.member = null
  const ended = await mine(database, taken).update({
    state: error === null ? 'done' : 'failed',
    error,
    result: JSON.stringify(report),
    secrets: null,
    ...(!keep && { fileId: null }),
    endedAt: sql`now()`,
  })
  if (ended && !keep && taken.fileId !== null) await removeFile(database, taken.tenantId, taken.fileId)
}
