import fc from 'fast-check'
import { expect, test } from 'vitest'
import { folded } from '../evidence/terms.ts'
import { parseQuery } from '../rows/language/parse.ts'
import { fillParameters, parametersOf } from './input.ts'
import { checkSaved } from './rules.ts'

const now = new Date('2026-11-24T12:00:00Z')

const templates = [
  '{{a}}',
  'host:{{a}}',
  'NOT host:{{a}} {{b}}',
  '-{{a}} (Name:{{b}} OR Name:x*)',
  'Name:({{a}} OR {{b}} OR "c d")',
  '"Computer Info".Name:{{a}} | sortby -Size | table host',
  'host:{{a}} Path:{{a}} | groupby Name',
  'Size:>10 (Name:{{a}} AND NOT (Hash:{{b}} OR /re{2}x/)) | rare Name host',
]

const signs = [
  '"',
  '\\',
  '\\"',
  '"\\',
  ' ',
  '\n',
  ')',
  '(',
  '|',
  ':',
  '*',
  '?',
  '/',
  '{{b}}',
  '{{a}}',
  'OR',
  'NOT',
  ' | count',
  '[1 TO 2]',
  '>',
  '-',
  '10.0.0.0/8',
  'null',
  'x',
  '$&',
  '$1',
  '\u0000',
  '\u202e',
  'İ',
]

/** Texts with every sign that means something to the language, and any other. */
const value = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.constantFrom(...signs), { maxLength: 12 }).map((parts) => parts.join('')),
)

const withoutPlaces = (parsed: unknown) =>
  JSON.parse(
    JSON.stringify(parsed, (key, each: unknown) => (key === 'at' || key === 'end' ? undefined : each)),
  ) as unknown

/** What a parsed query says once one value stands for another. */
const replaced = (parsed: unknown, values: Map<string, string>) =>
  JSON.parse(
    JSON.stringify(withoutPlaces(parsed), (_key, each: unknown) =>
      typeof each === 'string' && values.has(each) ? values.get(each) : each,
    ),
  ) as unknown

test('no value of a parameter changes what a query asks, but for the value', () => {
  fc.assert(
    fc.property(fc.constantFrom(...templates), value, value, (template, a, b) => {
      checkSaved(template, now)
      const stand = { a: 'first-7f3e', b: 'second-7f3e' }
      const plain = parseQuery(fillParameters(template, stand), now)
      const wanted = new Map([
        [stand.a, folded(a)],
        [stand.b, folded(b)],
      ])
      const used = parametersOf(template).map((name) => ({ a, b })[name]!)
      const read = () => parseQuery(fillParameters(template, { a, b }), now)
      // Nothing may be looked for everywhere, and no value is over 10,000 characters: said, not answered with something else.
      if (used.includes('')) {
        try {
          expect(withoutPlaces(read())).toEqual(replaced(plain, wanted))
        } catch (error) {
          expect(error).toMatchObject({ message: expect.stringMatching(/^An empty value finds nothing/) })
        }
      } else expect(withoutPlaces(read())).toEqual(replaced(plain, wanted))
    }),
    { numRuns: 1000 },
  )
})

test('names its parameters, each once, and fills only those', () => {
  const query = 'host:{{host}} Name:{{ name }} {{file_1}} NOT source:{{host}} {{}} {{1}}'
  expect(parametersOf(query)).toEqual(['host', 'file_1'])
  expect(fillParameters(query, { host: 'a "b"', toString: 'x' })).toBe(
    'host:"a \\"b\\"" Name:{{ name }} {{file_1}} NOT source:"a \\"b\\"" {{}} {{1}}',
  )
})

test.each([
  'Name:*{{a}}*',
  'Name:"{{a}}"',
  '{{a}}:x',
  'Size:>{{a}}',
  'Size:[{{a}} TO 5]',
  'Name:/{{a}}/',
  'x | groupby {{a}}',
  'time:{{a}}',
  'x{{a}}',
  'Name:(y OR "see {{a}}")',
])('refuses %s: a parameter stands for a whole value', (query) => {
  expect(() => checkSaved(query, now)).toThrow(
    expect.objectContaining({ code: 'BAD_REQUEST', reason: 'unsupported_query' }),
  )
})

test('takes a parameter for the number of a collection', () => {
  checkSaved('collection:{{id}} host:{{host}}', now)
})
