import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AppError } from '../errors.ts'
import { quoteValue } from './input.ts'
import { microsOfIso, parseQuery, parseRowId, readCursor, rowId, writeCursor } from './rules.ts'

const nothing = { values: [], hosts: [], sources: [], collections: [] }

test.each([
  ['', nothing],
  ['  ', nothing],
  ['svchost.exe', { ...nothing, values: ['svchost.exe'] }],
  ['4625 host:WS-1 AND "a b"', { ...nothing, values: ['4625', 'a b'], hosts: ['WS-1'] }],
  [
    'HOST:"my host" source:Windows.EventLogs.Evtx collection:12',
    { values: [], hosts: ['my host'], sources: ['Windows.EventLogs.Evtx'], collections: [12] },
  ],
  ['"C:\\Windows\\cmd.exe" "\\\\dc01\\share"', { ...nothing, values: ['C:\\Windows\\cmd.exe', '\\\\dc01\\share'] }],
  ['"say \\"hi\\"" "C:\\dir\\\\"', { ...nothing, values: ['say "hi"', 'C:\\dir\\'] }],
  [
    'C:\\x\\y.exe https://evil.example/a 2001:db8::1 10.0.0.1:443 fe80::1',
    { ...nothing, values: ['C:\\x\\y.exe', 'https://evil.example/a', '2001:db8::1', '10.0.0.1:443', 'fe80::1'] },
  ],
  ['-5 "OR" "a*" /usr/bin/x', { ...nothing, values: ['-5', 'OR', 'a*', '/usr/bin/x'] }],
])('reads %s', (query, parsed) => {
  expect(parseQuery(query)).toEqual(parsed)
})

test.each([
  ['a OR b', 3, /OR is not supported/],
  ['NOT a', 1, /NOT/],
  ['power*', 6, /"\*"/],
  ['x ev?l', 5, /"\?"/],
  ['(a', 1, /"\("/],
  ['a | groupby b', 3, /"\|"/],
  ['-foo', 1, /"-"/],
  ['!foo', 1, /"!"/],
  ['>5', 1, /">"/],
  ['/ev.l/', 1, /Regular expressions/],
  ['a EventID:4625', 10, /Fields other than host/],
  ['name:"x"', 5, /Fields other than host|inside a word/],
  ['a "b', 3, /not closed/],
  ['"a\\"', 1, /not closed/],
  ['a"b"', 2, /inside a word/],
  ['"a"b', 4, /space/],
  ['""', 1, /empty/],
  ['host:', 6, /empty/],
  ['collection:abc', 12, /number/],
  ['AND a', 1, /AND/],
  ['a AND', 3, /AND/],
  ['a AND AND b', 7, /AND/],
  ['host:ws*', 8, /"\*"/],
])('refuses %s and says where', (query, at, message) => {
  let error: unknown
  try {
    parseQuery(query)
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(AppError)
  expect(error).toMatchObject({ code: 'BAD_REQUEST', reason: 'unsupported_query', detail: { position: at - 1 } })
  expect((error as AppError).message).toMatch(message)
  expect((error as AppError).message).toMatch(`at character ${at}`)
})

describe('any value in quotes', () => {
  test('is read back as it is', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.array(fc.constantFrom('\\', '"', 'a', ' '), { minLength: 1 }).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(parseQuery(`${quoteValue(a)} host:${quoteValue(b)}`)).toEqual({ ...nothing, values: [a], hosts: [b] })
      }),
    )
  })
})

test('row ids and cursors are read back, and others refused', () => {
  expect(parseRowId(rowId({ collectionId: 12, sourceId: 3, row: 4567 }))).toEqual({
    collectionId: 12,
    sourceId: 3,
    row: 4567,
  })
  for (const id of ['', '1.2', '1.2.x', '1.2.3.4', '-1.2.3', '99999999999999999.1.1'])
    expect(parseRowId(id)).toBeUndefined()
  const cursor = {
    place: { time: -62135596800000000, collectionId: 1, sourceId: 2, row: 3 },
    total: 9,
    totalIsExact: false,
  }
  expect(readCursor(writeCursor(cursor))).toEqual(cursor)
  for (const text of ['', 'x', '1_2_3', '1_2_3_4_5_x', '1_2_3_4_5_NaN'])
    expect(() => readCursor(text)).toThrow(AppError)
})

test.each([
  ['2024-03-01T10:20:30Z', 1_709_288_430_000_000],
  ['2024-03-01T12:20:30.123456+02:00', 1_709_288_430_123_456],
  ['2024-03-01T10:20:30.5Z', 1_709_288_430_500_000],
])('%s in microseconds', (iso, micros) => expect(microsOfIso(iso)).toBe(micros))
