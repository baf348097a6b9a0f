import { once } from 'node:events'
import type { Client, Connection, Submittable } from 'pg'

const quiet = {
  handleRowDescription() {},
  handleDataRow() {},
  handleEmptyQuery() {},
  handlePortalSuspended() {},
}

interface Done {
  text: string
}

/** What both directions share: the outcome of the one statement, and how many rows it says that it copied. */
abstract class Copy implements Submittable {
  readonly statement: string
  readonly done = Promise.withResolvers<void>()
  rows = 0
  failed: Error | undefined
  ended = false

  constructor(statement: string) {
    this.statement = statement
    // Whoever reads hears of it from there.
    this.done.promise.catch(() => {})
  }

  submit(connection: Connection) {
    connection.query(this.statement)
  }

  handleCommandComplete({ text }: Done) {
    this.rows = Number(/^COPY (\d+)$/.exec(text)?.[1])
  }

  handleError(error: Error) {
    this.failed = error
    this.ended = true
    this.done.reject(error)
  }

  handleReadyForQuery() {
    this.ended = true
    if (!this.failed) this.done.resolve()
  }
}
Object.assign(Copy.prototype, quiet)

/** `COPY … TO STDOUT`, read as it comes: while nobody reads, nothing more is taken from the server. */
class CopyOut extends Copy {
  #connection: Connection | undefined
  #pending: Buffer[] = []
  #wake = Promise.withResolvers<void>()

  override submit(connection: Connection) {
    this.#connection = connection
    super.submit(connection)
  }

  handleCopyData({ chunk }: { chunk: Buffer }, { stream }: Connection) {
    // The driver uses its buffer again.
    this.#pending.push(Buffer.from(chunk))
    stream.pause()
    this.#wake.resolve()
  }

  override handleError(error: Error) {
    super.handleError(error)
    this.#wake.resolve()
  }

  override handleReadyForQuery() {
    super.handleReadyForQuery()
    this.#wake.resolve()
  }

  async *chunks(): AsyncGenerator<Buffer, void, void> {
    // All messages of one read are handled at once: what is not there now comes with the next wake.
    for (;;) {
      if (this.#pending.length > 0) {
        const bytes = Buffer.concat(this.#pending)
        this.#pending = []
        yield bytes
        this.#connection!.stream.resume()
      } else if (this.ended) break
      else {
        await this.#wake.promise
        this.#wake = Promise.withResolvers<void>()
      }
    }
    await this.done.promise
  }
}

class CopyIn extends Copy {
  #source: AsyncIterable<Uint8Array>

  constructor(statement: string, source: AsyncIterable<Uint8Array>) {
    super(statement)
    this.#source = source
  }

  handleCopyInResponse(connection: Connection) {
    void this.#send(connection as Sending)
  }

  async #send(connection: Sending) {
    try {
      for await (const chunk of this.#source) {
        if (this.failed) return
        connection.sendCopyFromChunk(chunk)
        const { stream } = connection
        if (stream.writableNeedDrain) await Promise.race([once(stream, 'drain'), once(stream, 'close')])
      }
      connection.endCopyFrom()
    } catch (error) {
      connection.sendCopyFail('the backup can not be read')
      // The server's own word on it comes later.
      this.failed = error as Error
      this.done.reject(error)
    }
  }

  override handleError(error: Error) {
    if (!this.failed) super.handleError(error)
  }
}

type Sending = Connection & {
  sendCopyFromChunk(chunk: Uint8Array): void
  endCopyFrom(): void
  sendCopyFail(message: string): void
}

/** Binary rows of a table or query in chunks, and how many there were. */
export function copyOut(client: Client, statement: string) {
  const copy = new CopyOut(statement)
  client.query(copy)
  return { chunks: () => copy.chunks(), rows: () => copy.rows }
}

/** Sends what `copyOut` gave. Returns how many rows went in. */
export async function copyIn(client: Client, statement: string, source: AsyncIterable<Uint8Array>) {
  const copy = new CopyIn(statement, source)
  client.query(copy)
  await copy.done.promise
  return copy.rows
}
