/** The artifacts as they are shipped, loaded only when somebody opens them. */
const shipped = import.meta.glob<string>('../../../../../integrations/velociraptor/Custom.VelociCompanion.*.yaml', {
  query: '?raw',
  import: 'default',
})

export async function artifactText(name: 'Feed' | 'Backfill') {
  const path = Object.keys(shipped).find((key) => key.endsWith(`.${name}.yaml`))
  if (!path) throw new Error(`The artifact ${name} is not part of this build`)
  return shipped[path]!()
}
