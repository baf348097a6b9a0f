export type ShippedArtifact = 'Feed' | 'Events' | 'Backfill'

/** Where the server has an artifact with its own address and the secret's name filled in. */
export const artifactAddress = (name: ShippedArtifact) => `/api/integrations/velociraptor/${name}.yaml`

export async function artifactText(name: ShippedArtifact) {
  const response = await fetch(artifactAddress(name))
  if (!response.ok) throw new Error(`The server answered ${response.status} for the artifact ${name}`)
  return response.text()
}
