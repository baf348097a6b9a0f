import type { RowsEnvelope } from './protocol.ts'

export interface Place {
  hostId: number
  collectionId: number
  sourceId: number
}

/** Where the rows that are known of a collection's sources end, by source id: row numbers from there on are new. */
export type Ends = Map<number, number>

/** Ids that the names of a delivery stand for, so that the next one of the flow need not ask. */
export interface Places {
  of(server: Server, e: RowsEnvelope): Place | undefined
  keep(server: Server, e: RowsEnvelope, place: Place, ends: Ends): void
  /** Whether nothing of these rows can have come before, as far as this process knows: another one may know better. */
  seemNew(server: Server, e: RowsEnvelope): boolean
  /** Notes that rows are stored up to here. */
  came(server: Server, e: RowsEnvelope, end: number): void
  /** Whether the server's last contact was noted long ago; says once in ten seconds that it was. */
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

interface Flow {
  hostId: number
  collectionId: number
  ends: Ends
}

export function knownPlaces(): Places {
  const flows = new Map<string, Flow>()
  const sources = new Map<string, number>()
  const contacts = new Map<string, number>()
  const flowKey = ({ tenantId, serverId }: Server, e: RowsEnvelope) =>
    JSON.stringify([tenantId, serverId, e.client_id, e.flow_id])
  const sourceKey = ({ tenantId }: Server, e: RowsEnvelope) => JSON.stringify([tenantId, sourceNameOf(e)])
  const forget = () => {
    flows.clear()
    sources.clear()
    contacts.clear()
  }
  const endOf = (server: Server, e: RowsEnvelope) => {
    const sourceId = sources.get(sourceKey(server, e))
    return { ends: flows.get(flowKey(server, e))?.ends, sourceId }
  }
  return {
    of(server, e) {
      const flow = flows.get(flowKey(server, e))
      const sourceId = sources.get(sourceKey(server, e))
      return flow && sourceId !== undefined
        ? { hostId: flow.hostId, collectionId: flow.collectionId, sourceId }
        : undefined
    },
    keep(server, e, { hostId, collectionId, sourceId }, ends) {
      if (flows.size + sources.size >= most) forget()
      flows.set(flowKey(server, e), { hostId, collectionId, ends })
      sources.set(sourceKey(server, e), sourceId)
    },
    seemNew(server, e) {
      const { ends, sourceId } = endOf(server, e)
      return ends !== undefined && sourceId !== undefined && e.start_row >= (ends.get(sourceId) ?? 0)
    },
    came(server, e, end) {
      const { ends, sourceId } = endOf(server, e)
      if (ends && sourceId !== undefined) ends.set(sourceId, Math.max(end, ends.get(sourceId) ?? 0))
    },
    contact({ tenantId, serverId }, { org_name }) {
      const key = JSON.stringify([tenantId, serverId, org_name])
      const now = performance.now()
      if (now - (contacts.get(key) ?? -Infinity) < contactEvery) return false
      contacts.set(key, now)
      return true
    },
    forget,
  }
}
