import { createRouter } from '@tanstack/react-router'
import { accountRoutes, entryRoutes } from './features/auth/routes.ts'
import { appRoute, rootRoute } from './layout.tsx'

const routeTree = rootRoute.addChildren([...entryRoutes, appRoute.addChildren([...accountRoutes])])

export const router = createRouter({
  routeTree,
  defaultPreload: 'intent',
  defaultPreloadStaleTime: 0,
  defaultPendingMs: 150,
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
