import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { appRoute } from '../../layout.tsx'
import { textParam } from '../../lib/url.ts'

const flag = z.boolean().optional().catch(undefined)

const hostTimeline = createRoute({
  getParentRoute: () => appRoute,
  path: '/hosts/$id/timeline',
  validateSearch: z.object({
    query: textParam,
    from: textParam,
    to: textParam,
    /** Ids of sources that are switched off. */
    off: z.array(z.number().int().positive()).optional().catch(undefined),
    every: flag,
    untimed: flag,
    /** The row in the middle, and how far to each side. */
    around: textParam,
    span: textParam,
    row: textParam,
    tab: textParam,
  }),
  component: lazyRouteComponent(() => import('./HostTimelinePage.tsx'), 'HostTimelinePage'),
})

export const timelineRoutes = [hostTimeline] as const
