import { AppError, noteLostFile, type LostFile, type Sender } from '@velocicompanion/api'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Deps } from '../app.ts'
import { nameIn } from './import.ts'
import { senderFor } from './ingest.ts'

const tryEvery = 5000
/** Files that wait to be written down; while the database is away, nothing says whose they are. */
const most = 1000

interface Waiting extends LostFile {
  whose: () => Promise<Sender>
}

/**
 * `upload_webdav()` looks at no answer: a file that is refused, or whose connection breaks, is gone, and its collector believes
 * it delivered. So what can still be said is said: such a file stands on the list of imports.
 */
export function lostFiles(app: FastifyInstance, deps: Deps) {
  const waiting: Waiting[] = []
  let writing: Promise<void> | undefined
  const write = async () => {
    for (let one = waiting[0]; one; one = waiting[0]) {
      try {
        await noteLostFile(deps.database, await one.whose(), one)
      } catch (error) {
        // Nobody's file is on nobody's list.
        if (!(error instanceof AppError) || error.code === 'SERVICE_UNAVAILABLE') {
          deps.log.warn({ err: error }, 'a file that was refused waits to be written down')
          return
        }
      }
      waiting.shift()
    }
  }
  const flush = () => (writing ??= write().finally(() => (writing = undefined)))
  const timer = setInterval(() => void (waiting.length > 0 && flush()), tryEvery).unref()
  app.addHook('onRequest', async (request, reply) => {
    if (request.method !== 'PUT' || request.routeOptions.url !== '/api/ingestion/webdav/*') return
    reply.raw.once('close', () => {
      const reason = whyLost(request, reply)
      if (reason === undefined || waiting.length >= most) return
      const { '*': path } = request.params as { '*': string }
      const at = new Date().toISOString()
      waiting.push({ name: nameIn(path), reason, at, whose: () => senderFor(deps, request) })
      void flush()
    })
  })
  app.addHook('onClose', async () => {
    clearInterval(timer)
    await writing
    if (waiting.length > 0) await flush()
  })
}

function whyLost(request: FastifyRequest, { raw }: FastifyReply) {
  if (!raw.writableFinished && !request.raw.complete) return 'not taken in: the connection broke off'
  if (raw.statusCode < 400) return undefined
  return `not taken in (${raw.statusCode}): ${request.refusal ?? 'refused'}`
}
