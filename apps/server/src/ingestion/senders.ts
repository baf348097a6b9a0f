import {
  HecError,
  readHec,
  readLogscale,
  receiveBulk,
  receiveUnnumbered,
  type Ingest,
  type IngestCredential,
} from '@velocicompanion/api'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Deps } from '../app.ts'
import { inRoom, openRoom, type Room } from './room.ts'
import { hears, took } from './sender-log.ts'
import { askedFirst, ingestCredential } from '../who-is.ts'
import { isReady } from '../health.ts'

const prefix = '/api/ingestion'
/** HEC and LogScale bodies are one JSON text, so they are held whole. */
const mostWhole = 32 * 1024 * 1024

/** The routes of Velociraptor's built-in uploaders, each answering in the words that its sender obeys. */
export async function senders(app: FastifyInstance, deps: Deps, ingest: Ingest) {
  await app.register((scope, _options, done) => elastic(scope, deps, ingest, done), { prefix: `${prefix}/elastic` })
  const room = openRoom()
  await app.register((scope, _options, done) => splunk(scope, deps, ingest, room, done), { prefix: `${prefix}/splunk` })
  await app.register((scope, _options, done) => logscale(scope, deps, ingest, room, done), {
    prefix: `${prefix}/logscale`,
  })
}

const originOf = (request: FastifyRequest) => ({ address: request.ip, requestId: request.id })
const limitOf = ({ settings }: Deps) => settings.INGEST_BODY_MB * 1024 * 1024

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
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', (_request, _payload, next) => next(null))
  const credential = askedFirst((request) => ingestCredential(deps, request))
  scope.get('/', { onRequest: credential.onRequest }, () => ({
    name: 'velocicompanion',
    cluster_name: 'velocicompanion',
    version: { number: '8.0.0', build_flavor: 'default', minimum_wire_compatibility_version: '7.17.0' },
    tagline: 'You Know, for Search',
  }))
  const options = { bodyLimit: Number.MAX_SAFE_INTEGER, onRequest: credential.onRequest }
  scope.post('/_bulk', options, async (request, reply) => {
    const began = performance.now()
    const bulk = { credential: credential.of(request), origin: originOf(request), limit: limitOf(deps) }
    const { actions, ...came } = await receiveBulk(ingest, { ...bulk, body: request.raw, told: hears(request) })
    took(request, came)
    const ms = Math.round(performance.now() - began)
    // Velociraptor keeps each answer in a result set of its own, and looks at none of the items.
    const small = /^go-elasticsearch\/.*SNAPSHOT/.test(request.headers['user-agent'] ?? '')
    const items = small
      ? []
      : actions.map(({ kind, _index, _id }) => ({ [kind]: { _index, _id, status: 201, result: 'created' } }))
    return reply.send({ took: ms, errors: false, items })
  })
  done()
}

/** HEC's codes for what happens before an event is read. */
const hecCodes: Record<number, number> = { 401: 2, 403: 4, 404: 404, 413: 27, 429: 9, 503: 9 }

function splunk(scope: FastifyInstance, deps: Deps, ingest: Ingest, room: Room, done: () => void) {
  const own = refusals(scope, (reply, text) => {
    reply.type('application/json; charset=utf-8')
    return JSON.stringify({ text, code: hecCodes[reply.statusCode] ?? (reply.statusCode < 500 ? 6 : 8) })
  })
  // Its sender waits 20 seconds for an answer; LogScale's waits 10.
  wholeBodies(scope, deps, room, 10_000)
  const credential = askedFirst((request) => ingestCredential(deps, request))
  const health = async (_request: FastifyRequest, reply: FastifyReply) => {
    if (await isReady(deps)) return { text: 'HEC is healthy', code: 17 }
    own.add(reply)
    return reply.status(503).header('retry-after', '5').send({ text: 'HEC is unhealthy, queues are full', code: 18 })
  }
  const take = async (request: FastifyRequest, reply: FastifyReply) => {
    const body = bodyOf(request)
    try {
      const units = readHec(body)
      await store(ingest, 'splunk', credential.of(request), request, { units, body })
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
    scope.post(path, { onRequest: credential.onRequest }, take)
  }
  scope.get('/services/collector/health', health)
  done()
}

/** Exactly 200 is success; 429 and 503 with Retry-After make the sender wait, anything else makes it drop the batch. */
function logscale(scope: FastifyInstance, deps: Deps, ingest: Ingest, room: Room, done: () => void) {
  // A fault of ours must not cost rows either.
  scope.addHook('onSend', async (_request, reply, payload) => {
    if (reply.statusCode >= 500) reply.status(503).header('retry-after', '5')
    return payload
  })
  wholeBodies(scope, deps, room, 5000)
  const credential = askedFirst((request) => ingestCredential(deps, request))
  scope.post('/v1/ingest/humio-structured', { onRequest: credential.onRequest }, async (request, reply) => {
    const body = bodyOf(request)
    await store(ingest, 'logscale', credential.of(request), request, { units: readLogscale(body), body })
    return reply.send({})
  })
  done()
}

function wholeBodies(scope: FastifyInstance, deps: Deps, room: Room, patienceMs: number) {
  const bodyLimit = Math.min(limitOf(deps), mostWhole)
  inRoom(scope, room, bodyLimit, patienceMs)
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, (_request, body, next) => next(null, body))
}

const bodyOf = ({ body }: FastifyRequest) => (Buffer.isBuffer(body) ? body : Buffer.alloc(0))

const store = async (
  ingest: Ingest,
  kind: 'splunk' | 'logscale',
  credential: IngestCredential,
  request: FastifyRequest,
  { units, body }: { units: ReturnType<typeof readHec>; body: Buffer },
) => {
  const heard = { origin: originOf(request), told: hears(request) }
  took(request, await receiveUnnumbered(ingest, { credential, kind, bytes: body, units, aside: [], ...heard }))
}
