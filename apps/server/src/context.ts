import type { Context } from '@velocicompanion/api'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Deps } from './app.ts'
import { whoIs } from './who-is.ts'

const refreshCookie = 'vc_refresh'

/** What a procedure gets of a request. A token that may only ingest is nobody here. */
export async function contextOf(
  { database, services, settings }: Deps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Context> {
  const { actor } = await whoIs(database, services, request.headers.authorization)
  return {
    database,
    services,
    actor,
    origin: { address: request.ip, requestId: request.id },
    tenant: namedTenant(request.headers['x-tenant']),
    userAgent: request.headers['user-agent'],
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

const namedTenant = (header: string | string[] | undefined) =>
  header === 'all' ? 'all' : typeof header === 'string' && /^\d{1,9}$/.test(header) ? Number(header) : undefined
