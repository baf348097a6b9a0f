interface Place {
  guiUrl: string | null
  orgId: string | null
}

/** Where Velociraptor's own screens show a client, a flow or a hunt; undefined while its address is not known. */
function address({ guiUrl, orgId }: Place, ...path: string[]) {
  // What an admin wrote is checked by the server; an address of any other kind is still not followed.
  if (!guiUrl || !/^https?:\/\//.test(guiUrl)) return undefined
  const fragment = path.map(encodeURIComponent).join('/')
  return `${guiUrl}/app/index.html?org_id=${encodeURIComponent(orgId || 'root')}#/${fragment}`
}

const isClient = (id: string | null): id is string => id !== null && /^(C\.|server$)/.test(id)

export const hostAddress = ({ clientId, ...at }: Place & { clientId: string | null }) =>
  isClient(clientId) && clientId !== 'server' ? address(at, 'host', clientId) : undefined

export const flowAddress = ({ clientId, flowId, ...at }: Place & { clientId: string | null; flowId: string }) =>
  isClient(clientId) && /^F\.[\w.]+$/.test(flowId) ? address(at, 'collected', clientId, flowId) : undefined

export const huntAddress = ({ huntId, ...at }: Place & { huntId: string }) =>
  /^H\.[\w.]+$/.test(huntId) ? address(at, 'hunts', huntId) : undefined
