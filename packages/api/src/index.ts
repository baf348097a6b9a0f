import { appRouter } from './router.ts'
import { callerFactory } from './trpc.ts'

export { appRouter, type AppRouter } from './router.ts'
export { actorFromAccessToken, holderOfApiToken, type IngestCredential } from './auth/access.ts'
export { AppError } from './errors.ts'
export type { Actor, Origin } from './scope.ts'
export type { Services } from './services.ts'
export type { Context } from './trpc.ts'
export const createCaller = callerFactory(appRouter)
