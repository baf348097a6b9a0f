import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { curlSnippet, filledArtifact, secretFields } from './snippets.ts'

const shipped = (name: string) =>
  readFileSync(
    new URL(`../../../../../integrations/velociraptor/Custom.VelociCompanion.${name}.yaml`, import.meta.url),
    'utf8',
  )

const filling = { publicUrl: 'https://desk.example.com', secretName: 'velocicompanion', token: 'vct_secret' }

test.each(['Feed', 'Backfill'])('fills in address and secret of %s and changes nothing else', (name) => {
  const filled = filledArtifact(shipped(name), filling)
  const url = '    default: "https://desk.example.com/api/ingestion/rows"\n'
  const secret = '    default: "velocicompanion"\n'
  expect(filled).toContain(`  - name: Url\n${url}`)
  expect(filled).toContain(`  - name: Secret\n${secret}`)
  expect(filled.replace(url, '').replace(secret, '')).toBe(shipped(name))
})

test('keeps the token out of artifacts and commands', () => {
  expect(filledArtifact(shipped('Feed'), filling)).not.toContain(filling.token)
  expect(curlSnippet(filling)).not.toContain(filling.token)
})

test('gives the token once, in the fields of the secret', () => {
  const values = secretFields(filling).filter(([, value]) => value.includes(filling.token))
  expect(values).toEqual([['extra_headers', 'Authorization: Bearer vct_secret']])
})

test('makes a pattern that takes the own address and no other', () => {
  const pattern = new RegExp(Object.fromEntries(secretFields(filling))['url_regex']!)
  expect(pattern.test('https://desk.example.com/api/ingestion/rows')).toBe(true)
  expect(pattern.test('https://deskXexample.com/api/ingestion/rows')).toBe(false)
})
