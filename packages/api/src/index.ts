import { appRouter } from './router.ts'
import { callerFactory } from './trpc.ts'

export { appRouter, type AppRouter } from './router.ts'
export { actorFromAccessToken, holderOfApiToken, type IngestCredential } from './auth/access.ts'
export { AppError } from './errors.ts'
export type { Actor, Origin } from './scope.ts'
export type { Services } from './services.ts'
export type { Context } from './trpc.ts'
export const createCaller = callerFactory(appRouter)
export { openIngest } from './ingestion/open.ts'
export { BodyTooLarge } from './ingestion/lines.ts'
export { receive } from './ingestion/receive.ts'
export type { Ingest } from './ingestion/store.ts'
