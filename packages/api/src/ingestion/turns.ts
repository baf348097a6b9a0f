import { setImmediate as nextTurn } from 'node:timers/promises'

let last: Promise<unknown> = Promise.resolve()

/**
 * Waits for a turn of the event loop that no other delivery has. Many bodies at once are many pieces that are ready at the same moment;
 * each of them holds the loop for milliseconds, and what people ask for gets on in between.
 */
export function ownTurn(): Promise<unknown> {
  last = last.then(() => nextTurn())
  return last
}

/** Rows that are read in one turn. */
export const turnRows = 200
