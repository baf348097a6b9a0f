import { BodyTooLarge, receive, type Ingest } from '@velocicompanion/api'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Deps } from '../app.ts'
import { refusalOf } from '../rest/refusal.ts'
import { whoIs } from '../who-is.ts'

/** What Velociraptor's artifacts send, streamed: a body is never held whole. */
export async function ingestion(app: FastifyInstance, { database, services, settings }: Deps, ingest: Ingest) {
  await app.register((scope, _options, done) => {
    // Senders set any Content-Type or none; the body stays a stream.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _payload, next) => next(null))
    scope.post('/api/ingestion/rows', { bodyLimit: Number.MAX_SAFE_INTEGER }, async (request, reply) => {
      const { ingest: credential, actor } = await whoIs({ database, services }, request)
      if (!credential) {
        return actor
          ? refuse(reply, 403, 'A token with the scope ingest is needed here')
          : refuse(reply, 401, 'A valid token is needed')
      }
      return answer(reply, () =>
        receive(ingest, {
          credential,
          body: request.raw,
          limit: settings.INGEST_BODY_MB * 1024 * 1024,
          org: request.headers['x-velociraptor-org']?.toString(),
          origin: { address: request.ip, requestId: request.id },
        }),
      )
    })
    done()
  })
}

/** A refused body is not read to its end: the connection closes behind the answer. */
const refuse = (reply: FastifyReply, status: number, detail: string) =>
  reply.status(status).header('connection', 'close').send({ detail })

async function answer(reply: FastifyReply, work: () => Promise<{ kind: string } & object>) {
  try {
    const receipt = await work()
    return await reply.send(receipt)
  } catch (error) {
    if (error instanceof BodyTooLarge) return refuse(reply, 413, 'The body is larger than INGEST_BODY_MB')
    const refusal = refusalOf(error)
    if (refusal && refusal.status < 500) return refuse(reply, refusal.status, refusal.detail)
    throw error
  }
}
