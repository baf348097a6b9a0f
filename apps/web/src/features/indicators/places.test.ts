import { expect, test } from 'vitest'
import { joined, placesOf } from './places.ts'

const found = (
  text: string,
  kind: 'ip' | 'domain' | 'cidr' | 'file_name' | 'sha256' | 'other',
  value: string,
  match: 'exact' | 'wildcard' | 'regex' = 'exact',
) => placesOf(text, { kind, match, value }, undefined).map(([from, to]) => text.slice(from, to))

test.each([
  ['svc.exe -k --c2 203.0.113.7:8443', 'ip', '203.0.113.7', ['203.0.113.7']],
  ['203.0.113.77 and 1203.0.113.7', 'ip', '203.0.113.7', []],
  ['https://EVIL.example/a, evil.example.', 'domain', 'evil.example', ['EVIL.example', 'evil.example']],
  ['not-evil.example sub.evil.example evil.example.net', 'domain', 'evil.example', []],
  ['tcp 203.0.113.9:443 to 198.51.100.1', 'cidr', '203.0.113.0/24', ['203.0.113.9']],
  ['to 2001:db8::7 and 2001:db9::7', 'cidr', '2001:db8::/32', ['2001:db8::7']],
  ['C:\\Temp\\AnyView.exe', 'file_name', 'anyview.exe', ['AnyView.exe']],
  ['C:\\Temp\\xanyview.exe', 'file_name', 'anyview.exe', []],
] as const)('in %j stands the %s %s as %j', (text, kind, value, parts) => {
  expect(found(text, kind, value)).toEqual(parts)
})

test('a wildcard is held against the whole value, in a time that does not explode', () => {
  expect(found('C:\\Users\\ada\\d.bin', 'other', 'c:\\users\\*\\d.???', 'wildcard')).toEqual(['C:\\Users\\ada\\d.bin'])
  expect(found('C:\\Users\\ada\\d.binx', 'other', 'c:\\users\\*\\d.???', 'wildcard')).toEqual([])
  expect(found('a'.repeat(5000), 'other', `${'*a'.repeat(30)}b`, 'wildcard')).toEqual([])
})

test('places that overlap are one', () => {
  expect(
    joined([
      [4, 8],
      [0, 2],
      [6, 9],
      [9, 10],
    ]),
  ).toEqual([
    [0, 2],
    [4, 10],
  ])
})
