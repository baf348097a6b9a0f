import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { z } from 'zod'
import { appRoute } from '../../layout.tsx'
import { textParam } from '../../lib/url.ts'

const id = z.number().int().positive().optional().catch(undefined)

const processes = createRoute({
  getParentRoute: () => appRoute,
  path: '/hosts/$id/processes',
  validateSearch: z.object({
    /** The row whose process has the focus. */
    row: textParam,
    /** The list that is shown: a collection's source, or a log by its source alone. */
    collection: id,
    source: id,
    /** The row that is open. */
    open: textParam,
    tab: textParam,
  }),
  component: lazyRouteComponent(() => import('./ProcessesPage.tsx'), 'ProcessesPage'),
})

export const processRoutes = [processes] as const
