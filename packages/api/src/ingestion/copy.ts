import type { Connection, PoolClient, Submittable } from 'pg'

const copyData = (bytes: Uint8Array) => {
  const message = Buffer.alloc(5 + bytes.length, 'd')
  message.writeInt32BE(bytes.length + 4, 1)
  message.set(bytes, 5)
  return message
}

const copyHead = copyData(Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]))
/** The head, and the beginning of the message that holds the rows; its length comes at the end. */
const opening = Buffer.concat([copyHead, Buffer.from('d....')])
const start = opening.length
const closing = Buffer.concat([copyData(Buffer.from([0xff, 0xff])), Buffer.from([0x63, 0, 0, 0, 4])])
const largest = 4_000_000

/** Binary COPY tuples, as PostgreSQL documents them: a field count, then length and bytes of each field. */
export class Tuples {
  #bytes: Buffer
  #at = 0

  constructor() {
    this.#bytes = Buffer.allocUnsafeSlow(65_536)
    this.#bytes.set(opening)
    this.#at = start
  }

  /** Forgets the rows and keeps the memory, unless it has grown large. */
  clear() {
    if (this.#bytes.length > largest) this.#bytes = Buffer.allocUnsafeSlow(65_536)
    this.#bytes.set(opening)
    this.#at = start
    return this
  }

  row(fields: number) {
    this.#room(2)
    this.#at = this.#bytes.writeInt16BE(fields, this.#at)
    return this
  }

  int4(value: number) {
    this.#room(8)
    this.#at = this.#bytes.writeInt32BE(4, this.#at)
    this.#at = this.#bytes.writeInt32BE(value, this.#at)
    return this
  }

  int8(value: number) {
    this.#room(12)
    this.#at = this.#bytes.writeInt32BE(8, this.#at)
    this.#at = this.#bytes.writeBigInt64BE(BigInt(Math.round(value)), this.#at)
    return this
  }

  null() {
    this.#room(4)
    this.#at = this.#bytes.writeInt32BE(-1, this.#at)
    return this
  }

  bytea(value: Uint8Array | undefined) {
    if (!value) return this.null()
    this.#room(4 + value.length)
    this.#at = this.#bytes.writeInt32BE(value.length, this.#at)
    this.#bytes.set(value, this.#at)
    this.#at += value.length
    return this
  }

  int4s(values: ArrayLike<number> | undefined) {
    if (!values) return this.null()
    const n = values.length
    this.#room(24 + 8 * n)
    for (const head of n === 0 ? [12, 0, 0, 23] : [20 + 8 * n, 1, 0, 23, n, 1]) {
      this.#at = this.#bytes.writeInt32BE(head, this.#at)
    }
    for (let i = 0; i < n; i++) {
      this.#at = this.#bytes.writeInt32BE(4, this.#at)
      this.#at = this.#bytes.writeInt32BE(values[i]!, this.#at)
    }
    return this
  }

  int8s(values: readonly number[]) {
    const n = values.length
    this.#room(24 + 12 * n)
    for (const head of [20 + 12 * n, 1, 0, 20, n, 1]) this.#at = this.#bytes.writeInt32BE(head, this.#at)
    for (const value of values) this.int8(value)
    return this
  }

  /** All rows as messages of the protocol, with the end of the copy. Good until the next call of any other method. */
  get messages() {
    this.#room(closing.length)
    this.#bytes.writeInt32BE(this.#at - copyHead.length - 1, copyHead.length + 1)
    this.#bytes.set(closing, this.#at)
    return this.#bytes.subarray(0, this.#at + closing.length)
  }

  #room(more: number) {
    if (this.#at + more <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + more))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
  }
}

/**
 * Statements and the data of their COPYs in one round trip: a simple query, and all CopyData behind it without waiting.
 * PostgreSQL reads the messages in order, and after an error it skips the rest up to the end of the query.
 */
class CopyQuery implements Submittable {
  readonly done: Promise<void>
  #statement: string
  #tables: Tuples[]
  #resolve!: () => void
  #reject!: (error: Error) => void
  #failed: Error | undefined

  constructor(statement: string, tables: Tuples[]) {
    this.#statement = statement
    this.#tables = tables
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  submit(connection: Connection) {
    const { stream } = connection
    stream.cork()
    connection.query(this.#statement)
    for (const { messages } of this.#tables) stream.write(messages)
    stream.uncork()
  }

  handleError(error: Error) {
    this.#failed = error
    this.#reject(error)
  }

  handleReadyForQuery() {
    if (!this.#failed) this.#resolve()
  }

  handleCopyInResponse() {}
  handleCommandComplete() {}
  handleRowDescription() {}
  handleDataRow() {}
  handleEmptyQuery() {}
  handlePortalSuspended() {}
}

export async function runCopies(client: PoolClient, statement: string, tables: Tuples[]) {
  const query = new CopyQuery(statement, tables)
  client.query(query)
  await query.done
}
