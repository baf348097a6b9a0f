import { Readable } from 'node:stream'
import multipart from '@fastify/multipart'
import {
  acceptImport,
  AppError,
  BodyTooLarge,
  createCaller,
  fileForActor,
  importForToken,
  readImportFields,
  type Importer,
  type Ingest,
  type Sender,
} from '@velocicompanion/api'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Deps } from '../app.ts'
import { contextFor, machineContext } from '../context.ts'
import { snakeKeys } from '../rest/words.ts'
import { askedFirst, whoIs } from '../who-is.ts'
import { runImports } from './importer.ts'
import { senderFor } from './ingest.ts'

type Named = Record<string, string | undefined>

/** Files for import, by HTTP and as `upload_webdav()` sends them: streamed to the database, never held whole. */
export async function imports(app: FastifyInstance, deps: Deps, ingest: Ingest) {
  const importer = deps.settings.ROLE === 'server' ? undefined : runImports(app, deps, ingest)
  app.addHttpMethod('MKCOL')
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    await scope.register(multipart, {
      limits: { files: 2, fields: 20, fieldSize: 32_768, fileSize: Number.MAX_SAFE_INTEGER },
    })
    scope.addContentTypeParser('*', (_request, _payload, next) => next(null))
    const { onRequest, of } = askedFirst((request) => senderFor(deps, request))
    const options = { bodyLimit: Number.MAX_SAFE_INTEGER, onRequest }
    const accept = (request: FastifyRequest, reply: FastifyReply, upload: Upload, status: number) =>
      take(deps, ingest, importer, of(request), { request, reply, upload, status })
    scope.post('/api/ingestion/import', options, async (request, reply) => {
      const query = request.query as Named
      if (['password', 'privateKey', 'private_key'].some((key) => query[key] !== undefined))
        throw new AppError('BAD_REQUEST', 'A password or key stands in a form, not in the address, which proxies log')
      return accept(request, reply, request.isMultipart() ? formOf(request, query) : bodyOf(request, query), 202)
    })
    scope.put<{ Params: { '*': string } }>('/api/ingestion/webdav/*', options, (request, reply) =>
      accept(request, reply, bodyOf(request, { name: nameIn(request.params['*']) }), 201),
    )
    scope.route({
      method: 'MKCOL',
      url: '/api/ingestion/webdav/*',
      onRequest,
      handler: (_, reply) => reply.status(201).send(),
    })
    scope.options('/api/ingestion/webdav/*', (_request, reply) =>
      reply.header('dav', '1').header('allow', 'OPTIONS, PUT, MKCOL').status(200).send(),
    )
  })
  served(app, deps, ingest)
}

interface Upload {
  body: AsyncIterable<Uint8Array>
  /** Whole when the body has ended. */
  fields: () => Named
}

const bodyOf = (request: FastifyRequest, fields: Named): Upload => ({ body: request.raw, fields: () => fields })

/** The last part of a path that a collector chose: no other part of it is needed. */
export const nameIn = (path: string) => path.split('/').findLast((part) => part !== '') ?? ''

/** A form's one file; its fields may stand before or behind it. */
function formOf(request: FastifyRequest, query: Named): Upload {
  const fields: Named = { ...query }
  async function* body() {
    let files = 0
    for await (const part of request.parts()) {
      if (part.type === 'field') fields[camel(part.fieldname)] = String(part.value)
      else {
        files += 1
        if (files > 1) break
        fields.name ??= nameIn((part.filename || 'import').replaceAll('\\', '/'))
        yield* part.file as AsyncIterable<Uint8Array>
      }
    }
    if (files > 1) throw new AppError('BAD_REQUEST', 'The form holds several files: send each by itself')
    if (files === 0) throw new AppError('BAD_REQUEST', 'The form holds no file')
  }
  return { body: body(), fields: () => fields }
}

const camel = (name: string) => name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

interface Taking {
  request: FastifyRequest
  reply: FastifyReply
  upload: Upload
  status: number
}

async function take(
  { services }: Deps,
  ingest: Ingest,
  importer: Importer | undefined,
  sender: Sender,
  { request, reply, upload, status }: Taking,
) {
  const fields = () => {
    const given = Object.entries(upload.fields()).map(([key, value]) => [camel(key), value] as const)
    return readImportFields(Object.fromEntries(given))
  }
  const origin = { address: request.ip, requestId: request.id }
  try {
    const made = await acceptImport(ingest, services, { sender, body: upload.body, fields, origin })
    importer?.wake()
    return await reply.status(status).send(made)
  } catch (error) {
    // What is left of the body is not read: the connection closes behind the answer.
    reply.header('connection', 'close')
    throw error instanceof BodyTooLarge ? new AppError('PAYLOAD_TOO_LARGE', 'The file is larger than 16 GB') : error
  }
}

/** How an import went, and files that came out of one. */
function served(app: FastifyInstance, deps: Deps, ingest: Ingest) {
  app.get<{ Params: { id: string } }>('/api/ingestion/imports/:id', async (request, reply) => {
    const id = Number(request.params.id)
    if (!Number.isSafeInteger(id) || id < 0) throw new AppError('BAD_REQUEST', 'id: must be a number')
    const caller = await whoIs(deps, request)
    const found = caller.ingest
      ? await importForToken(ingest, caller.ingest, id)
      : await createCaller(contextFor(deps, request, caller.actor)).ingestion.import({ id })
    return reply.send(snakeKeys(found))
  })
  app.get<{ Params: { sha256: string }; Querystring: { name?: string } }>(
    '/api/files/:sha256',
    // Packed on its way, a file would have no length, and cost more time than it saves.
    { compress: false },
    async (request, reply) => {
      const { actor, ...context } = await machineContext(deps, request)
      if (!actor) throw new AppError('UNAUTHORIZED', 'A valid token is needed')
      const file = await fileForActor({ ...context, actor }, request.params.sha256)
      return reply
        .type('application/octet-stream')
        .header('content-length', file.bytes)
        .header('content-disposition', attachment(request.query.name ?? file.name))
        .header('x-content-type-options', 'nosniff')
        .send(Readable.from(file.stream(), { objectMode: false }))
    },
  )
}

/** The last part of the name, in both forms that browsers know; nothing in it can end the header. */
function attachment(path: string) {
  const name = nameIn(path).toWellFormed().slice(-200) || 'file'
  const plain = name.replaceAll(/[^\w.-]/g, '_')
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(name).replaceAll(/['()*!]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)}`
}
