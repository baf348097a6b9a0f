import { annotationsRouter } from './annotations/router.ts'
import { authRouter } from './auth/router.ts'
import { artifactsRouter } from './artifacts/router.ts'
import { benignRouter } from './benign/router.ts'
import { casesRouter } from './cases/router.ts'
import { collectionsRouter } from './collections/router.ts'
import { exportsRouter } from './exports/router.ts'
import { compareRouter } from './compare/router.ts'
import { hostsRouter } from './hosts/router.ts'
import { auditRouter } from './audit/router.ts'
import { healthRouter } from './health/router.ts'
import { indicatorsRouter } from './indicators/router.ts'
import { ingestionRouter } from './ingestion/router.ts'
import { notificationsRouter } from './notifications/router.ts'
import { preferencesRouter } from './preferences/router.ts'
import { processesRouter } from './processes/router.ts'
import { retentionRouter } from './retention/router.ts'
import { rowsRouter } from './rows/router.ts'
import { searchesRouter } from './searches/router.ts'
import { sendersRouter } from './senders/router.ts'
import { serversRouter } from './servers/router.ts'
import { tenantsRouter } from './tenants/router.ts'
import { timelineRouter } from './timeline/router.ts'
import { tokensRouter } from './tokens/router.ts'
import { router } from './trpc.ts'
import { triageRouter } from './triage/router.ts'
import { usersRouter } from './users/router.ts'
import { valuesRouter } from './values/router.ts'

export const appRouter = router({
  auth: authRouter,
  annotations: annotationsRouter,
  artifacts: artifactsRouter,
  benign: benignRouter,
  cases: casesRouter,
  collections: collectionsRouter,
  exports: exportsRouter,
  compare: compareRouter,
  hosts: hostsRouter,
  audit: auditRouter,
  health: healthRouter,
  indicators: indicatorsRouter,
  ingestion: ingestionRouter,
  notifications: notificationsRouter,
  preferences: preferencesRouter,
  processes: processesRouter,
  retention: retentionRouter,
  rows: rowsRouter,
  searches: searchesRouter,
  senders: sendersRouter,
  servers: serversRouter,
  tenants: tenantsRouter,
  timeline: timelineRouter,
  tokens: tokensRouter,
  triage: triageRouter,
  users: usersRouter,
  values: valuesRouter,
})

export type AppRouter = typeof appRouter
