import { AppError, type Context } from '@velocicompanion/api'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Deps } from './app.ts'
import { whoIs, type Caller } from './who-is.ts'

const refreshCookie = 'vc_refresh'

/** What a procedure gets of a request. A token that may only ingest is nobody here. */
export async function contextOf(
  { database, services, settings }: Deps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Context> {
  const { actor } = await whoIs({ database, services }, request)
  return {
    ...contextFor({ database, services }, request, actor),
    cookie: {
      read: () => request.cookies[refreshCookie],
      write: (token, expires) => {
        const secure = settings.publicUrl.startsWith('https:')
        const flags = { path: '/api', httpOnly: true, sameSite: 'strict', secure } as const
        if (token === null) reply.clearCookie(refreshCookie, flags)
        else reply.setCookie(refreshCookie, token, { ...flags, ...(expires && { expires }) })
      },
    },
  }
}

/** As for the web, but without its cookie; a token that may only ingest is told so. */
export async function machineContext({ database, services }: Deps, request: FastifyRequest): Promise<Context> {
  const { actor, ingest } = await whoIs({ database, services }, request)
  if (ingest) throw new AppError('FORBIDDEN', 'This token can do nothing but ingest: make one with the scope api')
  return contextFor({ database, services }, request, actor)
}

export const contextFor = (
  { database, services }: Pick<Deps, 'database' | 'services'>,
  request: FastifyRequest,
  actor: Caller['actor'],
): Context => ({
  database,
  services,
  actor,
  origin: { address: request.ip, requestId: request.id },
  tenant: namedTenant(request.headers['x-tenant']),
  userAgent: request.headers['user-agent'],
})

function namedTenant(header: string | string[] | undefined) {
  if (header === undefined) return undefined
  if (header === 'all') return 'all'
  if (typeof header === 'string' && /^\d{1,9}$/.test(header)) return Number(header)
  throw new AppError('BAD_REQUEST', 'X-Tenant must be the id of a tenant, or all')
}
