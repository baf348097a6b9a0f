import type { Pool, PoolClient } from 'pg'
import type { Database } from '@velocicompanion/db'

/** Of the pool's connections that rows may be stored on: who waits for a page finds one of the others. */
const share = 0.6
const turns = new WeakMap<Pool, Turns>()

interface Turns {
  free: number
  waiting: (() => void)[]
}

async function inTurn<T>(pool: Pool, work: () => Promise<T>) {
  const turn = turns.get(pool) ?? { free: Math.max(1, Math.floor(pool.options.max * share)), waiting: [] }
  turns.set(pool, turn)
  if (turn.free === 0) await new Promise<void>((go) => turn.waiting.push(go))
  else turn.free--
  try {
    return await work()
  } finally {
    const next = turn.waiting.shift()
    if (next) next()
    else turn.free++
  }
}

/** Never inside of itself: it takes its turn among all that store rows. */
export const withClient = <T>({ pool }: Database, work: (client: PoolClient) => Promise<T>) =>
  inTurn(pool, () => onClient(pool, work))

/** A connection whose transaction broke is thrown away: it may still be inside a COPY. */
async function onClient<T>(pool: Pool, work: (client: PoolClient) => Promise<T>) {
  const client = await pool.connect()
  try {
    const result = await work(client)
    client.release()
    return result
  } catch (error) {
    client.release(error as Error)
    throw error
  }
}

/** For statements of several parts, which take no parameters. */
export const whole = (n: number) => {
  if (!Number.isSafeInteger(n)) throw new Error('not an id')
  return n
}

/** Runs several statements in one round trip; the rows of each. */
export async function rowsOfEach(client: PoolClient, statements: string[]) {
  const results = (await client.query(statements.join(';\n'))) as unknown as { rows: Record<string, unknown>[] }[]
  return results.map(({ rows }) => rows)
}
