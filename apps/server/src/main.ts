import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { migrateUp, openDatabase } from '@velocicompanion/db'
import { startEmbedded } from '@velocicompanion/db/embedded'
import { buildApp, buildWorkerApp, type Deps } from './app.ts'
import { loadDemo } from './demo/load.ts'
import { spaceOf, watchDisk } from './disk.ts'
import { readSettings, type Settings } from './env.ts'
import { openLog } from './log.ts'
import { openMetrics } from './metrics.ts'
import { databaseSentence, sentenceOf } from './sentences.ts'
import { servicesOf } from './services.ts'
import { openTelemetry } from './telemetry.ts'
import { jobsOf, startJobs } from './worker.ts'

const demo = process.argv.includes('--demo')
// The query builder alone takes ten frames, and the place in our code comes behind them.
Error.stackTraceLimit = 50

const loopbackHosts = ['127.0.0.1', 'localhost', '::1']

const setupCodeOf = ({ HOST }: Settings) =>
  loopbackHosts.includes(HOST) ? undefined : randomBytes(9).toString('base64url')

/** Everything that one process needs; what was opened before a failure is closed again, the last first. */
async function start() {
  const settings = readSettings(process.env, { demo })
  await using parts = new AsyncDisposableStack()
  const deps = await openParts(settings, parts)
  const { database, log, services } = deps
  const app = await (settings.ROLE === 'worker' ? buildWorkerApp(deps) : buildApp(deps))
  parts.defer(() => app.close())
  const introduction = demo ? await loadDemo({ database, services, say: console.log }) : []
  await app.listen({ host: settings.HOST, port: settings.PORT })
  const jobs = startJobs(jobsOf(settings.ROLE, database, services), log)
  parts.defer(() => jobs.stop())
  if (services.registration === 'open')
    log.warn('REGISTRATION=open: anyone who reaches this server joins the default tenant')
  if (services.setupCode) console.log(`The first account needs this one-time code: ${services.setupCode}`)
  for (const line of introduction) console.log(line)
  console.log(`VelociCompanion is ready on ${settings.publicUrl}`)
  const whole = parts.move()
  return () => whole.disposeAsync()
}

async function openParts(settings: Settings, parts: AsyncDisposableStack): Promise<Deps> {
  const log = openLog(settings.LOG_LEVEL)
  const metrics = openMetrics()
  const embedded = settings.DATABASE_URL ? undefined : await startEmbedded(settings.DATA_DIR)
  parts.defer(() => embedded?.stop())
  const url = settings.DATABASE_URL ?? embedded!.url
  // A database elsewhere says by itself that its disk is full.
  const disk = embedded && watchDisk(() => spaceOf(settings.DATA_DIR), log)
  await disk?.start()
  parts.defer(() => disk?.stop())
  await migrateUp(url).catch((error: unknown) => {
    throw settings.DATABASE_URL ? databaseSentence(error) : error
  })
  const debug = settings.LOG_LEVEL === 'debug' || settings.LOG_LEVEL === 'trace'
  const open = (max: number) => {
    const opened = openDatabase(url, {
      max,
      onError: (error) => log.warn({ err: error }, 'a database connection broke'),
      log: (query) => {
        metrics.query(query)
        if (debug) log.debug({ sql: query.sql, ms: query.durationMs }, 'query')
      },
    })
    parts.defer(() => opened.close())
    return opened
  }
  const [database, rowsDatabase] = [open(10), open(8)]
  const endpoint = settings.OTEL_EXPORTER_OTLP_ENDPOINT
  const telemetry = endpoint === undefined ? undefined : await openTelemetry(endpoint)
  parts.defer(() => telemetry?.close())
  const services = servicesOf(settings, {
    setupCode: settings.ROLE === 'worker' ? undefined : setupCodeOf(settings),
    count: metrics.count,
    ...(disk && { warnings: disk.warnings }),
  })
  const webFolder = fileURLToPath(new URL('../../web/dist', import.meta.url))
  return { settings, services, database, rowsDatabase, log, metrics, telemetry, disk, webFolder }
}

/**
 * SIGTERM and Ctrl-C finish what is under way; another one a second later ends at once. A terminal sends Ctrl-C to this
 * process and to the one that started it, which passes it on: both together are one wish.
 */
function stopOnSignal(started: Promise<() => Promise<void>>) {
  let since: number | undefined
  const onSignal = async () => {
    if (since !== undefined && performance.now() - since > 1000) process.exit(1)
    if (since !== undefined) return
    since = performance.now()
    try {
      const stop = await started
      await stop()
      process.exit(0)
    } catch (error) {
      console.error(sentenceOf(error) ?? error)
      process.exit(1)
    }
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void onSignal())
}

// What nobody caught leaves the process in an unknown state: it ends, and says why without what the error quotes.
process.on('uncaughtException', (error) => {
  openLog('fatal').fatal({ err: error }, 'the server ends')
  process.exit(1)
})

try {
  const started = start()
  stopOnSignal(started)
  await started
} catch (error) {
  const sentence = sentenceOf(error)
  console.error(sentence ?? error)
  process.exit(1)
}
