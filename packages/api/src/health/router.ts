import { router, signedIn } from '../trpc.ts'

const loopback = /^https?:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|\/|$)/

export const healthRouter = router({
  status: signedIn.query(({ ctx: { services } }) => ({
    version: services.version,
    publicUrl: services.publicUrl,
    publicUrlIsLoopback: loopback.test(services.publicUrl),
    warnings: services.warnings(),
  })),
})
