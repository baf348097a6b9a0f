import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { appRoute } from '../../layout.tsx'

const home = createRoute({
  getParentRoute: () => appRoute,
  path: '/',
  component: lazyRouteComponent(() => import('./HomePage.tsx'), 'HomePage'),
})

export const homeRoutes = [home] as const
