import { AppError, mostDocumentBytes, receiveDocument, senderOf, type Ingest, type Sender } from '@velocicompanion/api'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Deps } from '../app.ts'
import { contextFor } from '../context.ts'
import { snakeKeys } from '../rest/words.ts'
import { inRoom, openRoom } from './room.ts'
import { took } from './sender-log.ts'
import { askedFirst, whoIs } from '../who-is.ts'

/** `POST /api/ingestion/ingest`: one JSON document of one host, from a script or a person's hand. */
export async function ingestDocuments(app: FastifyInstance, deps: Deps, ingest: Ingest) {
  const bodyLimit = Math.min(deps.settings.INGEST_BODY_MB * 1024 * 1024, mostDocumentBytes)
  await app.register((scope, _options, done) => {
    inRoom(scope, openRoom(), bodyLimit, 30_000)
    scope.removeAllContentTypeParsers()
    // The bytes are the evidence: nothing parses them on the way, whatever the header says they are.
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, (_request, body, next) => next(null, body))
    const { onRequest, of } = askedFirst((request) => senderFor(deps, request))
    scope.post('/api/ingestion/ingest', { bodyLimit, onRequest }, async (request, reply) => {
      const sender = of(request)
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
      const origin = { address: request.ip, requestId: request.id }
      const { repeated, ...record } = await receiveDocument(ingest, { sender, body, key: keyOf(request), origin })
      took(request, record)
      return reply.status(repeated ? 200 : 201).send(snakeKeys(record))
    })
    done()
  })
}

export async function senderFor({ database, services }: Deps, request: FastifyRequest): Promise<Sender> {
  const { actor, ingest } = await whoIs({ database, services }, request)
  if (ingest) return ingest
  if (!actor) throw new AppError('UNAUTHORIZED', 'A valid token is needed')
  return senderOf({ ...contextFor({ database, services }, request, actor), actor })
}

function keyOf({ headers }: FastifyRequest) {
  const key = headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key))
    throw new AppError('BAD_REQUEST', 'Idempotency-Key must have 1 to 255 visible ASCII characters')
  return key
}
