import { Button } from '@mantine/core'
import { IconAlertTriangle, IconPlus } from '@tabler/icons-react'
import { useSearch } from '@tanstack/react-router'
import { useState, type ReactNode } from 'react'
import { trpc, type Outputs } from '../../api.ts'
import { useMay } from '../../lib/me.ts'
import { useAllTenants, useLookAgain, useTenant } from '../../lib/tenant.ts'
import { useSetSearch } from '../../lib/url.ts'
import { AdminPage } from '../../shell/AdminPage.tsx'
import { Paged } from '../../ui/Paged.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { Note } from '../../ui/Tag.tsx'
import { Servers } from '../servers/Servers.tsx'
import { Snippets } from './Snippets.tsx'
import { TokenDialog } from './TokenDialog.tsx'
import { TokenList } from './TokenList.tsx'

export type Token = Outputs['tokens']['list']['rows'][number]

/** A token that was just made: its secret is here and nowhere else. */
export interface MadeToken {
  id: number
  name: string
  scope: 'ingest' | 'api'
  /** Undefined when its snippets are opened later: the token itself is not kept. */
  token: string | undefined
  tenantId: number
}

export function TokensPage() {
  const [making, setMaking] = useState(false)
  const [made, setMade] = useState<MadeToken>()
  const { token: opened, sender } = useSearch({ from: '/app/admin/tokens' })
  const setSearch = useSetSearch<{ token?: number; sender?: string }>()
  const allowed = useMay('token:manage')
  return (
    <AdminPage
      name="Tokens"
      sub="What a Velociraptor server or a script needs to send. A sending token can only add rows; it can read nothing."
      permission="token:manage"
      actions={
        <Button leftSection={<IconPlus size={15} />} onClick={() => setMaking(true)}>
          New token…
        </Button>
      }
    >
      <AddressWarning />
      {allowed && (
        <Tokens
          make={() => setMaking(true)}
          open={(id) => setSearch({ token: id })}
          snippets={(rows) => {
            const token = made && made.id === opened ? made : rows?.find((row) => row.id === opened)
            return (
              token && (
                <Snippets
                  key={token.id}
                  token={{ token: undefined, ...token }}
                  sender={sender}
                  choose={(name) => setSearch({ sender: name }, true)}
                  close={() => {
                    setMade(undefined)
                    setSearch({ token: undefined, sender: undefined })
                  }}
                />
              )
            )
          }}
        />
      )}
      {allowed && <Servers />}
      {making && (
        <TokenDialog
          close={() => setMaking(false)}
          made={(token) => {
            setMaking(false)
            setMade(token)
            setSearch({ token: token.id, sender: undefined })
          }}
        />
      )}
    </AdminPage>
  )
}

function AddressWarning() {
  const { data } = trpc.health.status.useQuery()
  if (!data?.publicUrlIsLoopback) return null
  return (
    <Note tone="warn">
      <IconAlertTriangle size={18} aria-hidden style={{ color: 'var(--vc-medium)', flex: 'none' }} />
      <span>
        <b className="b">The snippets point at this machine.</b> <span className="mono">{data.publicUrl}</span> cannot
        be reached from another host. Set <span className="mono">PUBLIC_URL</span> to the address that your senders use,
        and start the server again.
      </span>
    </Note>
  )
}

interface TokensProps {
  open: (id: number) => void
  make: () => void
  /** Stands above the list. */
  snippets: (rows: Token[] | undefined) => ReactNode
}

function Tokens({ open, make, snippets }: TokensProps) {
  const all = useAllTenants()
  const tokens = trpc.tokens.list.useInfiniteQuery(
    { ...useTenant(), limit: 50 },
    { getNextPageParam: (page) => page.nextCursor, refetchInterval: useLookAgain(30_000) },
  )
  const rows = tokens.data?.pages.flatMap((page) => page.rows)
  return (
    <>
      {snippets(rows)}
      <Panel title="Tokens" count={rows?.length}>
        <Paged
          query={tokens}
          empty={
            <EmptyState title="No tokens yet" action={<Button onClick={make}>New token…</Button>}>
              Nothing can send rows here before there is one. Make one for each Velociraptor server and org.
            </EmptyState>
          }
        >
          {(rows) => <TokenList rows={rows} withTenant={all} open={open} />}
        </Paged>
      </Panel>
    </>
  )
}
