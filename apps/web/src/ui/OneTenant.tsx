import type { ReactNode } from 'react'
import { useAllTenants } from '../lib/tenant.ts'
import { EmptyState } from './states.tsx'

/** Shows its children unless the view is over all tenants: what is inside works in one tenant only. */
export function OneTenant({ what, children }: { what: string; children: ReactNode }) {
  return useAllTenants() ? (
    <EmptyState title="Choose a tenant first">{what} belongs to one tenant. Choose it at the upper left.</EmptyState>
  ) : (
    children
  )
}
