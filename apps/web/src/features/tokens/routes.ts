import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { appRoute } from '../../layout.tsx'
import { textParam } from '../../lib/url.ts'

const tokens = createRoute({
  getParentRoute: () => appRoute,
  path: '/admin/tokens',
  validateSearch: z.object({
    /** Whose snippets are open. */
    token: z.number().int().positive().optional().catch(undefined),
    /** For which way of sending. */
    sender: textParam,
  }),
  component: lazyRouteComponent(() => import('./TokensPage.tsx'), 'TokensPage'),
})

export const tokenRoutes = [tokens] as const
