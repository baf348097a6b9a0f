import { Readable } from 'node:stream'
import { AppError, createCaller, type Context } from '@velocicompanion/api'
import type { FastifyInstance } from 'fastify'
import type { Deps } from '../app.ts'
import { machineContext } from '../context.ts'

const atOnce = 5000

/** `GET /api/collections/:id/rows`: the exact rows of one source, read by key in short transactions, without a cap. */
export function collectionRows(app: FastifyInstance, deps: Deps) {
  app.get<{ Params: { id: string }; Querystring: { source?: string } }>(
    '/api/collections/:id/rows',
    async (request, reply) => {
      const context = await machineContext(deps, request)
      const id = Number(request.params.id)
      if (!Number.isSafeInteger(id)) throw new AppError('BAD_REQUEST', 'id: must be a number')
      const { sources } = await createCaller(context).collections.get({ id })
      const source = sourceNamed(sources, request.query.source)
      const lines = linesOf(context, { collectionId: id, sourceId: source.id })
      // The first lines are read before the answer begins, so that a refusal is one.
      const first = await lines.next()
      reply.header('x-rows-stored', source.rowsStored).header('x-rows-set-aside', source.rowsRejected)
      if (source.rowsExpected !== null) reply.header('x-rows-expected', source.rowsExpected)
      return reply
        .type('application/x-ndjson; charset=utf-8')
        .header('content-disposition', `attachment; filename="collection-${id}-source-${source.id}.jsonl"`)
        .send(Readable.from(startingWith(first, lines), { objectMode: false }))
    },
  )
}

function sourceNamed<S extends { name: string }>(sources: S[], name: string | undefined): S {
  const names = sources.map((source) => source.name).join(', ')
  if (name === undefined && sources.length > 1) throw new AppError('BAD_REQUEST', `source: name one of ${names}`)
  const found = name === undefined ? sources[0] : sources.find((source) => source.name === name)
  if (!found) throw new AppError('NOT_FOUND', 'No such source of this collection')
  return found
}

async function* linesOf(context: Context, source: { collectionId: number; sourceId: number }) {
  const caller = createCaller(context)
  for (let cursor: number | null = 0; cursor !== null;) {
    const part: { lines: string; nextCursor: number | null } = await caller.rows.lines({
      ...source,
      cursor,
      limit: atOnce,
    })
    yield Buffer.from(part.lines, 'base64')
    cursor = part.nextCursor
  }
}

async function* startingWith(first: IteratorResult<Buffer, void>, rest: AsyncGenerator<Buffer, void, void>) {
  if (first.done) return
  yield first.value
  yield* rest
}
