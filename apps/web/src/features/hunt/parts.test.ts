import { describe, expect, test } from 'vitest'
import { parseQuery } from '../../../../../packages/api/src/rows/language/parse.ts'
import { asked, excluded, groupedBy, offIn, partsOf, withoutPart, type Condition } from './parts.ts'
import { tokensOf } from './tokens.ts'

const now = new Date('2024-03-08T00:00:00Z')

const readable = [
  'Svchost.exe',
  '4625 host:WS-1 AND "a b"',
  'HOST:"my host" source:Windows.EventLogs.Evtx collection:12',
  String.raw`"C:\Windows\cmd.exe" "\\dc01\share"`,
  String.raw`"say \"hi\"" "C:\dir\\"`,
  String.raw`C:\x\y.exe https://evil.example/a 2001:db8::1 10.0.0.1:443 fe80::1 aa:bb:cc:dd:ee:ff`,
  '-5 "OR" "a*" /usr/bin/x',
  'a OR NOT b c',
  '(a OR b) -c !d +e',
  'Name:(a OR b.c:d)',
  '"Computer Info".Name:x',
  String.raw`Computer\ Info.Name:x`,
  '"time":x',
  'EventID:*',
  'ÜBER:"ПАРОЛЬ"',
  'pow*ell.?xe *"net user"*',
  String.raw`/ev[i1]l \/x/ Name:/a b/`,
  'Pid:>=0x10 Pid:{1 TO 9007199254740993] T:>now-7d',
  'Raddr:10.0.0.0/8 x:2001:db8::/32',
  'time:2024-03-01T10:20:30.1234567Z',
  'a AND (b OR c) AND NOT d',
]

describe('what the server reads', () => {
  test.each(readable)('stands at the same places: %s', (query) => {
    const leaves = parseQuery(query, now).leaves.map(({ at, end }) => query.slice(at, end))
    const own: string[] = []
    for (const { kind, from, to } of tokensOf(query)) {
      const text = query.slice(from, to)
      if (kind === 'value') own.push((own.length > 0 && own.at(-1)!.endsWith(':') ? own.pop()! : '') + text)
      else if (kind === 'field' && query[to] !== '(') own.push(text)
    }
    expect(own).toEqual(leaves)
  })

  test.each(readable)('means the same when it is put together again: %s', (query) => {
    const conditions = partsOf(query).map(({ text }) => text)
    const meaning = (text: string) =>
      JSON.stringify(parseQuery(text, now).filter, (key, value: unknown) => (/^(at|end)$/.test(key) ? 0 : value))
    expect(meaning(conditions.join(' AND '))).toBe(meaning(query))
  })
})

const query = 'artifact:Windows.System.Pslist AND Name:svc*.exe NOT A.Trusted:trusted | groupby Name Hash.SHA256'
const parts = partsOf(query)

test('tells conditions and pipes apart, and says how each compares', () => {
  expect(
    parts.map((part) =>
      part.kind === 'pipe' ? [part.name, ...part.fields] : [part.not, part.field, part.op, part.value],
    ),
  ).toEqual([
    [false, 'artifact', 'is', 'Windows.System.Pslist'],
    [false, 'Name', 'matches', 'svc*.exe'],
    [true, 'A.Trusted', 'is', 'trusted'],
    ['groupby', 'Name', 'Hash.SHA256'],
  ])
})

test('leaves out what is off, and every sign keeps its place', () => {
  const left = asked(query, [0, 2])
  expect(left).toHaveLength(query.length)
  expect(left.trim().replaceAll(/\s+/g, ' ')).toBe('Name:svc*.exe | groupby Name Hash.SHA256')
  expect(left.indexOf('Name:svc')).toBe(query.indexOf('Name:svc'))
  expect(asked(query, [0, 1, 2, 3]).trim()).toBe('')
})

test('removes, excludes and groups', () => {
  expect(withoutPart(query, parts[0]!)).toBe('Name:svc*.exe NOT A.Trusted:trusted | groupby Name Hash.SHA256')
  expect(withoutPart('a AND b', partsOf('a AND b')[1]!)).toBe('a')
  expect(withoutPart(query, parts[3]!)).toBe('artifact:Windows.System.Pslist AND Name:svc*.exe NOT A.Trusted:trusted')
  expect(excluded('a b', partsOf('a b')[1] as Condition)).toBe('a NOT b')
  expect(excluded('a NOT b', partsOf('a NOT b')[1] as Condition)).toBe('a b')
  expect(excluded('a OR b', partsOf('a OR b')[0] as Condition)).toBe('NOT (a OR b)')
  expect(groupedBy('a', 'Name')).toBe('a | groupby Name')
  expect(groupedBy('a | rare x', 'Name')).toBe('a | rare x Name')
  expect(groupedBy('a | count', 'Name')).toBe('a | groupby Name')
})

test('what is off stays off when the text around it changes', () => {
  expect(offIn('a b c', [1], 'x a b')).toEqual([2])
  expect(offIn('a b c', [1], 'a c')).toEqual([])
})

test('never fails, whatever is typed', () => {
  for (const text of ['', '(', '"', 'a"', ':', 'a:', '|', '| ', '| x', '))', 'NOT', '- -', '[', 'a:[', '\\', '"\\'])
    expect(partsOf(text).every(({ from, to }) => from < to)).toBe(true)
})
