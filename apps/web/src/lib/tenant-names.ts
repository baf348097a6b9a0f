import { trpc } from '../api.ts'
import { useMay, useMe } from './me.ts'
import { useTenantChoice } from './tenant.ts'

/** Names of tenants by id. Each look at the list is audited, so it is asked for only where another tenant is in sight. */
export function useTenantNames(inSight = false) {
  const elsewhere = useTenantChoice() !== undefined
  const { tenant } = useMe()
  const list = trpc.tenants.list.useQuery(undefined, {
    enabled: useMay('tenant:every') && (inSight || elsewhere),
    staleTime: 60_000,
  })
  const tenants: { id: number; name: string }[] = list.data?.rows ?? [tenant]
  return {
    tenants,
    nameOf: (id: number) => tenants.find((t) => t.id === id)?.name ?? `Tenant ${id}`,
  }
}
