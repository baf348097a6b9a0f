import { AppError, cancelled } from '../../errors.ts'

/** Whose turn it is: a tenant's id, or the view across all of them. */
export type Turn = number | 'all'

export type Admit = <T>(turn: Turn, signal: AbortSignal | undefined, run: () => Promise<T>) => Promise<T>

interface Waiting {
  go(): void
}

/** Lets so many of a tenant's searches run at a time. */
export function turnstile(running: number, waiting: number): Admit {
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
