import type { RowsEnvelope } from './protocol.ts'

export interface Place {
  hostId: number
  collectionId: number
  sourceId: number
}

/** Ids that the names of a delivery stand for, so that the next one of the flow need not ask. */
export interface Places {
  of(server: Server, e: RowsEnvelope): Place | undefined
  keep(server: Server, e: RowsEnvelope, place: Place): void
  /** After a foreign key said that one of them is gone. */
  forget(): void
}

export interface Server {
  tenantId: number
  serverId: number
}

const most = 20_000

export const sourceNameOf = (e: RowsEnvelope) =>
  e.kind === 'batch' || e.kind === 'events'
    ? ({ name: e.artifact, kind: 'rows' } as const)
    : ({ name: e.kind, kind: e.kind } as const)

export function knownPlaces(): Places {
  const flows = new Map<string, { hostId: number; collectionId: number }>()
  const sources = new Map<string, number>()
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
    keep(server, e, { hostId, collectionId, sourceId }) {
      if (flows.size + sources.size >= most) forget()
      flows.set(flowKey(server, e), { hostId, collectionId })
      sources.set(sourceKey(server, e), sourceId)
    },
    forget,
  }
}
