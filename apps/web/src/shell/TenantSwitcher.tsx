import { Menu } from '@mantine/core'
import { IconCheck, IconChevronDown, IconWorld } from '@tabler/icons-react'
import { useState } from 'react'
import { initials } from '../lib/format.ts'
import { useMay, useMe } from '../lib/me.ts'
import { useSetTenant, useTenantChoice } from '../lib/tenant.ts'
import { useTenantNames } from '../lib/tenant-names.ts'

/** The tenant one looks at. Super-admins choose; for all others it is only a name. */
export function TenantSwitcher() {
  const { tenant: own } = useMe()
  const every = useMay('tenant:every')
  if (every) return <Switcher />
  return (
    <span className="tenant fixed">
      <span className="sq" aria-hidden>
        {initials(own.name)}
      </span>
      {own.name}
    </span>
  )
}

function Switcher() {
  const { tenant: own } = useMe()
  const chosen = useTenantChoice()
  const set = useSetTenant()
  const [opened, setOpened] = useState(false)
  const { tenants } = useTenantNames(opened)
  const current = chosen ?? own.id
  const name = chosen === 'all' ? 'All tenants' : (tenants.find((t) => t.id === current)?.name ?? `Tenant ${current}`)
  return (
    <Menu width={260} opened={opened} onChange={setOpened}>
      <Menu.Target>
        <button type="button" className="tenant">
          <span className="sq" aria-hidden>
            {chosen === 'all' ? <IconWorld size={12} /> : initials(name)}
          </span>
          {name}
          <IconChevronDown size={14} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown mah="70vh" style={{ overflow: 'auto' }}>
        <Menu.Item rightSection={chosen === 'all' && <IconCheck size={14} />} onClick={() => set('all')}>
          All tenants
        </Menu.Item>
        <Menu.Divider />
        {tenants.map((tenant) => (
          <Menu.Item
            key={tenant.id}
            rightSection={current === tenant.id && <IconCheck size={14} />}
            onClick={() => set(tenant.id === own.id ? undefined : tenant.id)}
          >
            {tenant.name}
          </Menu.Item>
        ))}
        <Menu.Label>Each look into another tenant is audited.</Menu.Label>
      </Menu.Dropdown>
    </Menu>
  )
}
