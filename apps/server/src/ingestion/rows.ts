import { receive, type Ingest } from '@velocicompanion/api'
import type { FastifyInstance } from 'fastify'
import type { Deps } from '../app.ts'
import { hears, took } from './sender-log.ts'
import { askedFirst, ingestCredential } from '../who-is.ts'

/** What Velociraptor's artifacts send, streamed: a body is never held whole. */
export async function ingestion(app: FastifyInstance, deps: Deps, ingest: Ingest) {
  const limit = deps.settings.INGEST_BODY_MB * 1024 * 1024
  await app.register((scope, _options, done) => {
    // Senders set any Content-Type or none; the body stays a stream.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _payload, next) => next(null))
    const { onRequest, of } = askedFirst((request) => ingestCredential(deps, request))
    scope.post('/api/ingestion/rows', { bodyLimit: Number.MAX_SAFE_INTEGER, onRequest }, async (request) => {
      const receipt = await receive(ingest, {
        credential: of(request),
        body: request.raw,
        limit,
        org: request.headers['x-velociraptor-org']?.toString(),
        origin: { address: request.ip, requestId: request.id },
        told: hears(request),
      })
      took(request, receipt)
      return receipt
    })
    done()
  })
}
