import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import helmet from '@fastify/helmet'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Deps } from './app.ts'

interface WithNonce {
  /** Marks the style elements of this answer as ours. */
  nonce: string
}

/** Stands on the raw request, which is what the header's directives see. */
const nonceOf = (raw: unknown) => (raw as WithNonce).nonce

/** No inline script runs, no style without the answer's nonce, nothing frames us. */
export async function securityHeaders(app: FastifyInstance, settings: Pick<Deps['settings'], 'publicUrl'>) {
  const https = settings.publicUrl.startsWith('https:')
  app.addHook('onRequest', (request, _reply, done) => {
    Object.assign(request.raw, { nonce: randomBytes(16).toString('base64') })
    done()
  })
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", (raw) => `'nonce-${nonceOf(raw)}'`],
        // React sets style properties through the CSSOM; attributes in markup stay refused.
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: https ? { maxAge: 31_536_000 } : false,
    referrerPolicy: { policy: 'no-referrer' },
  })
}

/** Never answered by the page: a scraper would take its 200 for an answer. */
const forMachines = /^\/(api|assets|docs)(\/|$)|^\/(metrics|openapi\.json)$/

/** The built web: hashed assets for ever, every other address is the page itself. */
export async function web(app: FastifyInstance, { webFolder }: Deps) {
  const page =
    webFolder && existsSync(join(webFolder, 'index.html'))
      ? readFileSync(join(webFolder, 'index.html'), 'utf8')
      : undefined
  const sendPage = (nonce: string, reply: FastifyReply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('cache-control', 'no-store')
      .send(page!.replaceAll('__CSP_NONCE__', nonce))
  if (page && webFolder) {
    await app.register(fastifyStatic, { root: webFolder, index: false, wildcard: false, maxAge: '1y', immutable: true })
    app.get('/', (request, reply) => sendPage(nonceOf(request.raw), reply))
  }
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0]!
    const isPage = request.method === 'GET' && page && !forMachines.test(path)
    return isPage ? sendPage(nonceOf(request.raw), reply) : reply.status(404).send({ detail: 'Not found' })
  })
}
