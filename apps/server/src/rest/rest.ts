import { AppError, createCaller, type Context } from '@velocicompanion/api'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Deps } from '../app.ts'
import { machineContext } from '../context.ts'
import { collectionRows } from './collection-rows.ts'
import { exportFiles } from './exports.ts'
import { inputOf, readInput, type InputSchema } from './input.ts'
import { documentation } from './openapi.ts'
import { routes, type Route } from './routes.ts'
import { snakeKeys } from './words.ts'

type Procedure = (input: unknown) => Promise<unknown>

/** The adapter for machines: each route turns HTTP into one procedure's input, and its answer into JSON in snake_case. */
export async function rest(app: FastifyInstance, deps: Deps) {
  for (const route of routes) {
    const schema = inputOf(route.procedure)
    app.route({
      method: route.method,
      url: route.path,
      handler: async (request, reply) => answer(route, schema, await machineContext(deps, request), request, reply),
    })
  }
  collectionRows(app, deps)
  exportFiles(app, deps)
  await documentation(app, deps)
}

async function answer(
  route: Route,
  schema: InputSchema,
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const call = (procedure: string, input: unknown) => {
    const [feature, name] = procedure.split('.')
    const caller = createCaller(context) as unknown as Record<string, Record<string, Procedure>>
    return caller[feature!]![name!]!(input)
  }
  const body = request.body ?? {}
  if (typeof body !== 'object' || Array.isArray(body))
    throw new AppError('BAD_REQUEST', 'The body must be a JSON object')
  const input = readInput(schema, { params: request.params as object, query: request.query as object, body })
  if (route.versionFrom && input.version === undefined) {
    const current = call(route.versionFrom, { id: input.id }) as Promise<{ version: number }>
    // What can't be read is refused by the change itself, which asks first who may.
    input.version = await current.then(
      ({ version }) => version,
      () => 1,
    )
  }
  const result = await call(route.procedure, input)
  if (route.list) return sendList(route, request, reply, result as List)
  return reply.status(route.status ?? 200).send(snakeKeys(route.answer ? route.answer(result as never) : result))
}

interface List {
  rows: unknown[]
  nextCursor: string | number | null
  total?: number
}

function sendList(route: Route, request: FastifyRequest, reply: FastifyReply, { rows, nextCursor, total }: List) {
  if (total !== undefined) reply.header('x-total-count', total)
  if (nextCursor !== null) {
    const { skip: _skip, ...query } = request.query as Record<string, string>
    const next = new URLSearchParams({ ...query, cursor: String(nextCursor) })
    reply.header('link', `<${route.path}?${next.toString()}>; rel="next"`)
  }
  return reply.send(snakeKeys(rows))
}
