import { randomUUID } from 'node:crypto'
import compress from '@fastify/compress'
import cookie from '@fastify/cookie'
import cors from '@fastify/cors'
import formbody from '@fastify/formbody'
import { fastifyTRPCPlugin, type FastifyTRPCPluginOptions } from '@trpc/server/adapters/fastify'
import { getHTTPStatusCodeFromError } from '@trpc/server/http'
import { appRouter, openIngest, type AppRouter, type Services } from '@velocicompanion/api'
import type { Database } from '@velocicompanion/db'
import Fastify, { LogController, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { contextOf } from './context.ts'
import type { Disk } from './disk.ts'
import type { Settings } from './env.ts'
import { answerError, isFault, openErrors } from './errors.ts'
import { runExports } from './exports.ts'
import { runTriage } from './triage.ts'
import { health } from './health.ts'
import { ingestion } from './ingestion/rows.ts'
import { imports } from './ingestion/import.ts'
import { runImports } from './ingestion/importer.ts'
import { ingestDocuments } from './ingestion/ingest.ts'
import { lostFiles } from './ingestion/lost-files.ts'
import { pace, type Limits } from './ingestion/pace.ts'
import { senderLog } from './ingestion/sender-log.ts'
import { senders } from './ingestion/senders.ts'
import { integrations } from './integrations.ts'
import { metricsRoute, openMetrics, type Metrics } from './metrics.ts'
import { rest } from './rest/rest.ts'
import { procedureOf, trpcPrefix } from './routes.ts'
import type { Telemetry } from './telemetry.ts'
import { securityHeaders, web } from './web.ts'

export interface Deps {
  settings: Pick<Settings, 'publicUrl' | 'corsOrigins' | 'trustProxy' | 'tls' | 'INGEST_BODY_MB' | 'METRICS_TOKEN'> &
    Partial<Pick<Settings, 'ROLE'>>
  services: Services
  database: Database
  /** What senders' rows are stored on, so that a person's page waits for none of them. Unset: `database`. */
  rowsDatabase?: Database | undefined
  log: Logger
  /** The figures of this process; made for the app alone when none are given. */
  metrics?: Metrics
  /** Where a collector of spans is set. */
  telemetry?: Telemetry | undefined
  /** The disk that evidence goes to, where this process can see it. */
  disk?: Pick<Disk, 'checkRoom'> | undefined
  /** How long senders and storage may take; others than usual in tests. */
  pace?: Partial<Limits> | undefined
  /** The built web; undefined where nginx serves it. */
  webFolder: string | undefined
}

const jsonLimit = 10 * 1024 * 1024

/** Everything that answers HTTP. Plugins in order, no globals. */
export async function buildApp(deps: Deps): Promise<FastifyInstance> {
  const { settings } = deps
  const { app, errors, metrics } = openApp(deps)
  senderLog(app, deps)
  lostFiles(app, deps)
  app.addHook('onRequest', async (request) => {
    if (takesIn(request)) deps.disk?.checkRoom()
  })
  pace(app, deps.pace)
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
      responseMeta: ({ errors: failed }) =>
        failed.some(({ code }) => code === 'SERVICE_UNAVAILABLE')
          ? { status: 503, headers: new Headers({ 'retry-after': '5' }) }
          : {},
      onError: ({ error, path, req }) => {
        if (isFault(error, getHTTPStatusCodeFromError(error))) errors.report(req, procedureOf(path), error)
      },
    } satisfies FastifyTRPCPluginOptions<AppRouter>['trpcOptions'],
  })
  const ingest = await ingestOf(app, deps)
  await ingestion(app, deps, ingest)
  await ingestDocuments(app, deps, ingest)
  await senders(app, deps, ingest)
  await imports(app, deps, ingest)
  runExports(app, deps)
  runTriage(app, deps)
  await rest(app, deps)
  await integrations(app, deps)
  await health(app, deps)
  await metricsRoute(app, deps, metrics)
  await web(app, deps)
  return app
}

async function ingestOf(app: FastifyInstance, { database, rowsDatabase = database, services, disk }: Deps) {
  const ingest = await openIngest(rowsDatabase, { count: services.count, checkRoom: disk?.checkRoom })
  app.addHook('onClose', () => ingest.close())
  return ingest
}

/** What a worker answers: that it lives, and its figures. It runs the imports that servers take in. */
export async function buildWorkerApp(deps: Deps): Promise<FastifyInstance> {
  const { app, metrics } = openApp(deps)
  runImports(app, deps, await ingestOf(app, deps))
  await health(app, deps)
  await metricsRoute(app, deps, metrics)
  app.setNotFoundHandler((_request, reply) => reply.status(404).send({ detail: 'Not found' }))
  return app
}

/** A server without routes: how it listens, logs, counts and fails. */
function openApp({ settings, metrics = openMetrics(), ...deps }: Deps) {
  const options = {
    loggerInstance: deps.log,
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
  deps.telemetry?.watch(app)
  const errors = openErrors(deps)
  app.addHook('onClose', () => errors.settle())
  app.decorateRequest('tenantId', null)
  app.setErrorHandler(answerError(errors))
  return { app, errors, metrics }
}

const takesIn = ({ method, routeOptions }: FastifyRequest) =>
  (method === 'POST' || method === 'PUT') && routeOptions.url?.startsWith('/api/ingestion/')

/** One line an answer: never a body, a header or a query's value. */
function logAnswer(request: FastifyRequest, reply: FastifyReply, done: () => void) {
  const path = request.url.split('?')[0]
  request.log.info(
    { method: request.method, path, status: reply.statusCode, ms: Math.round(reply.elapsedTime) },
    'answered',
  )
  done()
}
