import { appRouter } from '@velocicompanion/api'
import type { FastifyRequest } from 'fastify'

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
const procedures = new Set(Object.keys(appRouter._def.procedures))
export const trpcPrefix = '/api/trpc'

/** The method, or one word for every other: a caller must not make names. */
export const methodOf = ({ method }: FastifyRequest) => (methods.has(method) ? method : 'OTHER')

export const procedureOf = (path: string | undefined) =>
  `${trpcPrefix}/${path !== undefined && procedures.has(path) ? path : 'unknown'}`

/**
 * What a request was for, from a fixed set of names: the pattern of its route; for tRPC each procedure of the batch.
 * Never a part of the address as it was sent, which may hold anything.
 */
export function routesOf(request: FastifyRequest): string[] {
  const pattern = request.routeOptions.url
  if (pattern === undefined) return ['none']
  if (pattern.startsWith('/assets/')) return ['/assets/*']
  if (!pattern.startsWith(`${trpcPrefix}/`)) return [pattern]
  const path = request.url.slice(trpcPrefix.length + 1).split('?')[0]!
  return [...new Set(path.split(',').map(procedureOf))]
}
