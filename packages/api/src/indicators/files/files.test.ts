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
  return { back: indicators.map(({ at: _at, ...one }) => ({ ...one, origin: {} })), left }
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

const time3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/
const uuid4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
type Json = Record<string, unknown>

/** What STIX 2.1 asks of an indicator object (sections 3.2, 4.7 and 2.5 for references to others). */
function stixFaults(object: Json): string[] {
  const known =
    'type spec_version id created modified name description labels indicator_types pattern pattern_type valid_from valid_until external_references'
  const [type, id = ''] = String(object['id']).split('--')
  const references = object['external_references'] as Json[]
  return [
    ...Object.keys(object).filter((key) => !known.split(' ').includes(key)),
    ...['created', 'modified', 'valid_from', 'valid_until'].filter(
      (key) => object[key] !== undefined && !time3339.test(object[key] as string),
    ),
    ...(object['type'] === 'indicator' && object['spec_version'] === '2.1' ? [] : ['type']),
    ...(type === 'indicator' && uuid4.test(id) ? [] : ['id']),
    ...(object['valid_until'] === undefined || object['valid_until']! > object['valid_from']! ? [] : ['valid_until']),
    ...(object['pattern'] !== '' && object['pattern_type'] === 'stix' ? [] : ['pattern']),
    // A list has an element at least, and a reference says more than its source.
    ...['labels', 'indicator_types', 'external_references'].filter(
      (key) => (object[key] as [] | undefined)?.length === 0,
    ),
    ...references.filter((one) => !one['description'] && !one['url'] && !one['external_id']).map(() => 'reference'),
  ]
}

test('what is written as STIX is as STIX 2.1 asks, whatever stands on the list', () => {
  fc.assert(
    fc.property(fc.array(anyIndicator, { minLength: 1, maxLength: 5 }), fc.string(), (given, name) => {
      const bundle = JSON.parse(writeIndicators('stix', given, { name, now }).text) as Json & { objects: Json[] }
      expect(Object.keys(bundle)).toEqual(['type', 'id', 'objects'])
      expect(bundle['id']).toMatch(/^bundle--/)
      expect(bundle.objects.flatMap(stixFaults)).toEqual([])
      expect(new Set(bundle.objects.map(({ id }) => id)).size).toBe(bundle.objects.length)
    }),
  )
})

/** The types of MISP that are used here, each with a category in which MISP allows it. */
const categories: Record<string, string> = {
  md5: 'Payload delivery',
  sha1: 'Payload delivery',
  sha256: 'Payload delivery',
  imphash: 'Payload delivery',
  filename: 'Payload delivery',
  'ip-dst': 'Network activity',
  domain: 'Network activity',
  url: 'Network activity',
  email: 'Network activity',
  regkey: 'Artifacts dropped',
  mutex: 'Artifacts dropped',
  'target-user': 'Targeting data',
  'x509-fingerprint-sha256': 'Network activity',
  'ssh-fingerprint': 'Network activity',
  other: 'Other',
}

test('what is written for MISP is as its core format asks: types in their categories, texts, ids and times', () => {
  fc.assert(
    fc.property(fc.array(anyIndicator, { minLength: 1, maxLength: 5 }), (given) => {
      const { Event: event } = JSON.parse(writeIndicators('misp', given, { name: 'l', now }).text) as { Event: Json }
      const { Attribute: attributes, ...head } = event as { Attribute: Json[] } & Json
      expect(head).toEqual({
        uuid: expect.stringMatching(uuid4),
        info: 'l',
        date: '2026-11-24',
        threat_level_id: '2',
        analysis: '2',
        distribution: '0',
        timestamp: expect.stringMatching(/^\d+$/),
      })
      const known = 'uuid type category value to_ids comment timestamp first_seen last_seen Tag'.split(' ')
      for (const one of attributes) {
        expect(Object.keys(one).filter((key) => !known.includes(key))).toEqual([])
        expect(one['category']).toBe(categories[one['type'] as string])
        expect(one['uuid']).toMatch(uuid4)
        expect([typeof one['value'], typeof one['comment'], one['to_ids']]).toEqual(['string', 'string', true])
        for (const key of ['first_seen', 'last_seen']) if (one[key]) expect(one[key]).toMatch(time3339)
      }
    }),
  )
})

test('plain text brings back every exact value that its form tells', () => {
  const values = ['203.0.113.7', 'evil.example', 'https://evil.example/a?b=c', 'C:\\Users\\x\\d.bin', 'a'.repeat(64)]
  const plain = { match: 'exact' as const, note: '', tags: [], validFrom: null, validUntil: null, origin: {} }
  const given = values.map((value) => ({ ...plain, kind: kindOf(value)!, value }))
  expect(roundTrip('text', given)).toEqual({ back: given, left: [] })
})

test('a value that stands twice, in one file or under two ids, is one indicator', async () => {
  const caller = await bed.callerOf(await bed.tenant(), 'user')
  const object = {
    type: 'indicator',
    id: 'indicator--1',
    pattern_type: 'stix',
    pattern: "[domain-name:value = 'evil.example']",
  }
  const text = JSON.stringify({
    type: 'bundle',
    id: 'bundle--1',
    objects: [object, object, { ...object, id: 'indicator--2' }],
  })
  expect(await caller.indicators.import({ name: 'l', format: 'stix', text })).toMatchObject({ added: 1, known: 2 })
})

test('objects that refer to each other in a circle are listed, and what is beside them is read', async () => {
  const caller = await bed.callerOf(await bed.tenant(), 'user')
  const objects = [
    { type: 'relationship', id: 'relationship--1', source_ref: 'relationship--2', target_ref: 'relationship--2' },
    { type: 'relationship', id: 'relationship--2', source_ref: 'relationship--1', target_ref: 'relationship--1' },
    { type: 'indicator', id: 'indicator--1', pattern_type: 'stix', pattern: "[domain-name:value = 'evil.example']" },
    null,
    7,
  ]
  const text = JSON.stringify({ type: 'bundle', id: 'bundle--1', objects })
  expect(await caller.indicators.import({ name: 'l', format: 'stix', text })).toMatchObject({
    added: 1,
    others: [0, 1, 3, 4].map((n) => ({ at: `$.objects[${n}]` })),
  })
})

test('what can not be looked for is named with its place: control characters, expressions that explode, what is cut', async () => {
  const caller = await bed.callerOf(await bed.tenant(), 'user')
  const csv = 'value,kind,match\na\u0000b,other,exact\n(a{900}){900},other,regex\n(a+)+$,other,regex\nevil.exa'
  const done = await caller.indicators.import({ name: 'l', format: 'csv', text: csv })
  expect(done.added).toBe(1)
  expect(done.others.map(({ at }) => at)).toEqual([
    'line 5',
    expect.stringMatching(/^line 2, .*U\+0000/),
    expect.stringMatching(/^line 3, .*repeat 1000 times/),
  ])
  const misp = {
    Event: {
      Attribute: [
        { type: 'ip-dst', value: '' },
        { type: 'nonsense', value: 'x' },
        { type: 'ip-dst', value: '203.0.113.7' },
      ],
    },
  }
  expect(await caller.indicators.import({ name: 'm', format: 'misp', text: JSON.stringify(misp) })).toMatchObject({
    added: 1,
    others: [{ at: '$.Event.Attribute[0]' }, { at: '$.Event.Attribute[1]' }],
  })
})

test('a JSON file that is cut anywhere is refused with the line, and nothing of it is kept', async () => {
  const caller = await bed.callerOf(await bed.tenant(), 'user')
  const plain = { match: 'exact' as const, note: '', tags: [], validFrom: null, validUntil: null, origin: {} }
  const given = ['203.0.113.7', '203.0.113.8'].map((value) => ({ ...plain, kind: 'ip' as const, value }))
  for (const format of ['stix', 'misp'] as const) {
    const { text } = writeIndicators(format, given, { name: 'l', now })
    for (const share of [0.1, 0.5, 0.9, 0.99]) {
      const cut = text.trimEnd().slice(0, Math.floor(text.trimEnd().length * share))
      const refused = caller.indicators.import({ name: 'l', format, text: cut })
      await expect(refused).rejects.toThrow(/^Not JSON: .*line \d+/s)
    }
  }
  expect((await caller.indicators.list({})).rows).toEqual([])
})

test('a file that is too large is refused before anything is read of it', async () => {
  const caller = await bed.callerOf(await bed.tenant(), 'user')
  const refused = caller.indicators.import({ name: 'l', format: 'csv', text: `value\n${'a'.repeat(20_000_000)}` })
  await expect(refused).rejects.toMatchObject({ code: 'BAD_REQUEST' })
})
