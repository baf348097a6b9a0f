import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { makePartitions, migrateUp, openDatabase } from '@velocicompanion/db'
import { EmbeddedError, startEmbedded } from '@velocicompanion/db/embedded'
import { buildApp } from './app.ts'
import { loadDemo } from './demo/load.ts'
import { readSettings, SettingError, type Settings } from './env.ts'
import { openLog } from './log.ts'
import { openMetrics } from './metrics.ts'
import { servicesOf } from './services.ts'
import { openTelemetry } from './telemetry.ts'

const demo = process.argv.includes('--demo')
/** Partitions are made two months ahead, so a try that fails has weeks to be made good. */
const partitionHours = 12
const loopbackHosts = ['127.0.0.1', 'localhost', '::1']

const setupCodeOf = ({ HOST }: Settings) =>
  loopbackHosts.includes(HOST) ? undefined : randomBytes(9).toString('base64url')

async function start() {
  const settings = readSettings(process.env, { demo })
  const log = openLog(settings.LOG_LEVEL)
  const metrics = openMetrics()
  const services = servicesOf(settings, { setupCode: setupCodeOf(settings), count: metrics.count })
  const embedded = settings.DATABASE_URL ? undefined : await startEmbedded(settings.DATA_DIR)
  const url = settings.DATABASE_URL ?? embedded!.url
  await migrateUp(url)
  const debug = settings.LOG_LEVEL === 'debug' || settings.LOG_LEVEL === 'trace'
  const database = openDatabase(url, {
    onError: (error) => log.warn({ err: error }, 'a database connection broke'),
    log: (query) => {
      metrics.query(query)
      if (debug) log.debug({ sql: query.sql, ms: query.durationMs }, 'query')
    },
  })
  const partitions = setInterval(() => {
    makePartitions(database.db, database.roles).catch((error: unknown) =>
      log.error({ err: error }, 'no partitions were made ahead'),
    )
  }, partitionHours * 3_600_000)
  const endpoint = settings.OTEL_EXPORTER_OTLP_ENDPOINT
  const telemetry = endpoint === undefined ? undefined : await openTelemetry(endpoint)
  const webFolder = fileURLToPath(new URL('../../web/dist', import.meta.url))
  const app = await buildApp({ settings, services, database, log, metrics, telemetry, webFolder })
  const stop = async () => {
    clearInterval(partitions)
    await app.close()
    await telemetry?.close()
    await database.close()
    await embedded?.stop()
  }
  let introduction: string[] = []
  try {
    if (demo) introduction = await loadDemo({ database, services, say: console.log })
    await app.listen({ host: settings.HOST, port: settings.PORT })
  } catch (error) {
    await stop()
    throw error
  }
  if (services.registration === 'open')
    log.warn('REGISTRATION=open: anyone who reaches this server joins the default tenant')
  if (services.setupCode) console.log(`The first account needs this one-time code: ${services.setupCode}`)
  for (const line of introduction) console.log(line)
  console.log(`VelociCompanion is ready on ${settings.publicUrl}`)
  return stop
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

function sentenceOf(error: unknown) {
  if (error instanceof SettingError || error instanceof EmbeddedError) return error.message
  const { code, port } = error as { code?: string; port?: number }
  if (code === 'EADDRINUSE')
    return `Port ${port} is taken: stop what uses it, or start with another one, such as PORT=8001 npm start`
  if (code === 'EACCES') return `Port ${port} is not allowed for this user: set PORT to 1024 or more`
  return undefined
}

try {
  const started = start()
  stopOnSignal(started)
  await started
} catch (error) {
  const sentence = sentenceOf(error)
  console.error(sentence ?? error)
  process.exit(1)
}
