import { trpc } from '../../api.ts'
import { useAllTenants, useLookAgain, useTenant } from '../../lib/tenant.ts'
import { isLate } from '../hosts/LastSeen.tsx'
import {
  inOrder,
  mostHosts,
  type Need,
  ofDamaged,
  ofIncomplete,
  ofNotifications,
  ofQuiet,
  ofRejected,
  ofSenders,
  ofUnanswered,
  ofWarnings,
} from './needs.ts'

type Found = Need & { follow?: string; id?: number }

/** How much there is, what of it is not whole, and how each tenant in sight does. */
export const useWholeHome = () =>
  trpc.collections.whole.useQuery({ ...useTenant(), tenants: true }, { refetchInterval: useLookAgain(30_000) })

/** What waits for a person, out of everything that can. It is shown once all of it is known. */
export function useNeeds() {
  const tenant = useTenant()
  const all = useAllTenants()
  const again = { refetchInterval: useLookAgain(30_000) }
  const to = (tenantId: number) => (all ? { tenant: tenantId } : {})
  const warnings = trpc.health.status.useQuery(undefined, { staleTime: 30_000 })
  const senders = trpc.senders.list.useQuery({ ...tenant, attention: true }, again)
  const overview = trpc.ingestion.overview.useQuery({ ...tenant, limit: 20 }, again)
  const hunts = trpc.collections.hunts.useQuery({ ...tenant, incomplete: true, limit: 8 }, again)
  const collections = trpc.collections.list.useQuery({ ...tenant, incomplete: true, limit: 20 }, again)
  const rejected = trpc.ingestion.rejected.useQuery({ ...tenant, limit: 100 }, again)
  const hosts = trpc.hosts.list.useQuery({ ...tenant, order: 'asc', limit: mostHosts }, again)
  const whole = useWholeHome()
  const unread = trpc.notifications.list.useQuery({ unread: true, limit: 5 }, { staleTime: 10_000 })
  const queries = [warnings, senders, overview, hunts, collections, rejected, hosts, whole, unread]
  const needs: Found[] = [
    ...ofWarnings(warnings.data?.warnings ?? []),
    ...ofNotifications(unread.data?.rows ?? []),
    ...ofSenders(senders.data?.rows ?? [], to),
    ...ofDamaged(overview.data?.blocks.damaged ?? [], to),
    ...ofIncomplete(hunts.data?.rows ?? [], collections.data?.rows ?? [], to),
    ...(rejected.data ? ofRejected(rejected.data, to) : []),
    ...ofQuiet(hosts.data?.rows ?? [], isLate, to),
    ...(whole.data ? ofUnanswered(whole.data.unanswered, to) : []),
  ]
  return {
    data: queries.some(({ isPending }) => isPending) ? undefined : inOrder(needs),
    error: queries.find(({ error }) => error)?.error ?? null,
    refetch: () => queries.filter(({ error }) => error).map(({ refetch }) => void refetch()),
  }
}
