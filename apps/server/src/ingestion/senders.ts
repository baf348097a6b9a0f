import { HecError, receiveBulk, receiveHec, receiveLogscale, type Ingest } from '@velocicompanion/api'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Deps } from '../app.ts'
import { bulkItems } from './bulk-items.ts'
import { hears, took } from './sender-log.ts'
import { askedFirst, ingestCredential } from '../who-is.ts'
import { isReady } from '../health.ts'

const prefix = '/api/ingestion'

/** The routes of Velociraptor's built-in uploaders, each answering in the words that its sender obeys. */
export async function senders(app: FastifyInstance, deps: Deps, ingest: Ingest) {
  await app.register((scope, _options, done) => elastic(scope, deps, ingest, done), { prefix: `${prefix}/elastic` })
  await app.register((scope, _options, done) => splunk(scope, deps, ingest, done), { prefix: `${prefix}/splunk` })
  await app.register((scope, _options, done) => logscale(scope, deps, ingest, done), { prefix: `${prefix}/logscale` })
}

/** Bodies stay streams, whatever their Content-Type; `of` is what a request brings, for what takes it in. */
function streams(scope: FastifyInstance, deps: Deps) {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', (_request, _payload, next) => next(null))
  const { onRequest, of } = askedFirst((request) => ingestCredential(deps, request))
  const limit = deps.settings.INGEST_BODY_MB * 1024 * 1024
  return {
    options: { bodyLimit: Number.MAX_SAFE_INTEGER, onRequest },
    of: (request: FastifyRequest) => ({
      credential: of(request),
      origin: { address: request.ip, requestId: request.id },
      body: request.raw,
      limit,
      told: hears(request),
    }),
  }
}

/** Rewrites every refusal, also one that a plugin made, in the words of the sender. */
function refusals(scope: FastifyInstance, write: (reply: FastifyReply, detail: string) => string) {
  /** Answers that are in the sender's words already. */
  const own = new WeakSet<FastifyReply>()
  scope.addHook('onSend', async (_request, reply, payload) => {
    if (reply.statusCode < 400 || typeof payload !== 'string' || own.has(reply)) return payload
    const { detail = payload } = readDetail(payload)
    reply.removeHeader('content-length')
    return write(reply, detail)
  })
  scope.setNotFoundHandler((_request, reply) => reply.status(404).send({ detail: 'Not found' }))
  return own
}

function readDetail(payload: string): { detail?: string } {
  try {
    return JSON.parse(payload) as { detail?: string }
  } catch {
    return {}
  }
}

/** A JSON answer, whatever its status, makes `elastic_upload()` drop its rows; any other text makes it keep them. */
function elastic(scope: FastifyInstance, deps: Deps, ingest: Ingest, done: () => void) {
  refusals(scope, (reply, detail) => {
    reply.type('text/plain; charset=utf-8')
    return detail
  })
  scope.addHook('onRequest', async (_request, reply) => void reply.header('x-elastic-product', 'Elasticsearch'))
  const { options, of } = streams(scope, deps)
  scope.get('/', { onRequest: options.onRequest }, () => ({
    name: 'velocicompanion',
    cluster_name: 'velocicompanion',
    version: { number: '8.0.0', build_flavor: 'default', minimum_wire_compatibility_version: '7.17.0' },
    tagline: 'You Know, for Search',
  }))
  scope.post('/_bulk', options, async (request, reply) => {
    const began = performance.now()
    // Velociraptor keeps each answer in a result set of its own, and looks at none of the items.
    const small = /^go-elasticsearch\/.*SNAPSHOT/.test(request.headers['user-agent'] ?? '')
    const items = small ? undefined : bulkItems()
    took(request, await receiveBulk(ingest, { ...of(request), answers: items?.add }))
    const ms = Math.round(performance.now() - began)
    if (!items) return reply.send({ took: ms, errors: false, items: [] })
    return reply.type('application/json; charset=utf-8').send(items.answer(ms))
  })
  done()
}

/** HEC's codes for what happens before an event is read. */
const hecCodes: Record<number, number> = { 401: 2, 403: 4, 404: 404, 413: 27, 429: 9, 503: 9 }

function splunk(scope: FastifyInstance, deps: Deps, ingest: Ingest, done: () => void) {
  const own = refusals(scope, (reply, text) => {
    reply.type('application/json; charset=utf-8')
    return JSON.stringify({ text, code: hecCodes[reply.statusCode] ?? (reply.statusCode < 500 ? 6 : 8) })
  })
  const { options, of } = streams(scope, deps)
  const health = async (_request: FastifyRequest, reply: FastifyReply) => {
    if (await isReady(deps)) return { text: 'HEC is healthy', code: 17 }
    own.add(reply)
    return reply.status(503).header('retry-after', '5').send({ text: 'HEC is unhealthy, queues are full', code: 18 })
  }
  const take = async (request: FastifyRequest, reply: FastifyReply) => {
    try {
      took(request, await receiveHec(ingest, of(request)))
      return await reply.send({ text: 'Success', code: 0 })
    } catch (error) {
      if (!(error instanceof HecError)) throw error
      const { status, message: text, code, event } = error
      own.add(reply)
      request.refusal = text
      return reply.status(status).send({ text, code, ...(event !== undefined && { 'invalid-event-number': event }) })
    }
  }
  for (const path of ['/services/collector', '/services/collector/event']) {
    scope.post(path, options, take)
  }
  scope.get('/services/collector/health', health)
  done()
}

/** Exactly 200 is success; 429 and 503 with Retry-After make the sender wait, anything else makes it drop the batch. */
function logscale(scope: FastifyInstance, deps: Deps, ingest: Ingest, done: () => void) {
  // A fault of ours must not cost rows either.
  scope.addHook('onSend', async (_request, reply, payload) => {
    if (reply.statusCode >= 500) reply.status(503).header('retry-after', '5')
    return payload
  })
  const { options, of } = streams(scope, deps)
  scope.post('/v1/ingest/humio-structured', options, async (request, reply) => {
    took(request, await receiveLogscale(ingest, of(request)))
    return reply.send({})
  })
  done()
}
