import { again } from './again.ts'
import type { Group, LongLine } from './lines.ts'
import { isLong, type Stored } from './store.ts'

const inFlight = 2

export function addStored(total: Stored, part: Stored) {
  total.stored += part.stored
  total.known += part.known
  total.rejected += part.rejected
}

/**
 * Stores pieces as they come and adds them up. While two are under way nothing is read: the sender's own window slows it. A
 * long line is waited for, as its file goes when the next piece is asked for. Throws the first failure, when all have ended.
 */
export async function storePieces<P extends Group | LongLine>(
  pieces: AsyncIterable<P>,
  total: Stored,
  store: (piece: P) => Promise<Stored>,
) {
  const running = new Set<Promise<unknown>>()
  let failure: { error: unknown } | undefined
  for await (const piece of pieces) {
    if (failure) break
    const job: Promise<unknown> = again(() => store(piece))
      .then(
        (part) => addStored(total, part),
        (error: unknown) => {
          failure ??= { error }
        },
      )
      .finally(() => running.delete(job))
    running.add(job)
    if (isLong(piece)) await job
    else if (running.size >= inFlight) await Promise.race(running)
  }
  await Promise.all(running)
  if (failure) throw failure.error
}
