import { AppError, keepErrors, unavailable, type SeenError } from '@velocicompanion/api'
import type { Database } from '@velocicompanion/db'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Deps } from './app.ts'
import { faultOf, fingerprintOf, type Fault } from './faults.ts'
import { refusalOf } from './rest/refusal.ts'
import { routesOf } from './routes.ts'

/** Kinds of error that wait to be written; a flood of more is only counted. */
const mostWaiting = 500
const pause = 5000

/** One kind of error of one tenant; null for nobody's. */
type Seen = SeenError & { tenantId: number | null }

/**
 * Errors of the server with their counts, in the table `errors`, for admins. A request never waits for it nor fails by
 * it: equal ones add up while the ones before them are written, and while the database is away.
 */
export function openErrors({ database, log, telemetry }: Pick<Deps, 'database' | 'log' | 'telemetry'>) {
  const waiting = openWaiting()
  let writing: Promise<void> | undefined
  let again: NodeJS.Timeout | undefined

  const write = async () => {
    clearTimeout(again)
    for (let batch = waiting.take(); batch.length > 0; batch = waiting.take()) {
      const left = await writeAll(database, batch, (error) =>
        log.warn({ err: error, dropped: waiting.dropped() }, 'errors wait to be written down'),
      )
      if (left.length === 0) continue
      left.forEach(waiting.add)
      again = setTimeout(start, pause).unref()
      return
    }
  }
  const start = () => {
    writing ??= write().finally(() => (writing = undefined))
  }

  return {
    /** `route` is a name from a fixed set. */
    report(request: FastifyRequest, route: string, thrown: unknown) {
      const fault = faultOf(thrown)
      telemetry?.failed(request, fault)
      request.log.error({ err: thrown, route }, 'request failed')
      waiting.add(seenOf(request, route, fault))
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

const seenOf = ({ tenantId, id }: FastifyRequest, route: string, fault: Fault): Seen => ({
  tenantId,
  fingerprint: fingerprintOf(route, fault),
  message: [fault.type, fault.code || fault.message].filter(Boolean).join(': '),
  route,
  stack: fault.stack,
  count: 1,
  lastSeen: new Date(),
  requestId: id,
})

function openWaiting() {
  let kinds = new Map<string, Seen>()
  let dropped = 0
  return {
    add: (seen: Seen) => {
      const key = `${seen.tenantId} ${seen.fingerprint}`
      const before = kinds.get(key)
      if (before) kinds.set(key, { ...seen, count: before.count + seen.count })
      else if (kinds.size < mostWaiting) kinds.set(key, seen)
      else dropped++
    },
    take: () => {
      const taken = [...kinds.values()]
      kinds = new Map()
      return taken
    },
    dropped: () => dropped,
  }
}

/** A tenant after the other; returns those that could not be written. */
async function writeAll({ db }: Database, seen: Seen[], onError: (error: unknown) => void) {
  const left: Seen[] = []
  for (const [tenantId, own] of Map.groupBy(seen, (one) => one.tenantId)) {
    const rows = own.map(({ tenantId: _of, ...row }) => row)
    await keepErrors(db, tenantId, rows).catch((error: unknown) => {
      onError(error)
      left.push(...own)
    })
  }
  return left
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
    if (isFault(error, status) && !wentAway(thrown, reply)) errors.report(request, routesOf(request)[0]!, thrown)
    if (status >= 500) reply.header('x-request-id', request.id)
    if (status === 401) reply.header('www-authenticate', 'Bearer')
    if (status === 503) reply.header('retry-after', '5')
    // A body that was not read to its end would be taken for the next request.
    if (!request.raw.complete) reply.header('connection', 'close')
    const masked = status >= 500 ? `Internal error, reference ${request.id}` : error.message
    const detail = refusal?.detail ?? masked
    request.refusal = detail
    return reply.status(status).send({ detail })
  }

/** A page that is left before its answer is there: what was being sent has nobody to go to. */
const wentAway = (thrown: Error & { code?: string }, reply: FastifyReply) =>
  thrown.code === 'ERR_STREAM_PREMATURE_CLOSE' && reply.raw.destroyed

/** A refusal that the server means to give, such as for a full disk, is no fault; what lies under one may be. */
export const isFault = (error: unknown, status: number) =>
  status >= 500 && !(error instanceof AppError && error.cause === undefined)
