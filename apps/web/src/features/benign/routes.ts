import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { appRoute } from '../../layout.tsx'

const rules = createRoute({
  getParentRoute: () => appRoute,
  path: '/benign',
  validateSearch: z.object({
    show: z.enum(['ended', 'all']).optional().catch(undefined),
    rule: z.number().int().positive().optional().catch(undefined),
    pages: z.number().int().positive().optional().catch(undefined),
  }),
  component: lazyRouteComponent(() => import('./RulesPage.tsx'), 'RulesPage'),
})

export const benignRoutes = [rules] as const
