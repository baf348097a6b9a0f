import { Link } from '@tanstack/react-router'
import { trpc } from '../../api.ts'
import { count } from '../../lib/format.ts'
import { useAllTenants, useTenant } from '../../lib/tenant.ts'
import { Copy } from '../../ui/Copy.tsx'
import { Facts } from '../../ui/Facts.tsx'
import { Loaded } from '../../ui/Loaded.tsx'
import { Time } from '../../ui/Time.tsx'
import { Mono } from '../../ui/Value.tsx'
import type { Row } from './RowDrawer.tsx'

export const useProvenance = (id: string) =>
  trpc.rows.provenance.useQuery({ id, ...useTenant() }, { staleTime: Infinity })

const Copied = ({ text }: { text: string }) => (
  <span className="row g4">
    <Mono value={text} />
    <Copy text={text} />
  </span>
)

const orNone = (text: string | null) => (text === null ? <span className="t3">not told</span> : <Mono value={text} />)

/** The way of a row from its host to here. */
export function Origin({ row }: { row: Row }) {
  const search = { tenant: useAllTenants() ? row.tenantId : undefined }
  return (
    <Loaded query={useProvenance(row.id)}>
      {(from) => (
        <Facts
          facts={[
            ['Server', orNone(from.server)],
            ['Org', orNone(from.orgId)],
            [
              'Host',
              <Link className="link" key="h" to="/hosts/$id" params={{ id: String(from.hostId) }} search={search}>
                <Mono value={from.host} />
              </Link>,
            ],
            ['Client', orNone(from.clientId)],
            ['Hunt', from.huntId === null ? <span className="t3">none</span> : <Mono value={from.huntId} />],
            ['Hunt about', from.huntDescription ? <Mono value={from.huntDescription} /> : undefined],
            ['Flow', <Mono key="f" value={from.flowId} />],
            [
              'Collection',
              <Link
                className="link"
                key="c"
                to="/collections/$id"
                params={{ id: String(from.collectionId) }}
                search={search}
              >
                {`${from.collectionId}, ${from.collectionKind}`}
              </Link>,
            ],
            ['Velociraptor artifact', <Mono key="s" value={from.source} />],
            ['Row number', String(from.row)],
            ['Name', <Copied key="n" text={row.id} />],
            ['Received', <Time key="r" at={from.receivedAt} form="exact" />],
            ['Delivery', `${from.deliveryId}, ${from.kind}`],
            ['Token', orNone(from.token)],
            ['Delivery sha256', <Copied key="d" text={from.deliverySha256} />],
            [
              'Stored with',
              `rows ${from.runFirstRow} to ${from.runFirstRow + from.runRows - 1} (${count(from.runRows)})`,
            ],
            ['Batch sha256', <Copied key="b" text={from.runSha256} />],
            ['Block', <Mono key="k" value={from.blockId} />],
          ]}
        />
      )}
    </Loaded>
  )
}
