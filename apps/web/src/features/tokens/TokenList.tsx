import { client, trpc } from '../../api.ts'
import { useTenantNames } from '../../lib/tenant-names.ts'
import { confirm } from '../../ui/Confirm.tsx'
import { Dot } from '../../ui/Dot.tsx'
import { List, type Column } from '../../ui/List.tsx'
import { Time } from '../../ui/Time.tsx'
import { toast } from '../../ui/toast.tsx'
import type { Token } from './TokensPage.tsx'

interface TokenListProps {
  rows: Token[]
  withTenant: boolean
  open: (id: number) => void
}

const hasEnded = (token: Token) => token.expiresAt !== null && new Date(token.expiresAt).getTime() <= Date.now()

export function TokenList({ rows, withTenant, open }: TokenListProps) {
  const { nameOf } = useTenantNames()
  const revoke = useRevoke()
  const columns: (Column<Token> | false)[] = [
    { head: 'Name', cell: (token) => <b className="b">{token.name}</b> },
    { head: 'State', cell: (token) => <State token={token} /> },
    withTenant && { head: 'Tenant', cell: ({ tenantId }) => nameOf(tenantId) },
    { head: 'Kind', cell: ({ scope }) => (scope === 'ingest' ? 'sends rows' : 'acts as its maker') },
    {
      head: 'Bound to server / org',
      cell: ({ server, orgId }) =>
        server ? (
          <span className="mono t2">
            {server} / {orgId}
          </span>
        ) : (
          <span className="t3">no server</span>
        ),
    },
    { head: 'Begins with', cell: ({ hint }) => <span className="mono t2">{hint}…</span>, wide: true },
    { head: 'Until', cell: ({ expiresAt }) => <Time at={expiresAt} form="plain" /> },
    { head: 'Last used', cell: ({ lastUsedAt }) => <Time at={lastUsedAt} none="never used" /> },
    { head: 'Made by', cell: ({ createdBy }) => createdBy, wide: true },
    {
      head: '',
      label: 'Actions',
      num: true,
      cell: (token) =>
        token.revokedAt === null && (
          <span className="row g12" style={{ justifyContent: 'flex-end' }}>
            <button
              type="button"
              className="linkbutton"
              aria-label={`Snippets of ${token.name}`}
              onClick={() => open(token.id)}
            >
              Snippets
            </button>
            <button
              type="button"
              className="linkbutton"
              aria-label={`Revoke… ${token.name}`}
              onClick={() => revoke(token)}
            >
              Revoke…
            </button>
          </span>
        ),
    },
  ]
  return <List label="Tokens" rows={rows} rowKey={(token) => token.id} columns={columns.filter((c) => c !== false)} />
}

function State({ token }: { token: Token }) {
  if (token.revokedAt !== null)
    return (
      <Dot tone="hollow">
        revoked <Time at={token.revokedAt} />
      </Dot>
    )
  if (hasEnded(token)) return <Dot tone="hollow">ended</Dot>
  return token.lastUsedAt === null ? <Dot tone="hollow">waiting</Dot> : <Dot tone="ok">in use</Dot>
}

function useRevoke() {
  const utils = trpc.useUtils()
  return (token: Token) =>
    confirm({
      title: `Revoke ${token.name}?`,
      body: 'Whatever sends with it is refused from now on. This cannot be undone; rows that arrived stay.',
      verb: 'Revoke',
      danger: true,
      run: async () => {
        await client.tokens.revoke.mutate({ tenant: token.tenantId, id: token.id })
        await utils.tokens.list.invalidate()
        toast({ text: `${token.name} is revoked.` })
      },
    })
}
