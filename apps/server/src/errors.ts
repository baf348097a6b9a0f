import { AppError, keepErrors, unavailable, type SeenError } from '@velocicompanion/api'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Deps } from './app.ts'
import { faultOf, fingerprintOf } from './faults.ts'
import { refusalOf } from './rest/refusal.ts'
import { routesOf } from './routes.ts'

/** Kinds of error that wait to be written; a flood of more is only counted. */
const mostWaiting = 500
const pause = 5000

/**
 * Errors of the server with their counts, in the table `errors`, for admins. A request never waits for it nor fails by
 * it: equal ones add up while the ones before them are written, and while the database is away.
 */
export function openErrors({ database, log, telemetry }: Pick<Deps, 'database' | 'log' | 'telemetry'>) {
  let waiting = new Map<string, SeenError & { tenantId: number | null }>()
  let writing: Promise<void> | undefined
  let again: NodeJS.Timeout | undefined
  let dropped = 0

  const add = (seen: SeenError & { tenantId: number | null }) => {
    const key = `${seen.tenantId} ${seen.fingerprint}`
    const before = waiting.get(key)
    if (before) waiting.set(key, { ...seen, count: before.count + seen.count })
    else if (waiting.size < mostWaiting) waiting.set(key, seen)
    else dropped++
  }

  const write = async () => {
    clearTimeout(again)
    while (waiting.size > 0) {
      const batch = waiting
      waiting = new Map()
      const byTenant = Map.groupBy(batch.values(), ({ tenantId }) => tenantId)
      for (const [tenantId, seen] of byTenant) {
        try {
          await keepErrors(
            database.db,
            tenantId,
            seen.map(({ tenantId: _of, ...row }) => row),
          )
          batch.forEach((row, key) => row.tenantId === tenantId && batch.delete(key))
        } catch (error) {
          log.warn({ err: error, dropped }, 'errors wait to be written down')
          batch.forEach(add)
          again = setTimeout(start, pause).unref()
          return
        }
      }
    }
  }
  const start = () => {
    writing ??= write().finally(() => (writing = undefined))
  }

  return {
    /** `route` is a name from a fixed set. Returns what may be shown of the error. */
    report(request: FastifyRequest, route: string, thrown: unknown) {
      const fault = faultOf(thrown)
      telemetry?.failed(request, fault)
      request.log.error({ err: thrown, route }, 'request failed')
      add({
        tenantId: request.tenantId,
        fingerprint: fingerprintOf(route, fault),
        message: [fault.type, fault.code || fault.message].filter(Boolean).join(': '),
        route,
        stack: fault.stack,
        count: 1,
        lastSeen: new Date(),
        requestId: request.id,
      })
      start()
    },
    /** Returns when what was reported is written, or could not be. */
    async settle() {
      start()
      await writing
      clearTimeout(again)
    },
  }
}

export type Errors = ReturnType<typeof openErrors>

/** Refusals by Fastify itself that a client may tell apart; others of the 4xx are bad input. */
const toldApart = new Set([400, 401, 403, 404, 409, 413, 429])

/** Answers what a handler or plugin threw. A 5xx text may quote data, so it is ours. */
export const answerError =
  (errors: Errors) => (thrown: Error & { statusCode?: number }, request: FastifyRequest, reply: FastifyReply) => {
    const error = thrown instanceof AppError ? thrown : (unavailable(thrown) ?? thrown)
    const refusal = refusalOf(error)
    const said = refusal?.status ?? thrown.statusCode ?? 500
    const status = said < 500 && !toldApart.has(said) ? 400 : said
    if (isFault(error, status)) errors.report(request, routesOf(request)[0]!, thrown)
    if (status >= 500) reply.header('x-request-id', request.id)
    if (status === 401) reply.header('www-authenticate', 'Bearer')
    if (status === 503) reply.header('retry-after', '5')
    // A body that was not read to its end would be taken for the next request.
    if (!request.raw.complete) reply.header('connection', 'close')
    const masked = status >= 500 ? `Internal error, reference ${request.id}` : error.message
    return reply.status(status).send({ detail: refusal?.detail ?? masked })
  }

/** A refusal that the server means to give, such as for a full disk, is no fault; what lies under one may be. */
export const isFault = (error: unknown, status: number) =>
  status >= 500 && !(error instanceof AppError && error.cause === undefined)
