import { Readable } from 'node:stream'
import { AppError, exportForActor, savingToken } from '@velocicompanion/api'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Deps } from '../app.ts'
import { machineContext } from '../context.ts'
import { rangeOf } from './range.ts'

const types = {
  csv: 'text/csv; charset=utf-8; header=present',
  jsonl: 'application/x-ndjson; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
}

interface Params {
  id: string
}

const cookieOf = (id: number) => `vc_export_${id}`
const pathOf = (id: number) => `/api/exports/${id}/file`

/** Files of exports: by a script with its header, or by a browser with a cookie for this address alone, so that it streams to disk. */
export function exportFiles(app: FastifyInstance, deps: Deps) {
  app.post<{ Params: Params }>('/api/exports/:id/saving', async (request, reply) => {
    const [id, context] = [idOf(request), await contextOf(deps, request)]
    await exportForActor(context, id)
    const { accessToken, expiresIn } = await savingToken(deps.services, context.actor)
    const secure = deps.settings.publicUrl.startsWith('https:')
    const flags = { path: pathOf(id), httpOnly: true, sameSite: 'strict', secure, maxAge: expiresIn } as const
    return reply.setCookie(cookieOf(id), accessToken, flags).send({ path: pathOf(id) })
  })
  app.get<{ Params: Params }>(
    '/api/exports/:id/file',
    // Packed on its way, a range would count other bytes than the file has.
    { compress: false },
    async (request, reply) => {
      const id = idOf(request)
      const token = request.cookies[cookieOf(id)]
      if (request.headers.authorization === undefined && token !== undefined)
        request.headers.authorization = `Bearer ${token}`
      const file = await exportForActor(await contextOf(deps, request), id)
      return send(request, reply, file, `export-${id}`)
    },
  )
}

/** Whether it is one is asked behind who may ask. */
const idOf = (request: FastifyRequest) => Number((request.params as Params).id)

async function contextOf(deps: Deps, request: FastifyRequest) {
  const { actor, ...context } = await machineContext(deps, request)
  if (!actor) throw new AppError('UNAUTHORIZED', 'A valid token is needed')
  return { ...context, actor }
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  file: Awaited<ReturnType<typeof exportForActor>>,
  name: string,
) {
  const { format, createdAt, whole, bytes, tag, follow } = file
  const stamp = createdAt.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')
  void reply
    .type(types[format])
    .header('content-disposition', `attachment; filename="${name}-${stamp}Z.${format}"`)
    .header('x-content-type-options', 'nosniff')
    .header('cache-control', 'private, no-store')
    .header('accept-ranges', 'bytes')
    .header('etag', tag)
  const stream = (from: number, to?: number) => reply.send(Readable.from(follow(from, to), { objectMode: false }))
  const ifRange = request.headers['if-range']
  const range = ifRange === undefined || ifRange === tag ? rangeOf(request.headers.range, bytes, whole) : undefined
  if (range === 'beyond') {
    if (!whole) throw new AppError('SERVICE_UNAVAILABLE', 'The export is not written so far yet')
    return reply.status(416).header('content-range', `bytes */${bytes}`).send()
  }
  if (range === undefined) {
    if (whole) void reply.header('content-length', bytes)
    return stream(0, whole ? bytes : undefined)
  }
  const { from, to } = range
  void reply
    .status(206)
    .header('content-range', `bytes ${from}-${to - 1}/${whole ? bytes : '*'}`)
    .header('content-length', to - from)
  return stream(from, to)
}
