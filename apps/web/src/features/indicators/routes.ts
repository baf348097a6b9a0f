import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { appRoute } from '../../layout.tsx'

const indicators = createRoute({
  getParentRoute: () => appRoute,
  path: '/indicators',
  validateSearch: z.object({
    list: z.number().int().positive().optional().catch(undefined),
    query: z.string().max(1000).optional().catch(undefined),
    show: z.enum(['seen', 'never', 'ended']).optional().catch(undefined),
  }),
  component: lazyRouteComponent(() => import('./IndicatorsPage.tsx'), 'IndicatorsPage'),
})

export const indicatorRoutes = [indicators] as const
