import { randomUUID } from 'node:crypto'
import compress from '@fastify/compress'
import cookie from '@fastify/cookie'
import cors from '@fastify/cors'
import formbody from '@fastify/formbody'
import { fastifyTRPCPlugin, type FastifyTRPCPluginOptions } from '@trpc/server/adapters/fastify'
import { appRouter, openIngest, type AppRouter, type Services } from '@velocicompanion/api'
import type { Database } from '@velocicompanion/db'
import Fastify, { LogController, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { contextOf } from './context.ts'
import type { Settings } from './env.ts'
import { health } from './health.ts'
import { ingestion } from './ingestion/rows.ts'
import { ingestDocuments } from './ingestion/ingest.ts'
import { integrations } from './integrations.ts'
import { metricsRoute, openMetrics, type Metrics } from './metrics.ts'
import { trpcPrefix } from './routes.ts'
import { refusalOf } from './rest/refusal.ts'
import { rest } from './rest/rest.ts'
import { securityHeaders, web } from './web.ts'

export interface Deps {
  settings: Pick<Settings, 'publicUrl' | 'corsOrigins' | 'trustProxy' | 'tls' | 'INGEST_BODY_MB' | 'METRICS_TOKEN'>
  services: Services
  database: Database
  log: Logger
  /** The figures of this process; made for the app alone when none are given. */
  metrics?: Metrics
  /** The built web; undefined where nginx serves it. */
  webFolder: string | undefined
}

const jsonLimit = 10 * 1024 * 1024

/** Everything that answers HTTP. Plugins in order, no globals. */
export async function buildApp(deps: Deps): Promise<FastifyInstance> {
  const { settings, log, metrics = openMetrics() } = deps
  const options = {
    loggerInstance: log,
    trustProxy: settings.trustProxy,
    bodyLimit: jsonLimit,
    // The server makes ids; a caller's would let it write into the log.
    genReqId: () => randomUUID(),
    // One line an answer is ours: Fastify's own would hold the query's values.
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: 'idle' as const,
    routerOptions: { maxParamLength: 5000 },
  }
  const app = (settings.tls
    ? Fastify({ ...options, https: settings.tls })
    : Fastify(options)) as unknown as FastifyInstance
  app.addHook('onResponse', logAnswer)
  app.addHook('onResponse', (request, reply, done) => {
    metrics.request(request, reply)
    done()
  })
  app.setErrorHandler(answerError)
  await securityHeaders(app, settings)
  if (settings.corsOrigins.length > 0) await app.register(cors, { origin: settings.corsOrigins, credentials: true })
  await app.register(compress, { threshold: 1024, encodings: ['gzip', 'deflate', 'br'] })
  await app.register(cookie)
  await app.register(formbody)
  await app.register(fastifyTRPCPlugin, {
    prefix: trpcPrefix,
    trpcOptions: {
      router: appRouter,
      createContext: ({ req, res }) => contextOf(deps, req, res),
      allowMethodOverride: true,
      maxBatchSize: 30,
      // Masked as an internal error, it would not say that the same request may succeed later.
      responseMeta: ({ errors }) =>
        errors.some(isLostDatabase) ? { status: 503, headers: new Headers({ 'retry-after': '5' }) } : {},
      onError: ({ error, path }) => {
        if (error.code === 'INTERNAL_SERVER_ERROR') log.error({ path, err: error.cause ?? error }, 'procedure failed')
      },
    } satisfies FastifyTRPCPluginOptions<AppRouter>['trpcOptions'],
  })
  const ingest = await openIngest(deps.database, deps.services)
  app.addHook('onClose', () => ingest.close())
  await ingestion(app, deps, ingest)
  await ingestDocuments(app, deps, ingest)
  await rest(app, deps)
  await integrations(app, deps)
  await health(app, deps)
  await metricsRoute(app, deps, metrics)
  await web(app, deps)
  return app
}

/** One line an answer: never a body, a header or a query's value. */
function logAnswer(request: FastifyRequest, reply: FastifyReply, done: () => void) {
  const path = request.url.split('?')[0]
  request.log.info(
    { method: request.method, path, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
    'answered',
  )
  done()
}

/** Refusals by Fastify itself that a client may tell apart; others of the 4xx are bad input. */
const toldApart = new Set([400, 401, 403, 404, 409, 413, 429])

function answerError(error: Error & { statusCode?: number }, request: FastifyRequest, reply: FastifyReply) {
  const refusal = refusalOf(error)
  if (refusal) return refuse(reply, refusal)
  const lost = isLostDatabase(error)
  const said = error.statusCode ?? 500
  const status = lost ? 503 : said < 500 && !toldApart.has(said) ? 400 : said
  if (status >= 500) request.log.error({ err: error }, 'request failed')
  if (status === 503) reply.header('retry-after', '5')
  const masked = lost ? 'The database does not answer; try again' : `Internal error, reference ${request.id}`
  return reply.status(status).send({ detail: status >= 500 ? masked : error.message })
}

function refuse(reply: FastifyReply, { status, detail }: { status: number; detail: string }) {
  if (status === 401) reply.header('www-authenticate', 'Bearer')
  if (status === 503) reply.header('retry-after', '5')
  return reply.status(status).send({ detail })
}

/** Whether the database is away, so that the same request may succeed later. */
export function isLostDatabase(error: unknown): boolean {
  const { code, message, cause } = error as { code?: string; message?: string; cause?: unknown }
  const codes = [
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'ENOTFOUND',
    'ETIMEDOUT',
    '57P01',
    '57P02',
    '57P03',
    '08006',
    '08001',
    '53300',
  ]
  if (code && codes.includes(code)) return true
  if (/Connection terminated|is not queryable|timeout exceeded when trying to connect/.test(message ?? '')) return true
  return cause !== undefined && cause !== null && isLostDatabase(cause)
}
