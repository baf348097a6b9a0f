import { createRoute, lazyRouteComponent, redirect } from '@tanstack/react-router'
import { z } from 'zod'
import { appRoute, rootRoute } from '../../layout.tsx'
import { isSignedIn } from './entry.ts'
import { safeNext } from './next.ts'

const signIn = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: z.object({ next: z.string().optional().catch(undefined) }),
  beforeLoad: async ({ search }) => {
    // A server that does not answer is the page's to say.
    if (await isSignedIn().catch(() => false)) throw redirect({ href: safeNext(search.next) })
  },
  component: lazyRouteComponent(() => import('./SignInPage.tsx'), 'SignInPage'),
})

const welcome = createRoute({
  getParentRoute: () => rootRoute,
  path: '/welcome',
  component: lazyRouteComponent(() => import('./WelcomePage.tsx'), 'WelcomePage'),
})

const account = createRoute({
  getParentRoute: () => appRoute,
  path: '/account',
  component: lazyRouteComponent(() => import('./AccountPage.tsx'), 'AccountPage'),
})

export const entryRoutes = [signIn, welcome] as const
export const accountRoutes = [account] as const
