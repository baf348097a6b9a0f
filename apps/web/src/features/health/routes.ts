import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { appRoute } from '../../layout.tsx'

const errors = createRoute({
  getParentRoute: () => appRoute,
  path: '/admin/errors',
  component: lazyRouteComponent(() => import('./ErrorsPage.tsx'), 'ErrorsPage'),
})

export const healthRoutes = [errors] as const
