import {
  createRootRoute,
  createRoute,
  lazyRouteComponent,
  Outlet,
  redirect,
  retainSearchParams,
} from '@tanstack/react-router'
import { z } from 'zod'
import { isSignedIn } from './features/auth/entry.ts'
import { BrokenPage, MissingPage } from './shell/BrokenPage.tsx'

/** Every feature hangs its routes under `appRoute`: signed in, with rail and top bar, and `?tenant=` kept on the way. */
export const rootRoute = createRootRoute({
  component: Outlet,
  notFoundComponent: MissingPage,
  errorComponent: BrokenPage,
})

export const appRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'app',
  validateSearch: z.object({
    tenant: z
      .union([z.number().int().positive(), z.literal('all')])
      .optional()
      .catch(undefined),
    /** How many pages of the page's list are shown, more than the first. */
    pages: z.number().int().min(2).max(50).optional().catch(undefined),
  }),
  search: { middlewares: [retainSearchParams(['tenant'])] },
  beforeLoad: async ({ location }) => {
    if (await isSignedIn()) return
    throw redirect({ to: '/sign-in', search: location.href === '/' ? {} : { next: location.href } })
  },
  component: lazyRouteComponent(() => import('./shell/Shell.tsx'), 'Shell'),
  notFoundComponent: MissingPage,
  errorComponent: BrokenPage,
})
