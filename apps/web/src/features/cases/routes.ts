import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { caseSeverities, caseStatuses } from '@velocicompanion/api/cases/input'
import { z } from 'zod'
import { textParam } from '../../lib/url.ts'
import { appRoute } from '../../layout.tsx'

const cases = createRoute({
  getParentRoute: () => appRoute,
  path: '/cases',
  validateSearch: z.object({
    query: textParam,
    status: z.enum(caseStatuses).optional().catch(undefined),
    severity: z.enum(caseSeverities).optional().catch(undefined),
    direction: z.enum(['asc', 'desc']).optional().catch(undefined),
    create: z.boolean().optional().catch(undefined),
  }),
  component: lazyRouteComponent(() => import('./CasesPage.tsx'), 'CasesPage'),
})

const oneCase = createRoute({
  getParentRoute: () => appRoute,
  path: '/cases/$id',
  component: lazyRouteComponent(() => import('./CasePage.tsx'), 'CasePage'),
})

export const caseRoutes = [cases, oneCase] as const
