import { AppError } from '@velocicompanion/api'
import type { FastifyInstance, FastifyRequest, RouteHandlerMethod } from 'fastify'

export interface Limits {
  /** How long a sender may be slow, and below which mean rate it is. */
  slowMs: number
  bytesPerSecond: number
  /** How long storage may not get on with one request. */
  storageMs: number
  /** The same for senders that give up, or send again, after 10 and 20 seconds. */
  hastyMs: number
  /** Storage is behind when one request waited this long for it, or so many wait at once: nothing new is taken in. */
  behindMs: number
  mostWaiting: number
  tickMs: number
}

const usual: Limits = {
  slowMs: 60_000,
  bytesPerSecond: 4096,
  storageMs: 30_000,
  hastyMs: 7000,
  behindMs: 10_000,
  mostWaiting: 64,
  tickMs: 1000,
}

/** One request under way: how long it waited for its sender, and for storage since it last got on. */
interface Open {
  request: FastifyRequest
  patienceMs: number
  began: number
  seen: number
  senderMs: number
  storageMs: number
  stop?: (error: AppError) => void
}

const hasty = /\/(splunk|logscale)\//
const behind = () => new AppError('SERVICE_UNAVAILABLE', 'Storage is behind: send it again later')

const takesIn = ({ url, method }: { url: string; method: string | string[] }) =>
  url.startsWith('/api/ingestion/') && [method].flat().some((one) => one === 'POST' || one === 'PUT')

/**
 * Cuts senders that hold a connection and hardly send, and answers 503 for storage that does not get on. Both are told
 * apart by who waits for whom: a body that is not read, as its rows are being stored, is not the sender's fault.
 */
export function pace(app: FastifyInstance, over: Partial<Limits> = {}) {
  const limits = { ...usual, ...over }
  const open = new Map<FastifyRequest, Open>()
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.url === undefined || !takesIn({ url: request.routeOptions.url, method: request.method }))
      return
    const waiting = [...open.values()].filter(({ storageMs }) => storageMs > 0)
    if (waiting.length >= limits.mostWaiting || waiting.some(({ storageMs }) => storageMs >= limits.behindMs))
      throw behind()
    const began = request.raw.socket.bytesRead
    const patienceMs = hasty.test(request.url) ? limits.hastyMs : limits.storageMs
    open.set(request, { request, patienceMs, began, seen: began, senderMs: 0, storageMs: 0 })
    reply.raw.once('close', () => open.delete(request))
  })
  app.addHook('onRoute', (route) => {
    if (takesIn(route)) route.handler = stoppable(open, route.handler)
  })
  const timer = setInterval(() => {
    for (const one of open.values()) look(one, limits)
  }, limits.tickMs).unref()
  app.addHook('onClose', async () => clearInterval(timer))
}

function look(one: Open, { tickMs, slowMs, bytesPerSecond }: Limits) {
  const { raw } = one.request
  const { bytesRead } = raw.socket
  const gotOn = bytesRead !== one.seen
  one.seen = bytesRead
  if (!raw.complete && raw.readableLength < raw.readableHighWaterMark) {
    one.storageMs = 0
    one.senderMs += tickMs
    // A cut connection is the one answer after which every sender keeps its rows.
    if (one.senderMs >= slowMs && ((bytesRead - one.began) / one.senderMs) * 1000 < bytesPerSecond) raw.socket.destroy()
    return
  }
  one.storageMs = gotOn ? 0 : one.storageMs + tickMs
  if (one.storageMs >= one.patienceMs) one.stop?.(behind())
}

/** What goes on for a request, also when it was answered already. */
export const working = new WeakMap<FastifyRequest, Promise<unknown>>()

/** The handler, answered for when it is stopped. What it does goes on: a repeat finds what was stored. */
const stoppable = (open: Map<FastifyRequest, Open>, handler: RouteHandlerMethod): RouteHandlerMethod =>
  async function stop(request, reply) {
    const work = Promise.resolve(handler.call(this, request, reply))
    working.set(request, work)
    const one = open.get(request)
    if (!one) return work
    const stopped = new Promise<never>((_, reject) => {
      one.stop = reject
    })
    work.catch(() => {})
    return Promise.race([work, stopped])
  }
