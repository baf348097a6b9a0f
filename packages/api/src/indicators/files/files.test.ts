import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testBed, type TestBed } from '../../testing.ts'
import { indicatorKinds, indicatorMatches, type FileFormat } from '../input.ts'
import { kindOf } from '../recognise/rules.ts'
import { faultOf } from '../rules.ts'
import { type FileIndicator, readIndicators, writeIndicators } from './file.ts'
import { readPattern } from './stix.ts'

let bed: TestBed
beforeAll(async () => {
  bed = await testBed()
})
afterAll(() => bed.close())

const now = new Date('2026-11-24T10:00:00Z')
const time = fc
  .integer({ min: 1_000_000_000, max: 2_000_000_000 })
  .map((seconds) => new Date(seconds * 1000).toISOString())
const anyIndicator: fc.Arbitrary<FileIndicator> = fc
  .record({
    kind: fc.constantFrom(...indicatorKinds),
    match: fc.constantFrom(...indicatorMatches),
    value: fc.oneof(
      fc.string({ minLength: 1 }),
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.constant('a\'b\\c"d,e\nf'),
    ),
    note: fc.string(),
    tags: fc.uniqueArray(
      fc
        .stringMatching(/^[a-z0-9:=" -]{1,20}$/)
        .map((tag) => tag.trim())
        .filter((tag) => tag !== ''),
      { maxLength: 3 },
    ),
    validFrom: fc.option(time),
    validUntil: fc.option(time),
  })
  .map((one) => ({ ...one, value: one.value.toWellFormed(), note: one.note.toWellFormed(), origin: {} }))
  .filter((one) => faultOf(one) === undefined)

const roundTrip = (format: FileFormat, given: FileIndicator[]) => {
  const { text, left } = writeIndicators(format, given, { name: 'l', now })
  const { indicators, others } = readIndicators(format, text)
  expect(others).toEqual([])
  return { back: indicators.map((one) => ({ ...one, origin: {} })), left }
}

test('CSV brings back all of it', () => {
  fc.assert(
    fc.property(fc.array(anyIndicator, { maxLength: 5 }), (given) => {
      fc.pre(given.every(({ value, note }) => !/\r$|\r\n/.test(value) && !/\r$|\r\n/.test(note)))
      expect(roundTrip('csv', given).back).toEqual(given)
    }),
  )
})

test('MISP brings back all of it', () => {
  fc.assert(
    fc.property(fc.array(anyIndicator, { maxLength: 5 }), (given) => {
      // Its own kind of address is told by the value, and two values in one attribute by a bar between two types.
      fc.pre(given.every(({ kind, match, value }) => match !== 'exact' || kind !== 'ip' || kindOf(value) !== 'cidr'))
      expect(roundTrip('misp', given).back).toEqual(given)
    }),
  )
})

test('STIX brings back all that its patterns can say, and names the others', () => {
  fc.assert(
    fc.property(fc.array(anyIndicator, { maxLength: 5 }), (given) => {
      fc.pre(
        given.every(
          ({ kind, match, value }) =>
            kind !== 'cidr' && (kind !== 'ip' || (match === 'exact' && kindOf(value) !== 'cidr')),
        ),
      )
      const { back, left } = roundTrip('stix', given)
      const said = given.filter(({ value, match }) => !(match === 'wildcard' && /[%_]/.test(value)))
      expect(left).toHaveLength(given.length - said.length)
      expect(back.map(({ kind, match, value, note, tags }) => ({ kind, match, value, note, tags }))).toEqual(
        said.map(({ kind, match, value, note, tags }) => ({ kind, match, value, note, tags })),
      )
    }),
  )
})

test.each([
  ["[file:hashes.'SHA-256' = 'aa' OR file:hashes.MD5 = 'bb']", ['sha256 aa', 'md5 bb']],
  [
    "[ipv4-addr:value = '203.0.113.0/24'] OR [domain-name:value = 'evil.example']",
    ['cidr 203.0.113.0/24', 'domain evil.example'],
  ],
  ["[mutex:name = 'it\\'s']", ["mutex it's"]],
  ["[file:name = 'a' AND file:name = 'b']", undefined],
  ["[file:name = 'a'] FOLLOWEDBY [file:name = 'b']", undefined],
  ['[file:size > 3]', undefined],
  ["[file:name NOT = 'a']", undefined],
  ['[[[', undefined],
])('%s is read as %j', (pattern, said) => {
  expect(readPattern(pattern)?.map(({ kind, value }) => `${kind} ${value}`)).toEqual(said)
})

test('a file is imported whole, what was not understood is listed and kept, and it is exported again', async () => {
  const caller = await bed.callerOf(await bed.tenant(), 'user')
  const stix = (pattern: string) => ({
    type: 'indicator',
    spec_version: '2.1',
    id: 'indicator--1',
    pattern,
    pattern_type: 'stix',
    valid_from: '2026-01-01T00:00:00Z',
  })
  const bundle = {
    type: 'bundle',
    id: 'bundle--1',
    objects: [stix("[ipv4-addr:value = '203.0.113.77']"), stix('[file:size > 3]'), { type: 'malware', name: 'x' }],
  }
  const done = await caller.indicators.import({ name: 'l', format: 'stix', text: JSON.stringify(bundle) })
  expect(done).toMatchObject({
    added: 1,
    known: 0,
    others: [{ at: '$.objects[1].pattern', text: '[file:size > 3]' }, { at: '$.objects[2]' }],
  })
  expect((await caller.indicators.get({ id: done.id })).note).toContain('[file:size > 3]')
  const csv = await caller.indicators.import({
    id: done.id,
    format: 'csv',
    text: 'IOC;Art\nevil.example;domain\n203.0.113.77;ip\nx;nonsense\n',
    mapping: { value: 'ioc', kind: 'art' },
  })
  expect(csv).toMatchObject({ added: 1, known: 1, others: [{ at: 'line 4' }] })
  expect((await caller.indicators.export({ id: done.id, format: 'text' })).text).toBe('203.0.113.77\nevil.example\n')
})

test.each([
  ['stix', '{"type": "bundle", "obj', 'Not JSON'],
  ['misp', 'x', 'Not JSON'],
  ['csv', 'value\n"open', 'Line 2: a quote is opened and never closed'],
  ['csv', `${'a,'.repeat(10_000)}\n`, 'more than 1000 columns'],
  ['csv', 'a,b\n1,2\n', 'say which column'],
] as const)('a broken %s file says where, and nothing of it is kept', async (format, text, why) => {
  const caller = await bed.callerOf(await bed.tenant(), 'user')
  await expect(caller.indicators.import({ name: 'l', format, text })).rejects.toThrow(why)
  expect((await caller.indicators.list({})).rows).toEqual([])
})
