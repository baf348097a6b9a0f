import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { AppError, cancelled, damaged } from '../../errors.ts'
import { nothingYet } from './collect.ts'
import { type Finish, type Finished, finish } from './finish.ts'
import { dropChunks, type Held, keysOf, newHeld, settleChunks } from './held.ts'
import type { RowsToShow, ShownPage } from './show.ts'
import type { BlockTask, Question, WaveAnswer } from './task.ts'
import { type Admit, turnstile, type Turn } from './turnstile.ts'
import type { Asked, Replied, Why } from './worker.ts'

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

/** A question under way: what its blocks give is gathered in the threads that hold their chunks. */
export interface OpenSearch {
  /** Evaluates blocks that all belong to one seat; of a page, rows before `floor` are only counted. Undefined when a chunk that was held is gone: send it with its bytes. */
  ask(blocks: BlockTask[], floor?: number): Promise<WaveAnswer | undefined>
  /** Adds up what all threads gathered. */
  finish(how: Finish): Promise<Finished>
  /** Lets go of what was gathered, if the end did not come. */
  drop(): void
}

export interface SearchPool {
  /** Runs a search when the tenant has room for one more; refuses when too many wait. */
  admit: Admit
  /** The chunks among these that the worker of the block does not hold. */
  missing(blockId: number, keys: string[]): string[]
  open(turn: Turn, question: Question, signal?: AbortSignal): OpenSearch
  /** Makes rows ready for a list. */
  show(turn: Turn, rows: RowsToShow, signal?: AbortSignal): Promise<ShownPage>
  seatOf(blockId: number): number
  close(): Promise<void>
}

type Work = Asked extends infer A ? (A extends Asked ? Omit<A, 'id' | 'forget'> : never) : never

interface Job {
  turn: Turn
  work: Work
  resolve(reply: Replied | undefined): void
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
  /** Counts its workers: what one has gathered, the next does not know. */
  life: number
}

type Message = { isReady: true } | { id: number; reply: Replied } | { id: number; error: string; why: Why }

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
    life: 0,
  }))
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
    const forget = 'blocks' in job.work ? settleChunks(seat.held, job.work.blocks) : []
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
    seat.worker.postMessage({ ...job.work, id: clock, forget }, [...memoryOf(job.work)])
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
    worker.on('message', (message: Message) => {
      if ('isReady' in message) {
        seat.isReady = true
        if (seat.running) watch(seat)
        return
      }
      const job = done(seat)
      if ('reply' in message) job?.resolve(message.reply)
      else {
        if (job && 'blocks' in job.work) dropChunks(seat.held, keysOf(job.work.blocks))
        job?.reject(failed(message))
      }
      next(seat)
    })
    worker.on('error', () => {})
    worker.on('exit', () => {
      const job = done(seat)
      seat.worker = undefined
      seat.isReady = false
      seat.held = newHeld(cacheBytes / size)
      seat.life++
      job?.reject(tooLong())
      next(seat)
    })
    return worker
  }

  const send = (seat: Seat, turn: Turn, work: Work, signal: AbortSignal | undefined) =>
    new Promise<Replied | undefined>((resolve, reject) => {
      if (signal?.aborted) return reject(cancelled())
      const drop = () => {
        const at = seat.queue.indexOf(job)
        if (at >= 0) seat.queue.splice(at, 1)
        reject(cancelled())
      }
      const settled = () => signal?.removeEventListener('abort', drop)
      const job: Job = {
        turn,
        work,
        resolve: (reply) => (settled(), resolve(reply)),
        reject: (error) => (settled(), reject(error)),
      }
      signal?.addEventListener('abort', drop, { once: true })
      seat.queue.push(job)
      next(seat)
    })

  function open(turn: Turn, question: Question, signal?: AbortSignal): OpenSearch {
    const search = ++clock
    /** The seats that know the question, and which of their workers does. */
    const begun = new Map<Seat, number>()
    const check = (seat: Seat) => {
      if (begun.has(seat) && begun.get(seat) !== seat.life) throw lost()
    }
    return {
      ask: async (blocks, floor = -Infinity) => {
        const seat = seats[seatOf(blocks[0]!.blockId)]!
        check(seat)
        const first = !begun.has(seat)
        if (first) begun.set(seat, seat.life)
        const reply = await send(seat, turn, { search, blocks, floor, ...(first && { question }) }, signal)
        if (first && !reply) begun.delete(seat)
        check(seat)
        return reply as WaveAnswer | undefined
      },
      finish: async (how) => {
        const [first, ...more] = begun.keys()
        if (!first) return finish({ gathered: nothingYet(), question }, how, [])
        const others: Uint8Array[] = []
        for (const seat of more) {
          check(seat)
          const reply = await send(seat, turn, { search, finish: { kind: 'pack' }, others: [] }, signal)
          others.push((reply as { packed: Uint8Array }).packed)
        }
        check(first)
        return (await send(first, turn, { search, finish: how, others }, signal)) as Finished
      },
      drop() {
        for (const [seat, life] of begun) if (seat.life === life) seat.worker?.postMessage({ drop: search })
      },
    }
  }

  return {
    admit: turnstile(running, waiting),
    seatOf,
    missing: (blockId, keys) => keys.filter((key) => !seats[seatOf(blockId)]!.held.sizes.has(key)),
    open,
    async show(turn, show, signal) {
      const seat = seats.reduce((best, one) => (one.queue.length < best.queue.length ? one : best))
      return (await send(seat, turn, { show }, signal)) as ShownPage
    },
    async close() {
      await Promise.all(seats.flatMap(({ worker }) => worker?.terminate() ?? []))
    },
  }
}

const servedAt = (seat: Seat, { turn }: Job) => seat.served.get(turn) ?? 0

/** The memory of what is sent moves to the thread. */
function memoryOf(work: Work): Set<ArrayBuffer> {
  const all = new Set<ArrayBuffer>()
  const add = (bytes: Uint8Array | undefined) => {
    if (bytes) all.add(bytes.buffer as ArrayBuffer)
  }
  if ('show' in work) add(work.show.bytes)
  if ('others' in work) work.others.forEach(add)
  if ('blocks' in work)
    for (const { text, times, runs, raw, columns } of work.blocks) {
      for (const chunk of [text, times, runs]) add(chunk?.bytes)
      for (const { chunk } of columns) add(chunk.bytes)
      add(raw?.bytes)
    }
  return all
}

function done(seat: Seat): Job | undefined {
  const job = seat.running
  clearTimeout(seat.timer)
  seat.running = undefined
  seat.worker?.unref()
  return job
}

const lost = () => new AppError('SERVICE_UNAVAILABLE', 'The search lost its thread: ask again')

const failed = ({ error, why }: { error: string; why: Why }) =>
  why === 'too many' ? tooManyGroups() : why === 'unreadable' ? damaged('A block of this query') : new Error(error)

const tooManyGroups = () =>
  new AppError(
    'UNPROCESSABLE_CONTENT',
    'One row would stand in more than 1,000 groups: group by fewer fields',
    'too_expensive',
  )
