import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { AppError } from '../../errors.ts'
import type { Gathered } from './collect.ts'
import { type Held, newHeld, settleChunks } from './held.ts'
import type { BlockTask, Question } from './task.ts'
import type { Wave } from './worker.ts'

export interface SearchPoolOptions {
  /** Worker threads. */
  size?: number
  /** Decoded chunks that all workers keep together, in bytes. */
  cacheBytes?: number
  /** Searches of one tenant that run at a time, and that may wait. */
  running?: number
  waiting?: number
  /** A wave that takes longer ends its worker, in milliseconds. */
  patience?: number
}

/** Whose turn it is: a tenant's id, or the view across all of them. */
export type Turn = number | 'all'

export interface SearchPool {
  /** Runs a search when the tenant has room for one more; refuses when too many wait. */
  admit<T>(turn: Turn, signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T>
  /** The chunks among these that the worker of the block does not hold. */
  missing(blockId: number, keys: string[]): string[]
  /** Evaluates blocks that all belong to one seat. Undefined when a chunk that was held is gone: send it with its bytes. */
  ask(
    turn: Turn,
    work: { question: Question; blocks: BlockTask[] },
    signal?: AbortSignal,
  ): Promise<Gathered | undefined>
  seatOf(blockId: number): number
  close(): Promise<void>
}

interface Job extends Omit<Wave, 'id' | 'forget'> {
  turn: Turn
  resolve(gathered: Gathered | undefined): void
  reject(error: Error): void
}

interface Seat {
  worker: Worker | undefined
  isReady: boolean
  held: Held
  queue: Job[]
  running: Job | undefined
  timer: NodeJS.Timeout | undefined
  /** When each tenant was last served, so that they take turns. */
  served: Map<Turn, number>
}

type Answer = { isReady: true } | { id: number; gathered: Gathered } | { id: number; error: string; tooMany: boolean }

const tooLong = () =>
  new AppError('TIMEOUT', 'This query takes too long: narrow it by time, host or source', 'too_expensive')

/** Threads that evaluate blocks, so that no query holds up the server. They start with the first question. */
export function searchPool({
  size = 1,
  cacheBytes = 192_000_000,
  running = 6,
  waiting = 60,
  patience = 20_000,
}: SearchPoolOptions = {}): SearchPool {
  const seats = Array.from({ length: size }, (): Seat => ({
    worker: undefined,
    isReady: false,
    held: newHeld(cacheBytes / size),
    queue: [],
    running: undefined,
    timer: undefined,
    served: new Map(),
  }))
  const gate = turnstile(running, waiting)
  let clock = 0
  const seatOf = (blockId: number) => blockId % size

  function next(seat: Seat) {
    if (seat.running) return
    const job = seat.queue.reduce<Job | undefined>(
      (best, one) => (best && servedAt(seat, best) <= servedAt(seat, one) ? best : one),
      undefined,
    )
    if (!job) return
    seat.queue.splice(seat.queue.indexOf(job), 1)
    const forget = settleChunks(seat.held, job.blocks)
    if (!forget) {
      job.resolve(undefined)
      next(seat)
      return
    }
    seat.worker ??= hire(seat)
    seat.running = job
    seat.served.set(job.turn, ++clock)
    if (seat.isReady) watch(seat)
    seat.worker.ref()
    const { question, blocks } = job
    seat.worker.postMessage({ id: clock, question, blocks, forget } satisfies Wave)
  }

  /** A thread's own start is no part of its work. */
  function watch(seat: Seat) {
    clearTimeout(seat.timer)
    seat.timer = setTimeout(() => void seat.worker?.terminate(), patience)
  }

  function hire(seat: Seat): Worker {
    const worker = new Worker(join(import.meta.dirname, 'worker.ts'), {
      resourceLimits: { maxOldGenerationSizeMb: 1024 },
    })
    worker.unref()
    worker.on('message', (answer: Answer) => {
      if ('isReady' in answer) {
        seat.isReady = true
        if (seat.running) watch(seat)
        return
      }
      const job = done(seat)
      if ('gathered' in answer) job?.resolve(answer.gathered)
      else job?.reject(answer.tooMany ? tooManyGroups() : new Error(answer.error))
      next(seat)
    })
    worker.on('error', () => {})
    worker.on('exit', () => {
      const job = done(seat)
      seat.worker = undefined
      seat.isReady = false
      seat.held = newHeld(cacheBytes / size)
      job?.reject(tooLong())
      next(seat)
    })
    return worker
  }

  return {
    admit: gate,
    seatOf,
    missing: (blockId, keys) => keys.filter((key) => !seats[seatOf(blockId)]!.held.sizes.has(key)),
    ask(turn, { question, blocks }, signal) {
      const seat = seats[seatOf(blocks[0]!.blockId)]!
      return new Promise((resolve, reject) => {
        const job: Job = { turn, question, blocks, resolve, reject }
        const drop = () => {
          const at = seat.queue.indexOf(job)
          if (at >= 0) seat.queue.splice(at, 1)
          reject(cancelled())
        }
        if (signal?.aborted) return reject(cancelled())
        signal?.addEventListener('abort', drop, { once: true })
        job.resolve = (gathered) => (signal?.removeEventListener('abort', drop), resolve(gathered))
        seat.queue.push(job)
        next(seat)
      })
    },
    async close() {
      await Promise.all(seats.flatMap(({ worker }) => worker?.terminate() ?? []))
    },
  }
}

const servedAt = (seat: Seat, { turn }: Job) => seat.served.get(turn) ?? 0

function done(seat: Seat): Job | undefined {
  const job = seat.running
  clearTimeout(seat.timer)
  seat.running = undefined
  seat.worker?.unref()
  return job
}

export const cancelled = () => new AppError('CLIENT_CLOSED_REQUEST', 'The search was stopped')

const tooManyGroups = () =>
  new AppError(
    'UNPROCESSABLE_CONTENT',
    'One row would stand in more than 1,000 groups: group by fewer fields',
    'too_expensive',
  )

interface Waiting {
  go(): void
}

/** Lets so many of a tenant's searches run at a time. */
function turnstile(running: number, waiting: number): SearchPool['admit'] {
  const tenants = new Map<Turn, { running: number; waiting: Waiting[] }>()
  return async (turn, signal, run) => {
    const tenant = tenants.get(turn) ?? { running: 0, waiting: [] }
    tenants.set(turn, tenant)
    if (tenant.running >= running) {
      if (tenant.waiting.length >= waiting)
        throw new AppError(
          'TOO_MANY_REQUESTS',
          'Too many searches of this tenant run already: try again',
          'too_expensive',
        )
      await place(tenant.waiting, signal)
    } else tenant.running++
    try {
      return await run()
    } finally {
      const after = tenant.waiting.shift()
      if (after) after.go()
      else if (--tenant.running === 0) tenants.delete(turn)
    }
  }
}

/** Waits until one that ends gives its place away. */
const place = (queue: Waiting[], signal: AbortSignal | undefined) =>
  new Promise<void>((resolve, reject) => {
    if (signal?.aborted) return reject(cancelled())
    const waiting = { go: () => (signal?.removeEventListener('abort', leave), resolve()) }
    const leave = () => {
      queue.splice(queue.indexOf(waiting), 1)
      reject(cancelled())
    }
    signal?.addEventListener('abort', leave, { once: true })
    queue.push(waiting)
  })
