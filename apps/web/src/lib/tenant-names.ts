import { trpc } from '../api.ts'
import { useMay, useMe } from './me.ts'

/** Names of tenants by id, for the Tenant column of lists across tenants. */
export function useTenantNames() {
  const { tenant } = useMe()
  const list = trpc.tenants.list.useQuery(undefined, { enabled: useMay('tenant:every'), staleTime: 60_000 })
  const tenants: { id: number; name: string }[] = list.data?.rows ?? [tenant]
  return {
    tenants,
    nameOf: (id: number) => tenants.find((t) => t.id === id)?.name ?? `Tenant ${id}`,
  }
}
