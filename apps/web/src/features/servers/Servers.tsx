import { Button, Modal, TextInput } from '@mantine/core'
import { useState } from 'react'
import { trpc, type Outputs } from '../../api.ts'
import { count } from '../../lib/format.ts'
import { sentence } from '../../lib/problem.ts'
import { useAllTenants, useTenant } from '../../lib/tenant.ts'
import { List, type Column } from '../../ui/List.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { TenantName } from '../../ui/TenantName.tsx'
import { Time } from '../../ui/Time.tsx'
import { Mono } from '../../ui/Value.tsx'

type Server = Outputs['servers']['list']['rows'][number]

/** The Velociraptor servers and orgs that tokens name, and where people open them. */
export function Servers() {
  const [changed, setChanged] = useState<Server>()
  const servers = trpc.servers.list.useQuery({ ...useTenant() })
  return (
    <Panel title="Velociraptor servers" count={servers.data && count(servers.data.rows.length)}>
      <Loaded query={servers}>
        {({ rows }) =>
          rows.length === 0 ? (
            <EmptyState title="No server is named yet">
              A token that sends rows names its server and org; they stand here then.
            </EmptyState>
          ) : (
            <ServerList rows={rows} change={setChanged} />
          )
        }
      </Loaded>
      {changed && <AddressDialog server={changed} close={() => setChanged(undefined)} />}
    </Panel>
  )
}

function ServerList({ rows, change }: { rows: Server[]; change: (server: Server) => void }) {
  const all = useAllTenants()
  const columns: (Column<Server> | false)[] = [
    { head: 'Server', cell: ({ name }) => <b className="b">{name}</b> },
    all && { head: 'Tenant', cell: ({ tenantId }) => <TenantName id={tenantId} /> },
    { head: 'Org', cell: ({ orgId }) => <span className="mono t2">{orgId}</span> },
    { head: 'Calls itself', cell: ({ orgName }) => (orgName ? <Mono value={orgName} /> : ''), wide: true },
    { head: 'Last contact', cell: ({ lastContactAt }) => <Time at={lastContactAt} none="none yet" /> },
    {
      head: 'Opens at',
      fill: true,
      cell: ({ guiUrl }) => (guiUrl === null ? <span className="t3">not known</span> : <Mono value={guiUrl} />),
    },
    {
      head: '',
      label: 'Actions',
      num: true,
      cell: (server) => (
        <button
          type="button"
          className="linkbutton"
          aria-label={`Set address… ${server.name} / ${server.orgId}`}
          onClick={() => change(server)}
        >
          Set address…
        </button>
      ),
    },
  ]
  return (
    <List
      label="Velociraptor servers"
      rows={rows}
      rowKey={(server) => `${server.tenantId}.${server.id}`}
      columns={columns.filter((c) => c !== false)}
    />
  )
}

function AddressDialog({ server, close }: { server: Server; close: () => void }) {
  const [address, setAddress] = useState(server.guiUrl ?? '')
  const utils = trpc.useUtils()
  const update = trpc.servers.update.useMutation({
    onSuccess: async () => {
      await Promise.all([utils.servers.invalidate(), utils.hosts.invalidate(), utils.collections.invalidate()])
      close()
    },
  })
  return (
    <Modal opened onClose={close} title={`Where ${server.name} opens`} size={520}>
      <form
        className="col g12"
        onSubmit={(event) => {
          event.preventDefault()
          update.mutate({ tenant: server.tenantId, id: server.id, guiUrl: address.trim() || null })
        }}
      >
        <TextInput
          label="Address of its GUI"
          description="As in the browser’s address line. Hosts, collections and hunts of all its orgs then link there; empty for no links."
          placeholder="https://velociraptor.example.com:8889"
          data-autofocus
          maxLength={500}
          value={address}
          onChange={(e) => setAddress(e.currentTarget.value)}
        />
        {update.error && (
          <div className="note bad" role="alert">
            {sentence(update.error)}
          </div>
        )}
        <div className="row" style={{ justifyContent: 'flex-end' }}>
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={update.isPending}>
            Save
          </Button>
        </div>
      </form>
    </Modal>
  )
}
