import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { appRoute } from '../../layout.tsx'

const tokens = createRoute({
  getParentRoute: () => appRoute,
  path: '/admin/tokens',
  component: lazyRouteComponent(() => import('./TokensPage.tsx'), 'TokensPage'),
})

export const tokenRoutes = [tokens] as const
