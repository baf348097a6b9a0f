import type { PoolClient } from 'pg'
import type { Database } from '@velocicompanion/db'

/** A connection whose transaction broke is thrown away: it may still be inside a COPY. */
export async function withClient<T>({ pool }: Database, work: (client: PoolClient) => Promise<T>) {
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
