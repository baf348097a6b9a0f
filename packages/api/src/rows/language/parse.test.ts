import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AppError } from '../../errors.ts'
import { quoteValue } from '../input.ts'
import type { Node } from './ast.ts'
import { parseQuery } from './parse.ts'

const now = new Date('2024-03-08T00:00:00Z')

/** The filter of a query in one line: what it means, without where it stood. */
const read = (query: string) => shown(parseQuery(query, now).filter)

function shown(node: Node): unknown {
  if (node.kind === 'all') return 'all'
  if (node.kind === 'not') return { not: shown(node.part) }
  if (node.kind !== 'leaf') return { [node.kind]: node.parts.map(shown) }
  const { on, test: asked } = node
  const what = asked.kind === 'equals' ? asked.value : asked
  return on ? { ['builtin' in on ? on.builtin : on.field.text]: what } : what
}

test.each([
  ['', 'all'],
  ['  ', 'all'],
  ['*', 'all'],
  ['Svchost.exe', 'svchost.exe'],
  ['4625 host:WS-1 AND "a b"', { and: ['4625', { host: 'ws-1' }, 'a b'] }],
  [
    'HOST:"my host" source:Windows.EventLogs.Evtx collection:12',
    { and: [{ host: 'my host' }, { source: 'windows.eventlogs.evtx' }, { collection: '12' }] },
  ],
  ['"C:\\Windows\\cmd.exe" "\\\\dc01\\share"', { and: ['c:\\windows\\cmd.exe', '\\\\dc01\\share'] }],
  ['"say \\"hi\\"" "C:\\dir\\\\"', { and: ['say "hi"', 'c:\\dir\\'] }],
  [
    'C:\\x\\y.exe https://evil.example/a 2001:db8::1 10.0.0.1:443 fe80::1 aa:bb:cc:dd:ee:ff',
    {
      and: ['c:\\x\\y.exe', 'https://evil.example/a', '2001:db8::1', '10.0.0.1:443', 'fe80::1', 'aa:bb:cc:dd:ee:ff'],
    },
  ],
  ['-5 "OR" "a*" /usr/bin/x', { and: ['-5', 'or', 'a*', '/usr/bin/x'] }],
  ['a OR NOT b c', { or: ['a', { and: [{ not: 'b' }, 'c'] }] }],
  ['(a OR b) -c !d +e', { and: [{ or: ['a', 'b'] }, { not: 'c' }, { not: 'd' }, 'e'] }],
  ['Name:(a OR b.c:d)', { or: [{ name: 'a' }, { 'b.c': 'd' }] }],
  ['"Computer Info".Name:x', { 'computer info.name': 'x' }],
  ['Computer\\ Info.Name:x', { 'computer info.name': 'x' }],
  ['"time":x', { time: 'x' }],
  ['EventID:*', { eventid: { kind: 'present' } }],
  ['ÜBER:"ПАРОЛЬ"', { über: 'пароль' }],
  [
    'pow*ell.?xe',
    { kind: 'like', pieces: [{ text: 'pow' }, { wild: '*' }, { text: 'ell.' }, { wild: '?' }, { text: 'xe' }] },
  ],
  ['*"net user"*', { kind: 'like', pieces: [{ wild: '*' }, { text: 'net user' }, { wild: '*' }] }],
  ['/ev[i1]l \\/x/', { kind: 'regex', source: 'ev[i1]l /x' }],
  ['Pid:>=0x10', { pid: { kind: 'range', low: { text: '0x10', inclusive: true } } }],
  [
    'Pid:{1 TO 9007199254740993]',
    {
      pid: {
        kind: 'range',
        low: { number: '1', inclusive: false },
        high: { number: '9007199254740993', inclusive: true },
      },
    },
  ],
  ['Raddr:10.0.0.0/8', { raddr: { kind: 'network', low: '40a000000', high: '40affffff' } }],
  [
    'x:2001:db8::/32',
    { x: { kind: 'network', low: `620010db8${'0'.repeat(24)}`, high: `620010db8${'f'.repeat(24)}` } },
  ],
  ['T:>now-7d', { t: { kind: 'range', low: { time: { seconds: 1_709_251_200, nanos: 0 }, inclusive: false } } }],
  ['T:<=2024-03-01', { t: { kind: 'range', high: { time: { seconds: 1_709_337_600, nanos: 0 }, inclusive: false } } }],
  [
    'time:2024-03-01T10:20:30.1234567Z',
    {
      time: {
        kind: 'range',
        low: { time: { seconds: 1_709_288_430, nanos: 123_456_700 }, inclusive: true },
        high: { time: { seconds: 1_709_288_430, nanos: 123_456_700 }, inclusive: true },
      },
    },
  ],
])('reads %s', (query, meaning) => expect(read(query)).toEqual(meaning))

test('keeps apart the dots that part keys and those inside of one', () => {
  const name = (query: string) => {
    const [leaf] = parseQuery(query, now).leaves
    return leaf!.on && 'field' in leaf!.on ? leaf!.on.field : undefined
  }
  expect(name('a.b:x')).toEqual({ text: 'a.b', literal: [], shown: 'a.b' })
  expect(name('a\\.b:x')).toEqual({ text: 'a.b', literal: [1], shown: 'a\\.b' })
  expect(name('"a.b".c:x')).toEqual({ text: 'a.b.c', literal: [1], shown: '"a.b".c' })
})

test('reads pipes', () => {
  const { sort, table, view } = parseQuery('a | sortby -Size Name | table host "a b" c.d | groupby Name User.Sid', now)
  expect(sort.map(({ descending }) => descending)).toEqual([true, false])
  expect(table).toHaveLength(3)
  expect(view).toMatchObject({ kind: 'groups', order: 'most' })
  expect(parseQuery('| count', now)).toMatchObject({ filter: { kind: 'all' }, view: { kind: 'count' } })
  expect(parseQuery('a|rare x', now).view).toMatchObject({ kind: 'groups', order: 'fewest' })
  expect(parseQuery('a | timechart', now).view).toEqual({ kind: 'chart', field: undefined })
})

test.each([
  ['(a', 1, /not closed/],
  ['a)', 2, /not opened/],
  ['a AND (b OR )', 10, /both sides/],
  ['>5', 1, /field before/],
  ['[1 TO 2]', 1, /field before/],
  ['a "b', 3, /not closed/],
  ['"a\\"', 1, /not closed/],
  ['a"b"', 2, /inside a word/],
  ['"a"b', 4, /space/],
  ['a(b', 2, /space/],
  ['""', 1, /empty/],
  ['host:', 6, /empty/],
  ['Name: x', 6, /empty/],
  ['collection:abc', 12, /number/],
  ['host:>5', 6, /takes a name/],
  ['time:yesterday', 6, /takes a date/],
  ['AND a', 1, /AND/],
  ['a AND', 3, /AND/],
  ['a AND AND b', 7, /AND/],
  ['a OR', 3, /OR/],
  ['NOT', 1, /behind it/],
  ['~a', 1, /no meaning/],
  ['x:[1 TO', 6, /TO/],
  ['x:[1 TO 2', 10, /\]/],
  ['x:[1 TO now]', 9, /Expected a number/],
  ['x:>', 4, /Expected a number/],
  ['T:>now-7y', 4, /s, m, h, d, w/],
  ['xx:/a(b/', 4, /regular expression/],
  ['/(?=a)b/', 1, /regular expression/],
  ['a | grep b', 5, /groupby/],
  ['a | count | table b', 11, /follow/],
  ['a | groupby', 5, /name of a field/],
  ['a | groupby time', 5, /timechart/],
  [`${'('.repeat(60)}a${')'.repeat(60)}`, 51, /50 deep/],
  [`${'NOT '.repeat(60)}a`, 201, /50 deep/],
  [Array(1001).fill('a').join(' '), 2001, /1000 terms/],
  [`/${'a'.repeat(1001)}/`, 1, /1000 characters/],
  ['/a{900}b{900}/', 1, /repeat/],
  [`${'*a'.repeat(40)}`, 1, /64 parts/],
])('refuses %s and says where', (query, at, message) => {
  let error: unknown
  try {
    parseQuery(query, now)
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
    const plain = (text: string) => text.toLowerCase().toWellFormed()
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(read(`${quoteValue(a)} host:${quoteValue(b)}`)).toEqual({ and: [plain(a), { host: plain(b) }] })
      }),
    )
  })
})

test('any text is read or refused with its place, and nothing else happens', () => {
  const part = fc.constantFrom(
    'a',
    ' ',
    '(',
    ')',
    '"',
    ':',
    '*',
    '?',
    '/',
    '\\',
    '[',
    ']',
    '{',
    ' TO ',
    '|',
    '-',
    ' AND ',
    ' OR ',
    'NOT ',
    '>',
    '.',
    'now',
    '10.0.0.0/8',
    'groupby ',
    '1',
    ',',
  )
  fc.assert(
    fc.property(fc.array(part, { maxLength: 14 }), (parts) => {
      const query = parts.join('')
      try {
        parseQuery(query, now)
      } catch (error) {
        expect(error).toBeInstanceOf(AppError)
        const { position } = (error as AppError).detail as { position: number }
        expect(position).toBeGreaterThanOrEqual(0)
        expect(position).toBeLessThanOrEqual(query.length)
      }
    }),
    { numRuns: 3000 },
  )
})
