import type { ReactNode } from 'react'
import { trpc } from '../../api.ts'
import { useOneTenant } from '../../lib/tenant.ts'
import { visible } from '../../ui/evidence.tsx'
import { FixedPage } from '../../ui/Page.tsx'
import { HostTabs } from './HostTabs.tsx'

interface HostFrameProps {
  id: number
  /** Of the host: `Processes`. */
  what: string
  /** The status line. */
  foot?: ReactNode
  children: ReactNode
}

/** A page of a host beside its overview: its name, the way back, and the tabs. */
export function HostFrame({ id, what, foot, children }: HostFrameProps) {
  const host = trpc.hosts.get.useQuery({ id, ...useOneTenant() })
  const name = host.data ? visible(host.data.hostname) : 'Host'
  return (
    <FixedPage
      name={`${what} of ${name}`}
      crumbs={[
        { label: 'Hosts', to: '/hosts' },
        { label: name, to: `/hosts/${id}` },
      ]}
    >
      <div className="hosttabs">
        <HostTabs id={id} />
      </div>
      <div className="tlbody">{children}</div>
      {foot}
    </FixedPage>
  )
}
