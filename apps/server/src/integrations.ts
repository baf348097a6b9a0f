import { readFile } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'
import type { Deps } from './app.ts'

const folder = new URL('../../../integrations/velociraptor/', import.meta.url)
const secretName = 'velocicompanion'

/** The artifacts for Velociraptor, with this server's address and the secret's name filled in; never a token. */
export async function integrations(app: FastifyInstance, { settings }: Deps) {
  app.get<{ Params: { name: string } }>('/api/integrations/velociraptor/:name', async (request, reply) => {
    const name = /^(Feed|Events|Backfill)\.yaml$/.exec(request.params.name)?.[1]
    if (!name) return reply.status(404).send({ detail: 'Feed.yaml, Events.yaml and Backfill.yaml are here' })
    const artifact = await readFile(new URL(`Custom.VelociCompanion.${name}.yaml`, folder), 'utf8')
    const url = `${settings.publicUrl}/api/ingestion/rows`
    return reply
      .type('application/yaml; charset=utf-8')
      .send(withDefault(withDefault(artifact, 'Url', url), 'Secret', secretName))
  })
}

/** Gives a parameter without a default one, as JSON, which YAML reads as a string. */
const withDefault = (artifact: string, parameter: string, value: string) =>
  artifact.replace(`  - name: ${parameter}\n`, `  - name: ${parameter}\n    default: ${JSON.stringify(value)}\n`)
