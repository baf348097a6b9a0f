import { once } from 'node:events'
import pg, { type Connection, type Submittable } from 'pg'

/** A table of one jsonb column, as bare as it can be and as durable as the product's. */
export const bareTable = 'drop table if exists bare; create table bare (row jsonb not null)'

/** Quotes and delimiters that no JSON holds: lines go in as they are. */
const statement = `copy bare (row) from stdin (format csv, quote e'\\x01', delimiter e'\\x02')`

/** One COPY, fed as fast as the socket takes it. */
export async function openCopy(url: string) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const query = copyIn()
  client.query(query.submittable)
  const stream = await query.opened
  const write = async (bytes: Uint8Array) => {
    const head = Buffer.from([0x64, 0, 0, 0, 0])
    head.writeInt32BE(bytes.length + 4, 1)
    stream.write(head)
    if (!stream.write(bytes)) await Promise.race([once(stream, 'drain'), query.done])
  }
  const end = async () => {
    stream.write(Buffer.from([0x63, 0, 0, 0, 4]))
    await query.done
    await client.end()
  }
  return { write, end }
}

function copyIn() {
  const opened = Promise.withResolvers<Connection['stream']>()
  const done = Promise.withResolvers<void>()
  let connection: Connection
  const submittable = {
    submit(to: Connection) {
      connection = to
      to.query(statement)
    },
    handleError(error: Error) {
      opened.reject(error)
      done.reject(error)
    },
    handleReadyForQuery: () => done.resolve(),
    handleCopyInResponse: () => opened.resolve(connection.stream),
    handleCommandComplete() {},
    handleRowDescription() {},
    handleDataRow() {},
    handleEmptyQuery() {},
    handlePortalSuspended() {},
  }
  done.promise.catch(() => {})
  return { submittable: submittable as Submittable, opened: opened.promise, done: done.promise }
}
