import { createRoute, createRouter, type RouterHistory } from '@tanstack/react-router'
import { auditRoutes } from './features/audit/routes.ts'
import { huntRoutes } from './features/hunt/routes.ts'
import { rowRoutes } from './features/rows/routes.ts'
import { compareRoutes } from './features/compare/routes.ts'
import { hostRoutes } from './features/hosts/routes.ts'
import { healthRoutes } from './features/health/routes.ts'
import { homeRoutes } from './features/home/routes.ts'
import { collectionRoutes } from './features/collections/routes.ts'
import { benignRoutes } from './features/benign/routes.ts'
import { caseRoutes } from './features/cases/routes.ts'
import { artifactRoutes } from './features/artifacts/routes.ts'
import { accountRoutes, entryRoutes } from './features/auth/routes.ts'
import { exportRoutes } from './features/exports/routes.ts'
import { indicatorRoutes } from './features/indicators/routes.ts'
import { ingestionRoutes } from './features/ingestion/routes.ts'
import { notificationRoutes } from './features/notifications/routes.ts'
import { processRoutes } from './features/processes/routes.ts'
import { retentionRoutes } from './features/retention/routes.ts'
import { tenantRoutes } from './features/tenants/routes.ts'
import { tokenRoutes } from './features/tokens/routes.ts'
import { timelineRoutes } from './features/timeline/routes.ts'
import { userRoutes } from './features/users/routes.ts'
import { appRoute, rootRoute } from './layout.tsx'
import { searchFormat } from './lib/url.ts'
import { MissingPage } from './shell/BrokenPage.tsx'

const nowhere = createRoute({ getParentRoute: () => appRoute, path: '$', component: MissingPage })

const routeTree = rootRoute.addChildren([
  ...entryRoutes,
  appRoute.addChildren([
    ...huntRoutes,
    ...rowRoutes,
    ...compareRoutes,
    ...hostRoutes,
    ...timelineRoutes,
    ...processRoutes,
    ...homeRoutes,
    ...collectionRoutes,
    ...benignRoutes,
    ...caseRoutes,
    ...artifactRoutes,
    ...accountRoutes,
    ...indicatorRoutes,
    ...ingestionRoutes,
    ...userRoutes,
    ...tenantRoutes,
    ...tokenRoutes,
    ...retentionRoutes,
    ...auditRoutes,
    ...healthRoutes,
    ...exportRoutes,
    ...notificationRoutes,
    nowhere,
  ]),
])

/** Over the browser's own history unless another is given. */
export const makeRouter = (history?: RouterHistory) =>
  createRouter({
    ...searchFormat,
    routeTree,
    defaultPreload: 'intent',
    defaultPreloadStaleTime: 0,
    defaultPendingMs: 150,
    scrollRestoration: true,
    ...(history && { history }),
  })

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}
