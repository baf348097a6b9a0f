import { createRoute, lazyRouteComponent, redirect } from '@tanstack/react-router'
import { z } from 'zod'
import { appRoute } from '../../layout.tsx'
import { textParam } from '../../lib/url.ts'

const admin = createRoute({
  getParentRoute: () => appRoute,
  path: '/admin',
  beforeLoad: () => {
    throw redirect({ to: '/admin/users' })
  },
})

const users = createRoute({
  getParentRoute: () => appRoute,
  path: '/admin/users',
  validateSearch: z.object({
    q: textParam,
    show: z.enum(['active', 'inactive']).optional().catch(undefined),
  }),
  component: lazyRouteComponent(() => import('./UsersPage.tsx'), 'UsersPage'),
})

export const userRoutes = [admin, users] as const
