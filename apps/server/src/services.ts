import { availableParallelism } from 'node:os'
import { searchPool, type Services } from '@velocicompanion/api'
import { secretKey, type Settings } from './env.ts'
import { version } from './version.ts'

/** What procedures need of the settings, and of the process where one runs. */
export const servicesOf = (settings: Settings, running: Partial<Services> = {}): Services => ({
  version,
  secretKey: secretKey(process.env, settings.DATA_DIR),
  accessTokenMinutes: settings.ACCESS_TOKEN_MINUTES,
  registration: settings.REGISTRATION,
  publicUrl: settings.publicUrl,
  setupCode: undefined,
  now: () => new Date(),
  warnings: () => [],
  count: () => {},
  searches: searchPool({
    // One core is left to the server. Many values of a stack that several threads counted are added up by one of them.
    size: Math.max(1, Math.min(8, availableParallelism() - 1)),
    cacheBytes: settings.SEARCH_CACHE_MB * 1_000_000,
  }),
  ...running,
})
