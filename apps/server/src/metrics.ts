import { createHash, timingSafeEqual } from 'node:crypto'
import { activeUsers, senderFigures, type Counted } from '@velocicompanion/api'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Deps } from './app.ts'
import { methodOf, routesOf } from './routes.ts'

/** The figures of one process, kept together: two apps in one process do not mix. */
export type Metrics = ReturnType<typeof openMetrics>

const name = (rest: string) => `velocicompanion_${rest}`

export function openMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const { requests, auth, queries } = measures(registry)
  const { rows, bytes, removed, joined, up, active } = amounts(registry)
  const { sent, lag, imports } = ofSenders(registry)
  const exported = ofExports(registry)
  const { states, aside } = ofNow(registry)
  return {
    registry,
    /** What the API reports. */
    count: (event: Counted) => {
      if (event.kind === 'auth') {
        auth.inc({ credential: event.credential, outcome: event.ok ? 'success' : 'failure' })
        return
      }
      if (event.kind === 'sent') {
        sent.inc({ sender: event.sender, outcome: outcomeOf(event.status) })
        if (event.lagMs !== undefined) lag.observe({ sender: event.sender }, event.lagMs / 1000)
        return
      }
      if (event.kind === 'removed') {
        removed.inc({ what: 'rows' }, event.rows)
        removed.inc({ what: 'files' }, event.files)
        return
      }
      if (event.kind === 'joined') {
        joined.inc(event.blocks)
        return
      }
      if (event.kind === 'import') {
        imports.observe({ outcome: event.outcome }, event.ms / 1000)
        return
      }
      if (event.kind === 'export') {
        exported(event)
        return
      }
      rows.inc({ outcome: 'stored' }, event.stored)
      rows.inc({ outcome: 'known' }, event.known)
      rows.inc({ outcome: 'rejected' }, event.rejected)
      bytes.inc(event.bytes)
    },
    query: ({ durationMs, error }: { durationMs: number; error?: unknown }) =>
      queries.observe({ outcome: error === undefined ? 'success' : 'failure' }, durationMs / 1000),
    /** Nothing while the database is away: old figures would look like new ones. */
    senders(found: Awaited<ReturnType<typeof senderFigures>> | undefined) {
      states.reset()
      aside.remove()
      if (!found) return
      for (const state of senderStates) states.set({ state }, found.states.get(state) ?? 0)
      aside.set(found.setAside)
    },
    users(found: number | undefined) {
      up.set(found === undefined ? 0 : 1)
      if (found === undefined) active.remove()
      else active.set(found)
    },
    request(request: FastifyRequest, { statusCode: status, elapsedTime }: FastifyReply) {
      const method = methodOf(request)
      for (const route of routesOf(request)) requests.observe({ method, route, status }, elapsedTime / 1000)
    },
  }
}

/** What happened, and how long it took. */
function measures(registry: Registry) {
  const registers = [registry]
  const requests = new Histogram({
    name: name('http_request_duration_seconds'),
    help: 'Requests by method, route and status; a tRPC batch counts once for each of its procedures',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers,
  })
  const auth = new Counter({
    name: name('auth_total'),
    help: 'Credentials shown, by kind, and whether they were right',
    labelNames: ['credential', 'outcome'] as const,
    registers,
  })
  const queries = new Histogram({
    name: name('database_query_duration_seconds'),
    help: 'Statements of the query builder, by outcome; rows are copied in beside it',
    labelNames: ['outcome'] as const,
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers,
  })
  return { requests, auth, queries }
}

const outcomeOf = (status: number) => (status < 400 ? 'taken' : status < 500 ? 'refused' : 'later')

/** What senders did, by their kind. */
function ofSenders(registry: Registry) {
  const registers = [registry]
  const sent = new Counter({
    name: name('sender_requests_total'),
    help: 'Requests that bring rows, by kind of sender: taken, refused (4xx), or told to come later (5xx)',
    labelNames: ['sender', 'outcome'] as const,
    registers,
  })
  const lag = new Histogram({
    name: name('sender_lag_seconds'),
    help: 'Between the own time of the newest flow or event of a request and its receipt',
    labelNames: ['sender'] as const,
    buckets: [1, 5, 30, 120, 600, 3600, 86_400],
    registers,
  })
  const imports = new Histogram({
    name: name('import_duration_seconds'),
    help: 'Files for import that came to their end, and how long they were read for',
    labelNames: ['outcome'] as const,
    buckets: [0.1, 1, 10, 60, 600, 3600],
    registers,
  })
  return { sent, lag, imports }
}

/** Files of rows that were written for people. */
function ofExports(registry: Registry) {
  const registers = [registry]
  const took = new Histogram({
    name: name('export_duration_seconds'),
    help: 'Exports by format and how they ended: done, failed, or cut (cancelled, or begun again elsewhere)',
    labelNames: ['format', 'outcome'] as const,
    buckets: [0.1, 1, 10, 60, 600, 3600],
    registers,
  })
  const amount = (what: 'rows' | 'bytes') =>
    new Counter({
      name: name(`export_${what}_total`),
      help: `${what === 'rows' ? 'Rows' : 'Bytes'} of finished exports`,
      labelNames: ['format'] as const,
      registers,
    })
  const [rows, bytes] = [amount('rows'), amount('bytes')]
  return ({ format, outcome, ms, ...size }: Extract<Counted, { kind: 'export' }>) => {
    took.observe({ format, outcome }, ms / 1000)
    rows.inc({ format }, size.rows)
    bytes.inc({ format }, size.bytes)
  }
}

const senderStates = ['learning', 'sends', 'stopped', 'refused'] as const

/** What the database says of senders when it is asked, of every tenant. */
function ofNow(registry: Registry) {
  const registers = [registry]
  const states = new Gauge({
    name: name('senders'),
    help: 'Senders by state: learning (no rhythm yet), sends, stopped (silent for too long), refused (the last request was)',
    labelNames: ['state'] as const,
    registers,
  })
  const aside = new Gauge({
    name: name('rejected_rows_open'),
    help: 'Lines that are set aside and were not stored after all',
    registers,
  })
  return { states, aside }
}

/** How much came in, and what is there now. */
function amounts(registry: Registry) {
  const registers = [registry]
  const rows = new Counter({
    name: name('ingested_rows_total'),
    help: 'Lines taken in: stored, known from before, or rejected (set aside with a reason)',
    labelNames: ['outcome'] as const,
    registers,
  })
  for (const outcome of ['stored', 'known', 'rejected']) rows.inc({ outcome }, 0)
  const bytes = new Counter({ name: name('ingested_bytes_total'), help: 'Bytes of these lines', registers })
  const removed = new Counter({
    name: name('retention_removed_total'),
    help: 'Rows and files that retention removed',
    labelNames: ['what'] as const,
    registers,
  })
  for (const what of ['rows', 'files']) removed.inc({ what }, 0)
  const joined = new Counter({
    name: name('blocks_joined_total'),
    help: 'Small blocks of rows that were joined to larger ones',
    registers,
  })
  const up = new Gauge({ name: name('database_up'), help: 'Whether the database answers', registers })
  const active = new Gauge({
    name: name('active_users'),
    help: 'Users whose sign-in was used within two lives of an access token',
    registers,
  })
  return { rows, bytes, removed, joined, up, active }
}

/** `GET /metrics` as Prometheus text: with METRICS_TOKEN for who has it, without for this machine only. */
export async function metricsRoute(
  app: FastifyInstance,
  { database, services, settings, log }: Deps,
  metrics: Metrics,
) {
  app.get('/metrics', async (request, reply) => {
    const token = settings.METRICS_TOKEN
    if (token !== undefined && !shows(request, token)) {
      return reply.status(401).send({ detail: 'Show METRICS_TOKEN as Bearer' })
    }
    if (token === undefined && !isThisMachine(request)) {
      return reply.status(403).send({ detail: 'Set METRICS_TOKEN to read metrics from another machine' })
    }
    // A database that is away is a figure, not a failed scrape.
    const users = await activeUsers(database, 2 * services.accessTokenMinutes).catch((error: unknown) =>
      log.warn({ err: error }, 'the active users could not be counted'),
    )
    metrics.users(users ?? undefined)
    const senders = await senderFigures(database, services.now()).catch((error: unknown) =>
      log.warn({ err: error }, 'the senders could not be counted'),
    )
    metrics.senders(senders ?? undefined)
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics())
  })
}

const digest = (text: string) => createHash('sha256').update(text).digest()

const shows = ({ headers }: FastifyRequest, token: string) =>
  timingSafeEqual(digest(headers.authorization ?? ''), digest(`Bearer ${token}`))

const loopback = /^(::ffff:)?127\.|^::1$/

/** By the socket: who sits behind a proxy on this machine is not this machine. */
function isThisMachine({ socket, headers }: FastifyRequest) {
  const passedOn = ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via'].some((header) => headers[header] !== undefined)
  return !passedOn && loopback.test(socket.remoteAddress ?? '')
}
