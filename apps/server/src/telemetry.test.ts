import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import pg from 'pg'
import { expect, test } from 'vitest'
import { openTelemetry } from './telemetry.ts'
import { appBed, firstAccount } from './testing.ts'

type Values = { key: string; value: Record<string, unknown> }[]
interface Sent {
  resourceSpans: {
    resource: { attributes: Values }
    scopeSpans: { spans: { name: string; attributes: Values; events: { name: string; attributes: Values }[] }[] }[]
  }[]
}

/** A collector of OTLP over HTTP that keeps what it is sent. */
async function collector() {
  const sent: { url: string | undefined; body: Sent }[] = []
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      sent.push({ url: request.url, body: body as Sent })
      response.setHeader('content-type', 'application/json').end('{}')
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  return { sent, url: `http://127.0.0.1:${port}`, close: () => server.close() }
}

const plain = (attributes: Values) => Object.fromEntries(attributes.map((a) => [a.key, Object.values(a.value)[0]]))

test('sends a span for each request with its route, status and id, and the errors, without a value of the request', async () => {
  const collected = await collector()
  const telemetry = await openTelemetry(collected.url)
  const bed = await appBed({ telemetry })
  const base = await bed.app.listen({ host: '127.0.0.1', port: 0 })
  const account = await firstAccount(base)
  await fetch(`${base}/grace?name=grace`)
  await fetch(`${base}/api/hosts?query=grace`)
  const root = new pg.Client(bed.database.superUrl)
  await root.connect()
  await root.query('alter table cases add constraint broken check (false) not valid')
  await account.call('cases.create', { title: 'Patient Grace' }).catch(String)
  await root.end()
  await bed.close()
  await telemetry.close()
  collected.close()

  expect(new Set(collected.sent.map(({ url }) => url))).toEqual(new Set(['/v1/traces']))
  const resources = collected.sent.flatMap(({ body }) => body.resourceSpans)
  expect(plain(resources[0]!.resource.attributes)).toMatchObject({ 'service.name': 'velocicompanion' })
  const spans = resources.flatMap((r) => r.scopeSpans.flatMap((scope) => scope.spans))
  expect(spans.map((span) => span.name)).toEqual(
    expect.arrayContaining(['POST /api/trpc/auth.signIn', 'GET none', 'GET /api/hosts']),
  )
  const failed = spans.find((span) => span.name === 'POST /api/trpc/cases.create')!
  expect(plain(failed.attributes)).toEqual({
    'http.request.method': 'POST',
    'http.route': '/api/trpc/cases.create',
    'http.response.status_code': 500,
    'request.id': expect.stringMatching(/^[\da-f-]{36}$/),
  })
  expect(plain(failed.events[0]!.attributes)).toMatchObject({ 'exception.message': '23514 broken' })
  expect(JSON.stringify(collected.sent)).not.toMatch(/grace/i)
})

test('a collector that is away holds up neither a request nor the end', async () => {
  const gone = await collector()
  gone.close()
  const telemetry = await openTelemetry(gone.url)
  const bed = await appBed({ telemetry })
  expect((await bed.app.inject('/health')).statusCode).toBe(200)
  await bed.close()
  await telemetry.close()
})
