import { expect, test } from 'vitest'
import { apiSnippet, curlSnippet, secretFields } from './snippets.ts'

const filling = { publicUrl: 'https://desk.example.com', token: 'vct_secret' }

test('keeps the token out of commands', () => {
  expect(apiSnippet(filling)).not.toContain(filling.token)
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
  expect(pattern.test('https://desk.example.com/api/ingestion/rows/more')).toBe(false)
})
