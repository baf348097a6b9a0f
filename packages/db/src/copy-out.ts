import type { Connection, PoolClient, Submittable } from 'pg'

const isCopy = /^copy \(/

/** A statement that `copyOut` runs. */
export const isCopyOut = (statement: string) => isCopy.test(statement)

/** Reads what selections give in PostgreSQL's binary form: as text, bytes would be written and read as hex. */
export const copyStatement = (selections: string[]) =>
  selections.map((selection) => `copy (${selection}) to stdout (format binary)`).join(';\n')

/** Runs some copies to the client in one round trip; the bytes of each. */
export const copyOut = async (client: PoolClient, statement: string): Promise<Buffer[]> => {
  const query = new CopyOut(statement)
  client.query(query)
  return query.done
}

const startBytes = 1 << 20
const keptBuffers = 4
const largestKept = 1 << 23

/** Memory that rows are gathered in, used by one copy after another: what grows anew for each keeps the garbage collector busy. */
const gathering: Buffer[] = []

/** Gathers the data of all rows in one piece of memory of its own, which may be handed to another thread. */
class CopyOut implements Submittable {
  readonly done: Promise<Buffer[]>
  #statement: string
  #bytes = gathering.pop() ?? Buffer.allocUnsafeSlow(startBytes)
  #size = 0
  #copies: Buffer[] = []
  #failed: Error | undefined
  #resolve!: (copies: Buffer[]) => void
  #reject!: (error: Error) => void

  constructor(statement: string) {
    this.#statement = statement
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  submit(connection: Connection) {
    connection.query(this.#statement)
  }

  /** The parser uses the message's memory again: it is copied. */
  handleCopyData({ chunk }: { chunk: Buffer }) {
    const size = this.#size + chunk.length
    if (size > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(size, 2 * this.#bytes.length))
      this.#bytes.copy(larger, 0, 0, this.#size)
      this.#bytes = larger
    }
    chunk.copy(this.#bytes, this.#size)
    this.#size = size
  }

  handleError(error: Error) {
    this.#failed = error
    this.#reject(error)
  }

  handleCommandComplete() {
    const copy = Buffer.allocUnsafeSlow(this.#size)
    this.#bytes.copy(copy, 0, 0, this.#size)
    this.#copies.push(copy)
    this.#size = 0
  }

  handleReadyForQuery() {
    if (gathering.length < keptBuffers && this.#bytes.length <= largestKept) gathering.push(this.#bytes)
    if (!this.#failed) this.#resolve(this.#copies)
  }

  handleRowDescription() {}
  handleDataRow() {}
  handleEmptyQuery() {}
  handlePortalSuspended() {}
  handleCopyInResponse() {}
}
