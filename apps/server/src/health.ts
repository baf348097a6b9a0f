import { sql } from 'kysely'
import type { FastifyInstance } from 'fastify'
import type { Deps } from './app.ts'

/** Liveness says that the process answers; readiness asks the database. */
export async function health(app: FastifyInstance, { database }: Deps) {
  app.get('/health', () => ({ status: 'healthy' }))
  app.get('/health/ready', async (_request, reply) => {
    try {
      await sql`select 1`.execute(database.db)
      return { status: 'healthy' }
    } catch {
      return reply.status(503).header('retry-after', '5').send({ detail: 'The database does not answer' })
    }
  })
}
