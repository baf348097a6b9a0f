import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely'
import type { Pool, PoolClient, QueryResult } from 'pg'
import { copyOut, isCopyOut } from './copy-out.ts'

/** The pool as Kysely takes it, with what it lacks: copies to the client, and a `begin` that costs no round trip. */
export function connectionsOf(pool: Pool): PostgresPool {
  const known = new WeakMap<PoolClient, PostgresPoolClient>()
  return {
    async connect() {
      const client = await pool.connect()
      let connection = known.get(client)
      if (!connection) known.set(client, (connection = connectionOf(client)))
      return connection
    },
    end: () => pool.end(),
    options: pool.options,
  }
}

const isBegin = /^(begin|start transaction)\b[\w ]*$/

/** A transaction begins with its first statement: most set who asks, and go along in one round trip. */
function connectionOf(client: PoolClient): PostgresPoolClient {
  let begin: string | undefined
  const run = async (statement: string, values: readonly unknown[]) => {
    const first = begin
    begin = undefined
    if (first === undefined) return values.length === 0 ? client.query(statement) : client.query(statement, [...values])
    if (values.length === 0 && !isCopyOut(statement)) return lastOf(await client.query(`${first};\n${statement}`))
    await client.query(first)
    return client.query(statement, [...values])
  }
  const query = async (statement: string, values: readonly unknown[] = []) => {
    if (isBegin.test(statement)) {
      begin = statement
      return { command: 'BEGIN', rowCount: 0, rows: [] }
    }
    if (!isCopyOut(statement)) return run(statement, values)
    if (begin !== undefined) await run('select', [])
    return { command: 'COPY', rowCount: 0, rows: await copyOut(client, statement) }
  }
  return {
    query: query as unknown as PostgresPoolClient['query'],
    release: (error?: unknown) => client.release(error as Error | boolean | undefined),
  }
}

/** Of several statements, each has a result. */
const lastOf = (results: QueryResult | QueryResult[]): PostgresQueryResult<unknown> | QueryResult =>
  Array.isArray(results) ? results.at(-1)! : results
