import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { appRoute } from '../../layout.tsx'

const exported = createRoute({
  getParentRoute: () => appRoute,
  path: '/exports',
  validateSearch: z.object({ pages: z.number().int().min(1).max(100).optional().catch(undefined) }),
  component: lazyRouteComponent(() => import('./ExportsPage.tsx'), 'ExportsPage'),
})

export const exportRoutes = [exported] as const
