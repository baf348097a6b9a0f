import { sql } from 'kysely'
import type { IngestCredential } from '../auth/access.ts'
import { AppError } from '../errors.ts'
import { inTenant, type Origin, type TenantScope } from '../scope.ts'
import { again } from './again.ts'
import type { Envelope } from './protocol.ts'
import type { Ingest } from './store.ts'

export interface Receiving {
  credential: IngestCredential
  body: AsyncIterable<Uint8Array>
  /** Most bytes of a body. */
  limit: number
  /** What the request says beside its body, if it does (`X-Velociraptor-Org`). */
  org?: string | undefined
  origin: Origin
  /** Hears what a request is while it is taken in. */
  told?: ((said: Said) => void) | undefined
}

export interface Said {
  events?: boolean
  /** The own time of the newest flow or event in it, in milliseconds. */
  newest?: number
}

/** The same for a repeat as for the first time. */
export interface Receipt {
  kind: Envelope['kind']
  rows: number
  /** Rows set aside with their reason; they are kept. */
  rejected: number
  /** Flows that the sender should send again, as its list of flows shows that their rows are not here. */
  resend?: { client_id: string; flow_id: string }[]
}

export const otherOrg = () => new AppError('FORBIDDEN', 'The token belongs to another org than the rows')

export const orgNameOf = ({ org_name }: Envelope) => org_name.replaceAll('\0', '\u2400').toWellFormed()

/** The org comes from the credential; a payload that says another is refused, not believed. */
export async function checkOrg(
  { database }: Ingest,
  { tenantId }: IngestCredential,
  serverId: number,
  envelope: Envelope,
) {
  await inTenant(database.db, tenantId, async ({ db }) => {
    const server = await db
      .updateTable('velociraptorServers')
      .set({ lastContactAt: sql`now()`, orgName: orgNameOf(envelope) })
      .where('tenantId', '=', tenantId)
      .where('id', '=', serverId)
      .where('orgId', '=', envelope.org_id)
      .returning('id')
      .executeTakeFirst()
    if (!server) throw otherOrg()
  })
}

export const inScope = <T>(
  { database }: Ingest,
  { credential, origin }: Receiving,
  work: (scope: TenantScope) => Promise<T>,
) => again(() => inTenant(database.db, credential.tenantId, work, { origin }))

export const deliveryOf = (
  { credential, origin }: Receiving,
  serverId: number,
  envelope: Envelope,
  ids: { hostId: number; collectionId: number; sourceId?: number } | undefined,
) => ({
  tenantId: credential.tenantId,
  tokenId: credential.tokenId,
  serverId,
  kind: envelope.kind,
  ...ids,
  address: origin.address ?? null,
  requestId: origin.requestId ?? null,
})

export const rowsDiffer = (said: number, came: number) =>
  new AppError('BAD_REQUEST', `The envelope says ${said} rows, and ${came} lines came; they are kept`)
