import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { appBed } from './testing.ts'

const publicUrl = 'https://desk.example.com:8443'
let bed: Awaited<ReturnType<typeof appBed>>
beforeAll(async () => {
  bed = await appBed({ settings: { publicUrl } })
})
afterAll(() => bed.close())

interface Artifact {
  name: string
  parameters: { name: string; default?: string }[]
}

const names = ['Feed', 'Events', 'Backfill'] as const
const shipped = (name: string) =>
  readFileSync(
    new URL(`../../../integrations/velociraptor/Custom.VelociCompanion.${name}.yaml`, import.meta.url),
    'utf8',
  )
const ask = (name: string) => bed.app.inject(`/api/integrations/velociraptor/${name}`)

test.each(names)(
  '%s is served with the address and the name of the secret, and otherwise as it was shipped',
  async (name) => {
    const { statusCode, headers, body } = await ask(`${name}.yaml`)
    expect([statusCode, headers['content-type']]).toEqual([200, 'application/yaml; charset=utf-8'])
    const own = parse(shipped(name)) as Artifact
    const filled = new Map([
      ['Url', `${publicUrl}/api/ingestion/rows`],
      ['Secret', 'velocicompanion'],
    ])
    const parameters = own.parameters.map((p) => ({ ...p, ...(filled.has(p.name) && { default: filled.get(p.name) }) }))
    expect(own.parameters.map((p) => p.name)).toEqual(expect.arrayContaining([...filled.keys()]))
    // The parser refuses a key that stands twice, which a filled default would be.
    expect(parse(body)).toEqual({ ...own, parameters })
  },
)

test.each(names)('%s names a place for a token and holds none', (name) => {
  const own = parse(shipped(name)) as Artifact
  expect(own.name).toBe(`Custom.VelociCompanion.${name}`)
  expect(own.parameters.find((p) => p.name === 'Token')).toEqual(expect.objectContaining({ type: 'redacted' }))
  expect(own.parameters.find((p) => p.name === 'Token')).not.toHaveProperty('default')
})

test.each(['README.md', 'feed.yaml', 'Feed', '..%2F..%2Fpackage.json', 'Custom.VelociCompanion.Feed.yaml'])(
  'nothing else of the folder is served: %s',
  async (name) => {
    const { statusCode, body } = await ask(name)
    expect([statusCode, body]).toEqual([404, expect.stringContaining('Feed.yaml, Events.yaml and Backfill.yaml')])
  },
)
