import { openMarker } from '@velocicompanion/api'
import type { FastifyInstance } from 'fastify'
import type { Deps } from './app.ts'
import { routesOf, trpcPrefix } from './routes.ts'

/** What was asked here for all rows of a query begins when its answer is out. */
const begin = [
  'triage.markFound',
  'triage.tagFound',
  'triage.undo',
  'benign.create',
  'benign.update',
  'benign.end',
  'benign.restore',
].map((name) => `${trpcPrefix}/${name}`)

/** Marks in this process, where searches are evaluated, what people ask for. */
export function runTriage(app: FastifyInstance, { database, services, log }: Deps) {
  const marker = openMarker(database, services, {
    onError: (error) => log.error({ err: error }, 'marking rows failed'),
  })
  app.addHook('onResponse', async (request) => {
    if (routesOf(request).some((route) => begin.includes(route))) marker.wake()
  })
  app.addHook('onReady', async () => marker.wake())
  // Before the database closes.
  app.addHook('preClose', () => marker.close())
}
