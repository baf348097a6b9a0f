import { z } from 'zod'

export const artifactTypes = [
  'md5',
  'sha1',
  'sha256',
  'imphash',
  'ip',
  'cidr',
  'domain',
  'url',
  'email',
  'file_name',
  'file_path',
  'registry_key',
  'user',
  'sid',
  'certificate',
  'ssh_key',
  'mutex',
  'other',
] as const
export type ArtifactType = (typeof artifactTypes)[number]

const id = z.number().int().positive()
const artifactType = z.enum(artifactTypes)
/** Kept exactly as given: a defanged value stays defanged. */
const value = z.string().min(1, 'Give a value').max(20_000)
const description = z.string().max(20_000)

export const artifactRef = z.object({ id })
export const artifactCreateInput = z.object({ caseId: id, artifactType, value, description: description.default('') })
export const artifactUpdateInput = artifactRef.extend({
  version: id.optional(),
  artifactType: artifactType.optional(),
  value: value.optional(),
  description: description.optional(),
})
