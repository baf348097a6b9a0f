import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { testCommand } from './sendTest.ts'
import { setups } from './setups.ts'
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

test.each(Object.entries(setups))('%s holds the token once at most, in a field, and never in a command', (_, setup) => {
  const values = (setup.fields?.(filling) ?? []).filter(([, value]) => value.includes(filling.token))
  expect(values.length).toBe(setup.fields ? 1 : 0)
  expect(setup.code?.(filling) ?? '').not.toContain(filling.token)
})

test.each([
  ['ElasticFlows', 'elasticAddresses', 'https://desk.example.com/api/ingestion/elastic'],
  ['ElasticEvents', 'ElasticAddresses', 'https://desk.example.com/api/ingestion/elastic'],
  ['SplunkFlows', 'url', 'https://desk.example.com/api/ingestion/splunk/services/collector'],
  ['LogScaleFlows', 'ingestApiBase', 'https://desk.example.com/api/ingestion/logscale'],
  ['WebDAV', 'url', 'https://desk.example.com/api/ingestion/webdav'],
])('%s gets its address in %s', (name, field, value) => {
  expect(Object.fromEntries(setups[name]!.fields!(filling))[field]).toBe(value)
})

test('LogScale gets a tag field, without which it never starts', () => {
  expect(Object.fromEntries(setups.LogScaleFlows!.fields!(filling))['tagFields']).not.toBe('')
})

test('a shell gives the test row byte for byte, and holds no token', () => {
  const body = `{"a":"it's 100 %, \\"so\\" \\\\ \\u0000"}\r\n\r\n`
  const since = '2026-11-24T10:00:00.000Z'
  const request = { method: 'POST', path: '/x', scheme: 'Splunk', headers: { A: 'b' }, body, since } as const
  const command = testCommand(request, filling.publicUrl)
  const printed = execFileSync('sh', ['-c', command.slice(0, command.indexOf(' |\ncurl'))])
  expect(printed.toString()).toBe(body)
  expect(command).toContain('"Authorization: Splunk $VC_TOKEN"')
})
