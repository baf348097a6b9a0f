import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { appRoute } from '../../layout.tsx'

const tenants = createRoute({
  getParentRoute: () => appRoute,
  path: '/admin/tenants',
  component: lazyRouteComponent(() => import('./TenantsPage.tsx'), 'TenantsPage'),
})

export const tenantRoutes = [tenants] as const
