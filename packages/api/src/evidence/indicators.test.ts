import fc from 'fast-check'
import { expect, test } from 'vitest'
import { holdsIndicator, indicatorsIn } from './indicators.ts'

test.each([
  [
    'md5=d41d8cd98f00b204e9800998ecf8427e,sha256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    ['d41d8cd98f00b204e9800998ecf8427e', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ],
  ['drop_da39a3ee5e6b4b0d3255bfef95601890afd80709.bin', ['da39a3ee5e6b4b0d3255bfef95601890afd80709']],
  ['from 10.0.0.1:443, 203.0.113.66.', ['10.0.0.1', '203.0.113.66']],
  ['10.0.0.1-10.0.0.9', ['10.0.0.1', '10.0.0.9']],
  ['version 10.0.19041.1', []],
  ['at 12:30:45 aa:bb:cc:dd:ee:ff', []],
  [
    '[2001:db8::1]:443 fe80::1%eth0 addr:2001:db8:0:0:0:0:0:2 ::ffff:192.0.2.1',
    ['2001:db8::1', 'fe80::1', '2001:db8:0:0:0:0:0:2', '::ffff:192.0.2.1'],
  ],
  [
    'iwr https://user@cdn.evil.example:8443/a.ps1?x=1, now',
    ['https://user@cdn.evil.example:8443/a.ps1?x=1', 'cdn.evil.example'],
  ],
  [
    'http://a.example/?u=http://b.example/x',
    ['http://a.example/?u=http://b.example/x', 'http://b.example/x', 'a.example', 'b.example'],
  ],
  ['mail bob.o+x@mail.evil.zone.', ['bob.o+x@mail.evil.zone', 'mail.evil.zone']],
  ['ping evil.example.com.', ['evil.example.com']],
  ['\\\\dc01.corp.local\\share\\tool.sh', ['dc01.corp.local']],
  ['c:\\windows\\system32\\cmd.exe', []],
])('indicators in %s', (leaf, expected) => {
  expect(indicatorsIn(leaf)).toEqual(expect.arrayContaining(expected))
  if (expected.length === 0) expect(indicatorsIn(leaf)).toEqual([])
})

test('the question for one value agrees with the list of all', () => {
  const parts = [
    'evil',
    'a.b',
    '.',
    ':',
    '::',
    '//',
    '@',
    '-',
    '_',
    ' ',
    '\\',
    '/',
    'exe',
    'com',
    'zone',
    '10.0.0.1',
    'fe80',
    '1',
    'd41d8cd98f00b204e9800998ecf8427e',
    'http',
    '?u=',
    ',',
  ]
  const leaf = fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 9 }).map((some) => some.join(''))
  fc.assert(
    fc.property(leaf, leaf, (text, other) => {
      const all = indicatorsIn(text)
      for (const value of [...all, other, text]) expect(holdsIndicator(text, value)).toBe(all.includes(value))
    }),
    { numRuns: 5000 },
  )
})
