import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { appRoute } from '../../layout.tsx'
import { textParam } from '../../lib/url.ts'

const texts = z.array(z.string()).optional().catch(undefined)

const compare = createRoute({
  getParentRoute: () => appRoute,
  path: '/compare',
  validateSearch: z.object({
    /** `collection:12`, `host:3` or `hunt:H.ABC`. */
    left: textParam,
    right: textParam,
    source: z.number().int().positive().optional().catch(undefined),
    by: z.enum(['rows', 'values']).optional().catch(undefined),
    key: texts,
    ignore: texts,
    show: z.enum(['changed', 'added', 'gone']).optional().catch(undefined),
    order: z.enum(['fewest', 'most']).optional().catch(undefined),
    at: z.number().int().min(0).optional().catch(undefined),
  }),
  component: lazyRouteComponent(() => import('./ComparePage.tsx'), 'ComparePage'),
})

export const compareRoutes = [compare] as const
