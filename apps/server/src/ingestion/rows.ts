import { Socket } from 'node:net'
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
        body: request.socket instanceof Socket ? freed(request.raw) : request.raw,
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

/**
 * Chunks that are given back when the next one is asked for. Left to the garbage collector, bodies bring its next full turn near:
 * it counts their bytes, and there is little else to collect. Only those of a socket are ours alone.
 */
async function* freed(body: AsyncIterable<Buffer<ArrayBuffer>>) {
  for await (const chunk of body) {
    yield chunk
    if (chunk.length === chunk.buffer.byteLength) chunk.buffer.transfer(0)
  }
}
