import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { artifactTypes } from '@velocicompanion/api/artifacts/input'
import { z } from 'zod'
import { textParam } from '../../lib/url.ts'
import { appRoute } from '../../layout.tsx'

const artifacts = createRoute({
  getParentRoute: () => appRoute,
  path: '/artifacts',
  validateSearch: z.object({ query: textParam, type: z.enum(artifactTypes).optional().catch(undefined) }),
  component: lazyRouteComponent(() => import('./ArtifactsPage.tsx'), 'ArtifactsPage'),
})

export const artifactRoutes = [artifacts] as const
