import { openExporter } from '@velocicompanion/api'
import type { FastifyInstance } from 'fastify'
import type { Deps } from './app.ts'
import { routesOf, trpcPrefix } from './routes.ts'

/** Writes exports in this process, where searches are evaluated. One that was asked for here begins when its answer is out. */
export function runExports(app: FastifyInstance, { database, services, log, disk }: Deps) {
  const exporter = openExporter(database, services, {
    checkRoom: disk && (() => disk.checkRoom()),
    onError: (error) => log.error({ err: error }, 'an export failed'),
  })
  app.addHook('onResponse', async (request) => {
    const asked = routesOf(request)
    if (asked.includes(`${trpcPrefix}/exports.create`) || (request.method === 'POST' && asked[0] === '/api/exports'))
      exporter.wake()
  })
  app.addHook('onReady', async () => exporter.wake())
  // Before the database closes; who reads what is being written is cut.
  app.addHook('preClose', () => exporter.close())
}
