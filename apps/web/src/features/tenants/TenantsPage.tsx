import { Button } from '@mantine/core'
import { IconPlus, IconShieldCheck } from '@tabler/icons-react'
import { useState } from 'react'
import { trpc, type Outputs } from '../../api.ts'
import { useMe } from '../../lib/me.ts'
import { useSetTenant } from '../../lib/tenant.ts'
import { AdminPage } from '../../shell/AdminPage.tsx'
import { Count } from '../../ui/Count.tsx'
import { List } from '../../ui/List.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { Note } from '../../ui/Tag.tsx'
import { Time } from '../../ui/Time.tsx'
import { TenantDialog } from './TenantDialog.tsx'

export type Tenant = Outputs['tenants']['list']['rows'][number]

export function TenantsPage() {
  const [open, setOpen] = useState<Tenant | 'new'>()
  const me = useMe()
  const list = trpc.tenants.list.useQuery(undefined, { enabled: me.role === 'super_admin' })
  return (
    <AdminPage
      name="Tenants"
      sub="One tenant is one customer: its Velociraptor servers and orgs, its people, its rows. Only super-admins see this page."
      permission="tenant:manage"
      actions={
        <Button leftSection={<IconPlus size={15} />} onClick={() => setOpen('new')}>
          New tenant…
        </Button>
      }
    >
      <Panel title="Tenants" count={list.data?.rows.length}>
        <Loaded query={list}>{({ rows }) => <TenantList rows={rows} edit={setOpen} />}</Loaded>
      </Panel>
      <Note>
        <IconShieldCheck size={18} aria-hidden style={{ color: 'var(--vc-accent)', flex: 'none' }} />
        <span className="t2">
          Rows never cross a tenant’s wall. The view across tenants reads each tenant’s rows in place, and every use of
          it is recorded.
        </span>
      </Note>
      {open && <TenantDialog tenant={open === 'new' ? undefined : open} close={() => setOpen(undefined)} />}
    </AdminPage>
  )
}

function TenantList({ rows, edit }: { rows: Tenant[]; edit: (tenant: Tenant) => void }) {
  const me = useMe()
  const act = useSetTenant()
  return (
    <List
      label="Tenants"
      two
      rows={rows}
      rowKey={(tenant) => tenant.id}
      columns={[
        {
          head: 'Tenant',
          cell: ({ name, description }) => (
            <>
              <b className="b">{name}</b>
              <div className="meta trunc" style={{ maxWidth: 480 }}>
                {description || 'no description'}
              </div>
            </>
          ),
        },
        { head: 'Hosts', num: true, cell: ({ hosts }) => <Count n={hosts} /> },
        { head: 'Active people', num: true, cell: ({ users }) => <Count n={users} /> },
        { head: 'Since', cell: ({ createdAt }) => <Time at={createdAt} /> },
        {
          head: '',
          label: 'Actions',
          num: true,
          cell: (tenant) => (
            <span className="row g12" style={{ justifyContent: 'flex-end' }}>
              {tenant.id === me.tenantId ? (
                <span className="meta">your own</span>
              ) : (
                <button
                  type="button"
                  className="linkbutton"
                  aria-label={`Act in it: ${tenant.name}`}
                  onClick={() => act(tenant.id)}
                >
                  Act in it
                </button>
              )}
              <button
                type="button"
                className="linkbutton"
                aria-label={`Rename… ${tenant.name}`}
                onClick={() => edit(tenant)}
              >
                Rename…
              </button>
            </span>
          ),
        },
      ]}
    />
  )
}
