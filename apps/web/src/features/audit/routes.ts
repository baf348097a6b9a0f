import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { appRoute } from '../../layout.tsx'
import { textParam } from '../../lib/url.ts'

const audit = createRoute({
  getParentRoute: () => appRoute,
  path: '/admin/audit',
  validateSearch: z.object({
    action: textParam,
    actor: textParam,
    since: z.enum(['today', '7d', '30d']).optional().catch(undefined),
  }),
  component: lazyRouteComponent(() => import('./AuditPage.tsx'), 'AuditPage'),
})

export const auditRoutes = [audit] as const
