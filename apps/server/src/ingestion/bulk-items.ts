import { Readable } from 'node:stream'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Action } from '@velocicompanion/api'

const most = 1000

/** An item for each document of a `_bulk` body, in which hundreds of thousands may stand: kept small until the body has ended. */
export function bulkItems() {
  const packed: Buffer[] = []
  let open: string[] = []
  const pack = () => {
    packed.push(zstdCompressSync(Buffer.from(open.join())))
    open = []
  }
  const add = ({ kind, _index, _id }: Action) => {
    open.push(JSON.stringify({ [kind]: { _index, _id, status: 201, result: 'created' } }))
    if (open.length === most) pack()
  }
  function* textOf(took: number) {
    yield `{"took":${took},"errors":false,"items":[`
    for (const [i, part] of packed.entries()) {
      if (i > 0) yield ','
      yield zstdDecompressSync(part)
    }
    yield ']}'
  }
  const answer = (took: number) => {
    if (open.length > 0) pack()
    return Readable.from(textOf(took), { objectMode: false })
  }
  return { add, answer }
}
