import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import type { Deps } from '../app.ts'
import { described, error, id, refusals } from './described.ts'
import { accessOf, inputOf } from './input.ts'
import { routes, type Route } from './routes.ts'
import { snake } from './words.ts'

type Json = Record<string, unknown>

const inSnake = (schema: Json): Json => {
  if (!Array.isArray(schema.enum)) return schema
  return { ...schema, enum: schema.enum.map((value) => (typeof value === 'string' ? snake(value) : value)) }
}

function operationOf(route: Route): Json {
  const access = accessOf(route.procedure)
  const { properties, required } = inputOf(route.procedure)
  const named = Object.entries(properties).filter(([key]) => !route.path.includes(`:${key}`))
  const optional = (key: string) => !required.includes(key) || (key === 'version' && route.versionFrom !== undefined)
  const inBody = route.method === 'POST' || route.method === 'PUT'
  const schema = {
    type: 'object',
    properties: Object.fromEntries(named.map(([key, property]) => [snake(key), property])),
    required: named
      .map(([key]) => key)
      .filter((key) => !optional(key))
      .map(snake),
  }
  const query = named.map(([key, property]) => ({
    name: snake(key),
    in: 'query',
    required: !optional(key),
    schema: inSnake(property as Json),
  }))
  const ok = route.list
    ? {
        description: 'One page; `Link` names the next',
        content: { 'application/json': { schema: { type: 'array', items: { type: 'object' } } } },
      }
    : { description: 'Done', content: { 'application/json': { schema: { type: 'object' } } } }
  return {
    tags: [route.path.split('/')[2]],
    summary: route.summary,
    operationId: route.procedure,
    ...(access === 'anyone'
      ? { security: [] }
      : { description: access === 'signed-in' ? 'Needs any account.' : `Needs ${access}.` }),
    parameters: [...(route.path.includes(':id') ? [id] : []), ...(inBody ? [] : query)],
    ...(inBody && { requestBody: { required: true, content: bodyOf(route, schema) } }),
    responses: {
      [route.status ?? 200]: ok,
      ...refusals,
      ...(route.path.includes(':id') && { 404: error('No such row') }),
      ...(inBody && { 409: error('Taken, or changed meanwhile') }),
    },
  }
}

const bodyOf = ({ procedure }: Route, schema: Json) => ({
  'application/json': { schema },
  ...(procedure === 'auth.signIn' && { 'application/x-www-form-urlencoded': { schema } }),
})

/** OpenAPI 3.1, made from the table of routes and the procedures' own inputs. */
export function openApi(version: string, publicUrl: string) {
  const paths: Record<string, Json> = {}
  for (const route of routes) {
    const path = route.path.replace(':id', '{id}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'VelociCompanion',
      version,
      description: 'REST for machines. A super-admin may name a tenant by the header `X-Tenant`.',
    },
    servers: [{ url: publicUrl }],
    security: [{ bearer: [] }],
    paths: { ...paths, ...described },
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: 'An access token or an API token' } },
      schemas: { Error: { type: 'object', required: ['detail'], properties: { detail: { type: 'string' } } } },
    },
  }
}

export async function documentation(app: FastifyInstance, { services }: Deps) {
  const document = openApi(services.version, services.publicUrl)
  app.get('/openapi.json', () => document)
  await app.register(swagger, { mode: 'static', specification: { document: document as never } })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    // Without its top bar, which brings styles of its own, and without asking anybody else whether the text is valid.
    uiConfig: { layout: 'BaseLayout', validatorUrl: null, persistAuthorization: false },
    theme: { title: 'VelociCompanion: REST for machines' },
    staticCSP: false,
  })
}
