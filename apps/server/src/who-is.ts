import {
  actorFromAccessToken,
  AppError,
  holderOrEnded,
  type Actor,
  unavailable,
  type IngestCredential,
} from '@velocicompanion/api'
import type { FastifyRequest } from 'fastify'
import type { Deps } from './app.ts'

export interface Caller {
  actor?: Actor
  /** Set for a token that can do nothing but ingest. */
  ingest?: IngestCredential
  /** Set for a token that was revoked or has ended. */
  ended?: { tenantId: number; tokenId: number; why: string }
}

/** The credential of a header: Bearer for all; for senders that can't, Basic (token as password), ApiKey and Splunk. */
export function credentialOf(header: string | undefined) {
  const [scheme = '', ...rest] = (header ?? '').trim().split(/\s+/)
  const value = rest.join(' ')
  switch (scheme.toLowerCase()) {
    case 'bearer':
    case 'apikey':
    case 'splunk':
      return value || undefined
    case 'basic':
      return Buffer.from(value, 'base64').toString('utf8').split(':').slice(1).join(':') || undefined
    default:
      return undefined
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose request it is, once a credential was read. */
    tenantId: number | null
    /** The token that it came with, also one that has ended. */
    sender: { tenantId: number; tokenId: number; ended?: string } | null
  }
}

/** Who asks, by the credential alone. Nothing for a missing or unknown one. */
export async function whoIs(deps: Pick<Deps, 'database' | 'services'>, request: FastifyRequest): Promise<Caller> {
  const caller = await callerOf(deps, credentialOf(request.headers.authorization)).catch((error: unknown) => {
    throw unavailable(error) ?? error
  })
  request.tenantId = (caller.actor ?? caller.ingest)?.tenantId ?? null
  request.sender = senderOf(caller)
  return caller
}

function senderOf({ actor, ingest, ended }: Caller): FastifyRequest['sender'] {
  if (ended) return { tenantId: ended.tenantId, tokenId: ended.tokenId, ended: ended.why }
  if (ingest) return { tenantId: ingest.tenantId, tokenId: ingest.tokenId }
  return actor?.tokenId === undefined ? null : { tenantId: actor.tenantId, tokenId: actor.tokenId }
}

async function callerOf(
  { database, services }: Pick<Deps, 'database' | 'services'>,
  credential: string | undefined,
): Promise<Caller> {
  if (!credential) return {}
  if (!credential.startsWith('vct_')) {
    const actor = await actorFromAccessToken(database, services, credential)
    return actor ? { actor } : {}
  }
  const holder = await holderOrEnded(database, services, credential)
  if (!holder) return {}
  if (holder.kind === 'ended') return { ended: holder }
  return holder.kind === 'api' ? { actor: holder.actor } : { ingest: holder.credential }
}

/** For the routes of Velociraptor's own senders: a token that may only ingest. */
export async function ingestCredential(
  deps: Pick<Deps, 'database' | 'services'>,
  request: FastifyRequest,
): Promise<IngestCredential> {
  const { ingest, actor } = await whoIs(deps, request)
  if (ingest) return ingest
  if (actor) throw new AppError('FORBIDDEN', 'A token with the scope ingest is needed here')
  throw new AppError('UNAUTHORIZED', 'A valid token is needed')
}

/** A database that does not answer would hold every sender, some of which give up. */
const askMs = 5000

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new AppError('SERVICE_UNAVAILABLE', 'The database does not answer')), askMs)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

/** Asks who it is before a byte of the body is read, as a hook of the route, and keeps the answer for its handler. */
export function askedFirst<T>(ask: (request: FastifyRequest) => Promise<T>) {
  const answers = new WeakMap<FastifyRequest, { of: T }>()
  return {
    onRequest: async (request: FastifyRequest) => void answers.set(request, { of: await inTime(ask(request)) }),
    of: (request: FastifyRequest) => answers.get(request)!.of,
  }
}
