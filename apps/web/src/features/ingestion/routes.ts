import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { appRoute } from '../../layout.tsx'

const ingestion = createRoute({
  getParentRoute: () => appRoute,
  path: '/ingestion',
  validateSearch: z.object({
    /** Only what this delivery set aside. */
    delivery: z.number().int().positive().optional().catch(undefined),
  }),
  component: lazyRouteComponent(() => import('./IngestionPage.tsx'), 'IngestionPage'),
})

export const ingestionRoutes = [ingestion] as const
