import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { textParam } from '../../lib/url.ts'
import { appRoute } from '../../layout.tsx'

const rows = createRoute({
  getParentRoute: () => appRoute,
  path: '/rows',
  validateSearch: z.object({ q: textParam, from: textParam, to: textParam, row: textParam }),
  component: lazyRouteComponent(() => import('./RowsPage.tsx'), 'RowsPage'),
})

const sourceRows = createRoute({
  getParentRoute: () => appRoute,
  path: '/collections/$id/rows',
  validateSearch: z.object({ source: z.number().int().positive().catch(0), row: textParam }),
  component: lazyRouteComponent(() => import('./SourceRowsPage.tsx'), 'SourceRowsPage'),
})

export const rowRoutes = [rows, sourceRows] as const
