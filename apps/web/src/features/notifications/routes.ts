import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { appRoute } from '../../layout.tsx'

const notifications = createRoute({
  getParentRoute: () => appRoute,
  path: '/notifications',
  validateSearch: z.object({
    unread: z.literal(true).optional().catch(undefined),
    pages: z.number().int().min(1).max(100).optional().catch(undefined),
  }),
  component: lazyRouteComponent(() => import('./NotificationsPage.tsx'), 'NotificationsPage'),
})

export const notificationRoutes = [notifications] as const
