import { AppError } from '@velocicompanion/api'
import type { FastifyInstance } from 'fastify'
import { working } from './pace.ts'

/** Bytes of bodies that are held whole at once, by all connections. */
const mostHeld = 64 * 1024 * 1024

interface Waiting {
  bytes: number
  go: () => void
}

/** Room for bodies in memory. Who finds none waits in turn, and hears to come again after a while. */
export function openRoom(most = mostHeld) {
  let held = 0
  const waiting = new Set<Waiting>()
  const fits = (bytes: number) => held === 0 || held + bytes <= most
  const next = () => {
    for (const one of waiting) {
      if (!fits(one.bytes)) return
      waiting.delete(one)
      held += one.bytes
      one.go()
    }
  }
  /** Returns what gives the room back. */
  const take = async (bytes: number, patienceMs: number) => {
    const turn = Promise.withResolvers<void>()
    const one = { bytes, go: turn.resolve }
    waiting.add(one)
    next()
    const timer = setTimeout(() => {
      if (!waiting.delete(one)) return
      turn.reject(new AppError('SERVICE_UNAVAILABLE', 'Many large bodies are under way: send it again later'))
      next()
    }, patienceMs)
    await turn.promise.finally(() => clearTimeout(timer))
    let given = false
    return () => {
      if (given) return
      given = true
      held -= bytes
      next()
    }
  }
  return { take }
}

export type Room = ReturnType<typeof openRoom>

/** Bodies of these routes are read only when there is room for them. Until then the sender's own window slows it. */
export function inRoom(scope: FastifyInstance, room: Room, bodyLimit: number, patienceMs: number) {
  scope.addHook('preParsing', async (request, reply, payload) => {
    const said = Number(request.headers['content-length'] ?? bodyLimit)
    const free = await room.take(Math.min(said, bodyLimit), patienceMs)
    // A request that storage held up is answered before its work ends, which still holds the body.
    const end = () => void (working.get(request) ?? Promise.resolve()).then(free, free)
    reply.raw.once('close', end)
    if (reply.raw.closed) end()
    return payload
  })
}
