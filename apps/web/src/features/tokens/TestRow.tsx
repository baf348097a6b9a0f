import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useMutation } from '@tanstack/react-query'
import { client, trpc, type Outputs } from '../../api.ts'
import { useMe } from '../../lib/me.ts'
import { sentence } from '../../lib/problem.ts'
import { Code } from '../../ui/Code.tsx'
import { Dot } from '../../ui/Dot.tsx'
import { Time } from '../../ui/Time.tsx'
import { sendTest, testCommand } from './sendTest.ts'
import type { Kind } from './setups.ts'
import type { MadeToken } from './TokensPage.tsx'

type TestRequest = Outputs['ingestion']['testRow']

interface TestRowProps {
  token: MadeToken
  kind: Kind
  publicUrl: string
}

/**
 * A row as this sender sends it, by its route and with its token. The token is known only just after it was made: then this
 * page sends the row, later whoever has the token pastes a command. Both are seen to arrive.
 */
export function TestRow({ token, kind, publicUrl }: TestRowProps) {
  const known = token.token
  const make = useMutation({
    mutationFn: async () => {
      const request = await client.ingestion.testRow.mutate({ tenant: token.tenantId, id: token.id, kind })
      return { request, refused: known === undefined ? undefined : await sendTest(request, known) }
    },
  })
  const { request, refused } = make.data ?? {}
  return (
    <div className="col g12">
      <div className="row g12 wrap">
        <Button variant="default" loading={make.isPending} onClick={() => make.mutate()}>
          {known === undefined ? 'Make a test row' : 'Send a test row'}
        </Button>
        <span className="meta">It goes to the host velocicompanion-test, and is left out of answers.</span>
      </div>
      {make.error && (
        <div className="note bad" role="alert">
          {sentence(make.error)}
        </div>
      )}
      {request && known === undefined && <Code text={testCommand(request, publicUrl)} label="the test command" />}
      {refused !== undefined && (
        <div className="note bad" role="alert">
          The test row was refused. {refused}
        </div>
      )}
      {request && refused === undefined && (
        <Arrival key={String(request.since)} token={token} kind={kind} request={request} />
      )}
    </div>
  )
}

/** A look into another tenant is audited, so it is a rarer one. */
function Arrival({ token, kind, request }: { token: MadeToken; kind: Kind; request: TestRequest }) {
  const own = useMe().tenantId === token.tenantId
  const since = new Date(request.since).toISOString()
  const found = trpc.ingestion.testArrived.useQuery(
    { tenant: token.tenantId, id: token.id, kind, since },
    { refetchInterval: ({ state }) => (state.data?.arrived ? false : own ? 1500 : 15_000) },
  )
  const { arrived, refused } = found.data ?? {}
  if (arrived)
    return (
      <output>
        <Dot tone="ok">
          <span>
            test row arrived <Time at={arrived.receivedAt} />,{' '}
            <Link
              className="link"
              to="/collections/$id"
              params={{ id: String(arrived.collectionId) }}
              search={own ? {} : { tenant: token.tenantId }}
            >
              see it
            </Link>
          </span>
        </Dot>
      </output>
    )
  if (refused)
    return (
      <output>
        <Dot tone="bad">
          refused ({refused.refusedStatus}): {refused.refusedReason}
        </Dot>
      </output>
    )
  return (
    <output>
      <Dot tone="hollow">waiting for the test row</Dot>
    </output>
  )
}
