import { sql } from 'kysely'
import type { FastifyInstance } from 'fastify'
import type { Deps } from './app.ts'

/** Whether the database answers. */
export const isReady = ({ database }: Pick<Deps, 'database'>) =>
  sql`select 1`.execute(database.db).then(
    () => true,
    () => false,
  )

/** Liveness says that the process answers; readiness asks the database. */
export async function health(app: FastifyInstance, deps: Deps) {
  app.get('/health', () => ({ status: 'healthy' }))
  app.get('/health/ready', async (_request, reply) => {
    if (await isReady(deps)) return { status: 'healthy' }
    return reply.status(503).header('retry-after', '5').send({ detail: 'The database does not answer' })
  })
}
