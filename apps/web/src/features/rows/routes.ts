import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { textParam } from '../../lib/url.ts'
import { appRoute } from '../../layout.tsx'

const view = {
  row: textParam,
  tab: textParam,
  sort: textParam,
  columns: z.array(z.string()).optional().catch(undefined),
}

const sourceRows = createRoute({
  getParentRoute: () => appRoute,
  path: '/collections/$id/rows',
  validateSearch: z.object({ source: z.number().int().positive().catch(0), ...view }),
  component: lazyRouteComponent(() => import('./SourceRowsPage.tsx'), 'SourceRowsPage'),
})

export const rowRoutes = [sourceRows] as const
