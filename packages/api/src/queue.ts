import { AppError, unavailable } from './errors.ts'

/** Thrown where a task is no longer this process's own: it was cancelled, or another has taken it up. */
export class Lost extends Error {}

interface Task {
  tenantId: number
  /** How often it was begun, this time included. */
  attempts: number
}

interface Queue<T extends Task, R> {
  /** The next task that nobody is at, of none of these tenants: they take turns. */
  take(busy: Set<number>): Promise<T | undefined>
  run(task: T, signal: AbortSignal): Promise<R>
  /** Says that this process is at it. Throws Lost where it is not its own any more. */
  beat(task: T): Promise<unknown>
  /** Into the queue once more, where another try may succeed; else it has failed, and why in words for who asked. */
  leave(task: T, again: boolean, why: string): Promise<unknown>
  ended?(task: T, outcome: Outcome, ms: number, result?: R): void
  everyMs: number
  onError: (error: unknown) => void
}

export type Outcome = 'done' | 'failed' | 'cut'

/** Done at once by this process: each may hold a connection all the while, and none two of one tenant. */
const atOnce = 2
const beatMs = 2000
/** How often a task is begun: one that brings its process down does not do so for ever. */
const mostAttempts = 5

/** Does tasks that are kept in a table, one of a tenant at a time; what a process leaves behind is taken up by another. */
export function openQueue<T extends Task, R>(queue: Queue<T, R>) {
  const running = new Map<number, Promise<void>>()
  const stopping = new AbortController()
  let [looking, again] = [undefined as Promise<void> | undefined, false]
  const look = async () => {
    do {
      again = false
      while (!stopping.signal.aborted && running.size < atOnce) {
        const taken = await queue.take(new Set(running.keys()))
        if (!taken) break
        const work = runOne(queue, taken, stopping.signal).finally(() => {
          running.delete(taken.tenantId)
          wake()
        })
        running.set(taken.tenantId, work)
      }
    } while (again)
  }
  const wake = () => {
    again = true
    if (stopping.signal.aborted) return
    looking ??= look()
      .catch(queue.onError)
      .finally(() => {
        looking = undefined
      })
  }
  const timer = setInterval(wake, queue.everyMs)
  timer.unref()
  return {
    wake,
    /** Returns when nothing is left to do here. */
    async settled() {
      while (looking || running.size > 0) await Promise.all([looking, ...running.values()])
    },
    /** What is under way goes back to the queue. */
    async close() {
      clearInterval(timer)
      stopping.abort()
      await looking
      await Promise.all(running.values())
    },
  }
}

async function runOne<T extends Task, R>(queue: Queue<T, R>, task: T, stop: AbortSignal) {
  const own = new AbortController()
  const began = performance.now()
  const ended = (outcome: Outcome, result?: R) => queue.ended?.(task, outcome, performance.now() - began, result)
  const beat = setInterval(() => {
    queue.beat(task).catch((error: unknown) => (error instanceof Lost ? own.abort(error) : queue.onError(error)))
  }, beatMs)
  try {
    if (task.attempts > mostAttempts)
      throw new AppError('CONFLICT', `It was begun ${mostAttempts} times and never came to its end`)
    ended('done', await queue.run(task, AbortSignal.any([stop, own.signal])))
  } catch (error) {
    if (error instanceof Lost || own.signal.aborted) return ended('cut')
    await leave(queue, task, stop.aborted, error).catch(queue.onError)
    ended(stop.aborted ? 'cut' : 'failed')
  } finally {
    clearInterval(beat)
  }
}

async function leave<T extends Task, R>(queue: Queue<T, R>, task: T, stopped: boolean, error: unknown) {
  const again = stopped || (unavailable(error) !== undefined && task.attempts < mostAttempts)
  const sentence = error instanceof AppError ? error.message : unavailable(error)?.message
  if (!again && sentence === undefined) queue.onError(error)
  const why = sentence ?? 'It failed by a fault of the server, which is in its log'
  await queue.leave(task, again, why).catch((failure: unknown) => {
    if (!(failure instanceof Lost)) throw failure
  })
}
