import { createRoute, lazyRouteComponent, redirect } from '@tanstack/react-router'
import { z } from 'zod'
import { appRoute } from '../../layout.tsx'
import { textParam } from '../../lib/url.ts'

const texts = z.array(z.string()).optional().catch(undefined)

/** Everything that a deep link brings back. */
export const huntSearch = z.object({
  query: textParam,
  /** Numbers of the query's parts that are switched off. */
  off: z.array(z.number().int().min(0)).optional().catch(undefined),
  /** RFC3339, or relative to now: `now-7d`. */
  from: textParam,
  to: textParam,
  /** Rows that are left out and counted. */
  hide: z.enum(['benign']).optional().catch(undefined),
  view: z.enum(['rows', 'groups', 'timeline']).optional().catch(undefined),
  sort: textParam,
  columns: texts,
  /** Fields of the bands. */
  most: texts,
  least: texts,
  row: textParam,
  tab: textParam,
  /** The saved search that is open. */
  search: z.number().int().optional().catch(undefined),
  around: textParam,
  span: textParam,
})

const hunt = createRoute({
  getParentRoute: () => appRoute,
  path: '/hunt',
  validateSearch: huntSearch,
  component: lazyRouteComponent(() => import('./HuntPage.tsx'), 'HuntPage'),
})

/** The address that links had before. */
const rows = createRoute({
  getParentRoute: () => appRoute,
  path: '/rows',
  validateSearch: huntSearch.extend({ q: textParam, cols: texts }),
  beforeLoad: ({ search: { q, cols, query = q, columns = cols, ...search } }) => {
    throw redirect({ to: '/hunt', search: { ...search, query, columns }, replace: true })
  },
})

export const huntRoutes = [hunt, rows] as const
