import { noteSenders, type Noted, type Said, type SenderKind } from '@velocicompanion/api'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Deps } from '../app.ts'

const flushEvery = 5000
/** Tokens whose kind is remembered, for refusals that come before a body is read. */
const mostRemembered = 10_000

declare module 'fastify' {
  interface FastifyRequest {
    /** What a route of ingestion found out about its request. */
    sent: { kind: SenderKind | undefined; rows: number; rejected: number; newest: number }
    /** The sentence that a refusal was given in. */
    refusal: string | null
  }
}

const kinds: [prefix: string, kind: SenderKind][] = [
  ['/api/ingestion/elastic', 'elastic'],
  ['/api/ingestion/splunk', 'splunk'],
  ['/api/ingestion/logscale', 'logscale'],
  ['/api/ingestion/webdav', 'webdav'],
  ['/api/ingestion/import', 'import'],
  ['/api/ingestion/ingest', 'ingest'],
]

/** For a route of ingestion to say what came. */
export const took = (request: FastifyRequest, { rows, rejected }: { rows: number; rejected: number }) =>
  Object.assign(request.sent, { rows, rejected })

/** For `told` of what takes the body in. */
export const hears = (request: FastifyRequest) => (said: Said) => {
  const { sent } = request
  if (said.events !== undefined) sent.kind = said.events ? 'events' : 'feed'
  sent.newest = Math.max(sent.newest, said.newest ?? 0)
}

/**
 * Notes who sends, how much and how late, and why it was refused: added up in memory and written every few seconds, so that
 * no delivery waits for it. What a crash loses is some seconds of these figures, and no row.
 */
export function senderLog(app: FastifyInstance, { database, log, services }: Deps) {
  let waiting = new Map<string, Noted & { tenantId: number }>()
  const lastKind = new Map<number, SenderKind>()
  let writing: Promise<void> | undefined

  const write = async () => {
    const taken = waiting
    waiting = new Map()
    for (const [tenantId, noted] of Map.groupBy(taken.values(), (one) => one.tenantId)) {
      try {
        await noteSenders(
          database.db,
          tenantId,
          noted.map(({ tenantId: _, ...one }) => one),
        )
      } catch (error) {
        log.warn({ err: error }, 'what senders did waits to be written down')
        for (const one of noted) add(one)
      }
    }
  }
  const add = (one: Noted & { tenantId: number }) => {
    const key = `${one.tokenId} ${one.kind}`
    const before = waiting.get(key)
    waiting.set(key, before ? together(before, one) : one)
  }
  const flush = () => (writing ??= write().finally(() => (writing = undefined)))
  const timer = setInterval(() => void (waiting.size > 0 && flush()), flushEvery).unref()

  app.decorateRequest('sender', null)
  app.decorateRequest('refusal', null)
  app.decorateRequest('sent', null as never)
  app.addHook('onRequest', async (request) => {
    request.sent = { kind: undefined, rows: 0, rejected: 0, newest: 0 }
  })
  app.addHook('onResponse', async (request, reply) => {
    const kind = kindOf(request, lastKind)
    if (!kind) return
    services.count({ kind: 'sent', sender: kind, status: reply.statusCode, lagMs: lagOf(request) })
    if (!request.sender) return
    if (lastKind.size >= mostRemembered) lastKind.clear()
    lastKind.set(request.sender.tokenId, kind)
    add({ tenantId: request.sender.tenantId, ...notedOf(request, reply, kind) })
  })
  app.addHook('onClose', async () => {
    clearInterval(timer)
    await writing
    if (waiting.size > 0) await flush()
  })
}

/** Nothing for a request that brings no rows. */
function kindOf(request: FastifyRequest, lastKind: Map<number, SenderKind>): SenderKind | undefined {
  const { method, routeOptions, sender, sent } = request
  const url = routeOptions.url ?? ''
  if (method !== 'POST' && method !== 'PUT') return undefined
  if (url !== '/api/ingestion/rows') return kinds.find(([prefix]) => url.startsWith(prefix))?.[1]
  return sent.kind ?? (sender ? lastKind.get(sender.tokenId) : undefined) ?? 'feed'
}

const lagOf = ({ sent: { newest } }: FastifyRequest) => (newest > 0 ? Math.max(0, Date.now() - newest) : undefined)

function notedOf(request: FastifyRequest, reply: FastifyReply, kind: SenderKind): Noted {
  const now = new Date().toISOString()
  const { sender, sent } = request
  const refused = reply.statusCode >= 400
  const reason = sender?.ended ?? request.refusal ?? `answered ${reply.statusCode}`
  return {
    tokenId: sender!.tokenId,
    kind,
    firstAt: now,
    lastAt: now,
    takenAt: refused ? null : now,
    requests: 1,
    rows: refused ? 0 : sent.rows,
    rowsRejected: refused ? 0 : sent.rejected,
    refused: refused ? 1 : 0,
    refusedAt: refused ? now : null,
    refusedStatus: refused ? reply.statusCode : null,
    refusedReason: refused ? reason.toWellFormed().replaceAll('\0', '\u2400').slice(0, 300) : null,
    lagMs: refused ? null : (lagOf(request) ?? null),
  }
}

/** `b` is the later one. */
const together = <T extends Noted>(a: T, b: T): T => ({
  ...b,
  firstAt: a.firstAt < b.firstAt ? a.firstAt : b.firstAt,
  lastAt: a.lastAt > b.lastAt ? a.lastAt : b.lastAt,
  takenAt: b.takenAt ?? a.takenAt,
  requests: a.requests + b.requests,
  rows: a.rows + b.rows,
  rowsRejected: a.rowsRejected + b.rowsRejected,
  refused: a.refused + b.refused,
  refusedAt: b.refusedAt ?? a.refusedAt,
  refusedStatus: b.refusedStatus ?? a.refusedStatus,
  refusedReason: b.refusedReason ?? a.refusedReason,
  lagMs: b.lagMs ?? a.lagMs,
})
