import { trpc } from '../../api.ts'
import { useMe } from '../../lib/me.ts'
import { Dot } from '../../ui/Dot.tsx'
import { Time } from '../../ui/Time.tsx'
import type { MadeToken } from './TokensPage.tsx'

/** Turns green by itself when the token was used for the first time. */
export function FirstUse({ token: { id, tenantId } }: { token: MadeToken }) {
  // A look into another tenant is audited, so it is a rarer one.
  const pause = useMe().tenantId === tenantId ? 3000 : 30_000
  const list = trpc.tokens.list.useQuery({ tenant: tenantId, limit: 200 }, { refetchInterval: pause })
  const lastUsedAt = list.data?.rows.find((row) => row.id === id)?.lastUsedAt
  return (
    <output>
      {lastUsedAt ? (
        <Dot tone="ok">
          last used <Time at={lastUsedAt} />
        </Dot>
      ) : (
        <Dot tone="hollow">waiting for the first delivery</Dot>
      )}
    </output>
  )
}
