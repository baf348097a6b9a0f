import { IconBookmark, IconBriefcase, IconDeviceDesktop, IconListSearch } from '@tabler/icons-react'
import { useNavigate } from '@tanstack/react-router'
import { quoteValue } from '@velocicompanion/api/rows/input'
import { trpc } from '../api.ts'
import { useTenant } from '../lib/tenant.ts'
import { useTenantNames } from '../lib/tenant-names.ts'
import type { Entry, EntryGroup } from './palette-entries.ts'

const most = 5

/** Hosts, cases and saved searches of that name, and the search of all rows for exactly this value. */
export function useFound(text: string): EntryGroup[] {
  const tenant = useTenant()
  const { nameOf } = useTenantNames()
  const navigate = useNavigate()
  const asked = { ...tenant, query: text, limit: most }
  const options = { enabled: text !== '', staleTime: 30_000 }
  const hosts = trpc.hosts.list.useQuery(asked, options)
  const cases = trpc.cases.list.useQuery(asked, options)
  const searches = trpc.searches.list.useQuery({ query: text, limit: most }, options)
  if (text === '') return []
  const everywhere: Entry = {
    id: 'rows',
    label: `Search all rows for ${text}`,
    icon: IconListSearch,
    run: () => void navigate({ to: '/hunt', search: { query: quoteValue(text) } }),
  }
  const of = (tenantId: number) => (tenant.tenant === 'all' ? nameOf(tenantId) : undefined)
  const within = (tenantId: number) => (tenant.tenant === 'all' ? { tenant: tenantId } : {})
  const found: Entry[] = [
    ...(hosts.data?.rows ?? []).map((host) => ({
      id: `host ${host.id}`,
      label: host.hostname,
      hint: ['host', host.os, of(host.tenantId)].filter(Boolean).join(' · '),
      icon: IconDeviceDesktop,
      run: () => void navigate({ to: '/hosts/$id', params: { id: String(host.id) }, search: within(host.tenantId) }),
    })),
    ...(cases.data?.rows ?? []).map((found) => ({
      id: `case ${found.id}`,
      label: found.title,
      hint: ['case', found.status, of(found.tenantId)].filter(Boolean).join(' · '),
      icon: IconBriefcase,
      run: () => void navigate({ to: '/cases/$id', params: { id: String(found.id) }, search: within(found.tenantId) }),
    })),
  ]
  const saved: Entry[] = [...(searches.data?.rows ?? []), ...(searches.data?.builtIn ?? [])]
    .slice(0, most)
    .map((one) => ({
      id: `search ${one.id}`,
      label: one.name,
      hint: one.builtIn ? 'built-in search' : 'saved search',
      icon: IconBookmark,
      run: () => void navigate({ to: '/hunt', search: { search: one.id } }),
    }))
  return [
    { name: `“${text}”`, entries: [everywhere] },
    { name: 'Hosts and cases', entries: found },
    { name: 'Saved searches', entries: saved },
  ]
}
