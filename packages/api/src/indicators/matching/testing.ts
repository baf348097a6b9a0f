import { Readable } from 'node:stream'
import { openIngest } from '../../ingestion/open.ts'
import { receive } from '../../ingestion/receive.ts'
import { testBed } from '../../testing.ts'
import { arrivals, sweepLists } from '../jobs.ts'

const never = new AbortController().signal

export const hash = '7d1c0e9a3237656e7d1c0e9a3237656e7d1c0e9a3237656e7d1c0e9a3237656e'
export const sha = { kind: 'sha256' as const, value: hash }

/** Tenants with a sender of rows each, and what a server does beside answering. */
export async function openSites() {
  const bed = await testBed()
  const state = { ingest: await openIngest(bed.database, bed.services) }
  const site = async () => {
    const tenantId = await bed.tenant()
    const caller = await bed.callerOf(tenantId, 'admin')
    const { id: serverId } = await bed.one<{ id: number }>(
      "insert into velociraptor_servers (tenant_id, name, org_id) values ($1, 'velo', 'root') returning id",
      [tenantId],
    )
    const { id: tokenId } = await bed.one<{ id: number }>(
      `insert into api_tokens (tenant_id, name, scope, token_hash, hint, created_by, server_id)
       select $1, 't', 'ingest', decode(replace($2, '-', ''), 'hex'), 'vct_', max(id), $3 from users where tenant_id = $1 returning id`,
      [tenantId, crypto.randomUUID(), serverId],
    )
    const credential = { tenantId, tokenId, serverId }
    const send = (client: string, rows: object[], start = 0, flow = 'F.1') => {
      const envelope = { kind: 'batch', version: 1, org_id: 'root', client_id: client, flow_id: flow, artifact: 'A/B' }
      const lines = [{ ...envelope, start_row: start, rows: rows.length }, ...rows].map((line) => JSON.stringify(line))
      const body = Readable.from([Buffer.from(`${lines.join('\n')}\n`)])
      return receive(state.ingest, { credential, body, limit: 1e7, origin: {} })
    }
    return { tenantId, caller, send }
  }
  return {
    bed,
    /** A tenant, somebody of it, and a sender of its rows. */
    site,
    sweepAll: () => sweepLists({ database: bed.database, services: bed.services, signal: never }),
    matchArrived: () => arrivals(bed.database, bed.services)(never),
    /** As if the server had started again. */
    reopen: async () => {
      await state.ingest.close()
      state.ingest = await openIngest(bed.database, bed.services)
    },
    close: async () => {
      await state.ingest.close()
      await bed.close()
    },
  }
}
