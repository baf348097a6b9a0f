import type { Services } from '@velocicompanion/api'
import { secretKey, type Settings } from './env.ts'
import { version } from './version.ts'

/** What procedures need of the settings. `setupCode` guards the first registration, where one is needed. */
export const servicesOf = (settings: Settings, setupCode?: string): Services => ({
  version,
  secretKey: secretKey(process.env, settings.DATA_DIR),
  accessTokenMinutes: settings.ACCESS_TOKEN_MINUTES,
  registration: settings.REGISTRATION,
  publicUrl: settings.publicUrl,
  setupCode,
  now: () => new Date(),
  warnings: () => [],
})
