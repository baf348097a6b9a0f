import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { appRoute } from '../../layout.tsx'
import { textParam } from '../../lib/url.ts'

const ingestion = createRoute({
  getParentRoute: () => appRoute,
  path: '/ingestion',
  validateSearch: z.object({
    /** Only what this delivery set aside. */
    delivery: z.number().int().positive().optional().catch(undefined),
    /** What was set aside and stored after all. */
    resolved: z.boolean().optional().catch(undefined),
    /** Which deliveries are listed: of this kind, with this token, only those with problems. */
    kind: textParam,
    sender: z.number().int().positive().optional().catch(undefined),
    problems: z.boolean().optional().catch(undefined),
  }),
  component: lazyRouteComponent(() => import('./IngestionPage.tsx'), 'IngestionPage'),
})

export const ingestionRoutes = [ingestion] as const
