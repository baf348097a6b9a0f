import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { appRoute } from '../../layout.tsx'

const retention = createRoute({
  getParentRoute: () => appRoute,
  path: '/admin/retention',
  component: lazyRouteComponent(() => import('./RetentionPage.tsx'), 'RetentionPage'),
})

export const retentionRoutes = [retention] as const
