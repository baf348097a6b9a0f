import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { textParam } from '../../lib/url.ts'
import { appRoute } from '../../layout.tsx'

const view = {
  row: textParam,
  tab: textParam,
  cols: z.array(z.string()).optional().catch(undefined),
}

const rows = createRoute({
  getParentRoute: () => appRoute,
  path: '/rows',
  validateSearch: z.object({ q: textParam, from: textParam, to: textParam, ...view }),
  component: lazyRouteComponent(() => import('./RowsPage.tsx'), 'RowsPage'),
})

const sourceRows = createRoute({
  getParentRoute: () => appRoute,
  path: '/collections/$id/rows',
  validateSearch: z.object({ source: z.number().int().positive().catch(0), ...view }),
  component: lazyRouteComponent(() => import('./SourceRowsPage.tsx'), 'SourceRowsPage'),
})

export const rowRoutes = [rows, sourceRows] as const
