import { sql } from 'kysely'
import { notFound } from '../../errors.ts'
import type { ReadScope } from '../../scope.ts'
import { inScope } from '../queries.ts'
import { parseRowId } from '../rules.ts'

/** Where a row came from: the server and the collection, the delivery that brought it, and the run that it was stored in. */
export interface Provenance {
  tenantId: number
  hostId: number
  host: string
  clientId: string | null
  server: string | null
  orgId: string | null
  collectionId: number
  collectionKind: string
  flowId: string
  huntId: string | null
  huntDescription: string | null
  source: string
  row: number
  deliveryId: number
  /** Which sender brought it. */
  kind: string
  token: string | null
  receivedAt: Date
  /** Hex; of the whole delivery. */
  deliverySha256: string
  /** Hex; of the run's lines, by which a repeat is known. */
  runSha256: string
  runFirstRow: number
  runRows: number
  /** Exact: beyond what JavaScript counts to. */
  blockId: string
}

export async function provenanceOf(scope: ReadScope, id: string): Promise<Provenance> {
  const name = parseRowId(id)
  if (!name) throw notFound('row')
  const { rows } = await sql<Provenance>`
    select r.tenant_id, r.host_id, h.hostname as host, h.client_id, v.name as server, v.org_id,
      r.collection_id, c.kind as collection_kind, c.flow_id, c.hunt_id, c.hunt_description, s.name as source,
      ${name.row}::bigint as row, d.id as delivery_id, d.kind, t.name as token, d.received_at,
      encode(d.sha256, 'hex') as delivery_sha256, encode(r.sha256, 'hex') as run_sha256,
      r.first_row as run_first_row, r.n as run_rows, r.block_id::text as block_id
    from runs r
    join hosts h on h.tenant_id = r.tenant_id and h.id = r.host_id
    join collections c on c.tenant_id = r.tenant_id and c.id = r.collection_id
    join sources s on s.tenant_id = r.tenant_id and s.id = r.source_id
    join deliveries d on d.tenant_id = r.tenant_id and d.id = r.delivery_id
    left join api_tokens t on t.tenant_id = d.tenant_id and t.id = d.token_id
    left join velociraptor_servers v on v.tenant_id = d.tenant_id and v.id = coalesce(d.server_id, t.server_id)
    where ${inScope(scope, 'r.tenant_id')} and r.collection_id = ${name.collectionId} and r.source_id = ${name.sourceId}
      and r.first_row <= ${name.row} and r.first_row + r.n > ${name.row}
  `.execute(scope.db)
  if (!rows[0]) throw notFound('row')
  return rows[0]
}
