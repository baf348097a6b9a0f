import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { textParam } from '../../lib/url.ts'
import { appRoute } from '../../layout.tsx'

const hosts = createRoute({
  getParentRoute: () => appRoute,
  path: '/hosts',
  validateSearch: z.object({
    query: textParam,
    os: textParam,
    label: textParam,
    sort: z.enum(['lastSeen', 'hostname']).optional().catch(undefined),
    direction: z.enum(['asc', 'desc']).optional().catch(undefined),
  }),
  component: lazyRouteComponent(() => import('./HostsPage.tsx'), 'HostsPage'),
})

const host = createRoute({
  getParentRoute: () => appRoute,
  path: '/hosts/$id',
  component: lazyRouteComponent(() => import('./HostPage.tsx'), 'HostPage'),
})

export const hostRoutes = [hosts, host] as const
