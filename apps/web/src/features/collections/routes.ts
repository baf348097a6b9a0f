import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { textParam } from '../../lib/url.ts'
import { appRoute } from '../../layout.tsx'

const collections = createRoute({
  getParentRoute: () => appRoute,
  path: '/collections',
  validateSearch: z.object({
    hostId: z.number().int().positive().optional().catch(undefined),
    clientId: textParam,
    flowId: textParam,
    huntId: textParam,
    incomplete: z.boolean().optional().catch(undefined),
  }),
  component: lazyRouteComponent(() => import('./CollectionsPage.tsx'), 'CollectionsPage'),
})

const collection = createRoute({
  getParentRoute: () => appRoute,
  path: '/collections/$id',
  component: lazyRouteComponent(() => import('./CollectionPage.tsx'), 'CollectionPage'),
})

export const collectionRoutes = [collections, collection] as const
