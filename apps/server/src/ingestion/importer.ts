import { openImporter, type Ingest } from '@velocicompanion/api'
import type { FastifyInstance } from 'fastify'
import type { Deps } from '../app.ts'

/** Runs imports in this process. Who takes files in wakes it; what other processes took in it finds within seconds. */
export function runImports(app: FastifyInstance, { services, log }: Pick<Deps, 'services' | 'log'>, ingest: Ingest) {
  const importer = openImporter(ingest, services, {
    onError: (error) => log.error({ err: error }, 'an import failed'),
  })
  app.addHook('onReady', async () => importer.wake())
  // Before the database and the workers of ingestion close.
  app.addHook('preClose', () => importer.close())
  return importer
}
