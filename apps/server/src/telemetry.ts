import type { Span } from '@opentelemetry/api'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Fault } from './faults.ts'
import { methodOf, routesOf } from './routes.ts'
import { version } from './version.ts'

/** Spans of requests for an OpenTelemetry collector: names from fixed sets, no value of a request. */
export interface Telemetry {
  watch(app: FastifyInstance): void
  failed(request: FastifyRequest, fault: Fault): void
  /** Sends what waits, but does not hold up the end for a collector that is away. */
  close(): Promise<void>
}

const patience = 3000

/** Its packages are loaded for who set OTEL_EXPORTER_OTLP_ENDPOINT only. */
export async function openTelemetry(endpoint: string): Promise<Telemetry> {
  const [{ SpanKind, SpanStatusCode }, { OTLPTraceExporter }, { resourceFromAttributes }, sdk] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/sdk-trace'),
  ])
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces`, timeoutMillis: patience })
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'velocicompanion', 'service.version': version }),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter })],
  })
  const tracer = provider.getTracer('velocicompanion', version)
  const spans = new WeakMap<FastifyRequest, Span>()
  const start = (request: FastifyRequest) => {
    const route = routesOf(request).join(',')
    const method = methodOf(request)
    const attributes = { 'http.request.method': method, 'http.route': route, 'request.id': request.id }
    spans.set(request, tracer.startSpan(`${method} ${route}`, { kind: SpanKind.SERVER, attributes }))
  }
  const end = (request: FastifyRequest, { statusCode }: FastifyReply) => {
    const span = spans.get(request)
    span?.setAttribute('http.response.status_code', statusCode)
    if (statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR })
    span?.end()
  }
  return {
    watch(app) {
      app.addHook('onRequest', async (request) => start(request))
      app.addHook('onResponse', async (request, reply) => end(request, reply))
    },
    failed(request, { type, code, message, stack }) {
      const event = { 'exception.type': type, 'exception.message': code || message, 'exception.stacktrace': stack }
      spans.get(request)?.addEvent('exception', event)
    },
    close: () =>
      Promise.race([
        provider.shutdown().catch(() => {}),
        new Promise<void>((done) => setTimeout(done, patience).unref()),
      ]),
  }
}
