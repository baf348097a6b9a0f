import type { RowsEnvelope } from './protocol.ts'

export interface Place {
  hostId: number
  collectionId: number
  sourceId: number
  /** Of the collection; later deliveries see what earlier ones note here. */
  ends: Ends
}

/** Where the rows that are known of a collection's sources end, by source id: row numbers from there on are new. */
export type Ends = Map<number, number>

/** Whether nothing of rows from here on can have come before, as far as this process knows: another one may know better. */
export const seemNew = ({ ends, sourceId }: Place, row: number) => row >= (ends.get(sourceId) ?? 0)

/** Notes that rows are stored up to here. */
export const came = ({ ends, sourceId }: Place, end: number) =>
  void ends.set(sourceId, Math.max(end, ends.get(sourceId) ?? 0))

/** Ids that the names of a delivery stand for, so that the next one of the flow need not ask. */
export interface Places {
  of(server: Server, e: RowsEnvelope): Place | undefined
  keep(server: Server, e: RowsEnvelope, place: Place): void
  /** Whether the server's last contact, or its name, must be noted: it was long ago, or the name is another. */
  contact(server: Server, e: RowsEnvelope): boolean
  /** After a foreign key said that one of them is gone. */
  forget(): void
}

export interface Server {
  tenantId: number
  serverId: number
}

const most = 20_000
const contactEvery = 10_000

export const sourceNameOf = (e: RowsEnvelope) =>
  e.kind === 'batch' || e.kind === 'events'
    ? ({ name: e.artifact, kind: 'rows' } as const)
    : ({ name: e.kind, kind: e.kind } as const)

export function knownPlaces(): Places {
  const flows = new Map<string, Omit<Place, 'sourceId'>>()
  const sources = new Map<string, number>()
  // One for each server: what a sender may write into it is no key.
  const contacts = new Map<string, { orgName: string; at: number }>()
  const flowKey = ({ tenantId, serverId }: Server, e: RowsEnvelope) =>
    JSON.stringify([tenantId, serverId, e.client_id, e.flow_id])
  const sourceKey = ({ tenantId }: Server, e: RowsEnvelope) => JSON.stringify([tenantId, sourceNameOf(e)])
  const forget = () => {
    flows.clear()
    sources.clear()
  }
  return {
    of(server, e) {
      const flow = flows.get(flowKey(server, e))
      const sourceId = sources.get(sourceKey(server, e))
      return flow && sourceId !== undefined ? { ...flow, sourceId } : undefined
    },
    keep(server, e, { sourceId, ...flow }) {
      if (flows.size + sources.size >= most) forget()
      flows.set(flowKey(server, e), flow)
      sources.set(sourceKey(server, e), sourceId)
    },
    contact({ tenantId, serverId }, { org_name: orgName }) {
      const key = `${tenantId}/${serverId}`
      const last = contacts.get(key)
      const at = performance.now()
      if (last?.orgName === orgName && at - last.at < contactEvery) return false
      contacts.set(key, { orgName, at })
      return true
    },
    forget,
  }
}
