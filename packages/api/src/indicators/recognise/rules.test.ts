import fc from 'fast-check'
import { expect, test } from 'vitest'
import { kindOf, recognise, refang } from './rules.ts'

test.each([
  ['hxxp://evil[.]example[.]com/a', 'http://evil.example.com/a'],
  ['hXXps[:]//evil[.]example', 'https://evil.example'],
  ['hxxps[://]evil(.)example', 'https://evil.example'],
  ['evil (dot) example [dot] com', 'evil.example.com'],
  ['evil{.}example', 'evil.example'],
  ['198[.]51[.]100[.]23', '198.51.100.23'],
  ['198.51.100[.23', '198.51.100.23'],
  ['billing[at]invoices[.]example', 'billing@invoices.example'],
  ['billing (at) invoices.example', 'billing@invoices.example'],
  ['billing[@]invoices.example', 'billing@invoices.example'],
  ['203.0.113.77[:]8080', '203.0.113.77:8080'],
  ['C:\\ProgramData\\Intel\\d.bin', 'C:\\ProgramData\\Intel\\d.bin'],
])('%s is read as %s', (given, whole) => {
  expect(refang(given)).toBe(whole)
})

test.each([
  ['D41D8CD98F00B204E9800998ECF8427E', 'md5'],
  ['da39a3ee5e6b4b0d3255bfef95601890afd80709', 'sha1'],
  ['7d1c0e9a3237656e7d1c0e9a3237656e7d1c0e9a3237656e7d1c0e9a3237656e', 'sha256'],
  ['203.0.113.77', 'ip'],
  ['2001:db8::1', 'ip'],
  ['203.0.113.0/24', 'cidr'],
  ['updates.example.net', 'domain'],
  ['https://mail.example.net/owa/auth.js', 'url'],
  ['billing@invoices.example.com', 'email'],
  ['anyview-portable.exe', 'file_name'],
  ['C:\\ProgramData\\Intel\\d.bin', 'file_path'],
  ['\\\\server\\share\\x.exe', 'file_path'],
  ['/usr/local/bin/xmrig', 'file_path'],
  ['HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\x', 'registry_key'],
  ['S-1-5-21-1004336348-1177238915-682003330-512', 'sid'],
  ['Global\\evil-mutex', 'mutex'],
  ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ7', 'ssh_key'],
  ['nothing', undefined],
  ['999.1.1.1', undefined],
])('%s is a %s', (value, kind) => {
  expect(kindOf(value)).toBe(kind)
})

test('a list with bullets and labels gives each value once, and counts the others', () => {
  const text =
    '- hxxp://evil[.]example/a\n* 203[.]0[.]113[.]77\n203.0.113.77,\nimphash: f34d5f2d4577ed6d9ceec516c1f5a744\nMutex: a b c\n'
  expect(recognise(text)).toEqual({
    found: [
      { kind: 'url', value: 'http://evil.example/a', line: 1 },
      { kind: 'ip', value: '203.0.113.77', line: 2 },
      { kind: 'imphash', value: 'f34d5f2d4577ed6d9ceec516c1f5a744', line: 4 },
      { kind: 'mutex', value: 'a b c', line: 5 },
    ],
    duplicates: 1,
    others: [],
  })
})

test('the sentences of a report give what stands in them, and the others are shown', () => {
  const text = 'The actor used updates[.]example[.]net (203.0.113.77), then\ndropped the file.\n'
  const { found, others } = recognise(text)
  expect(found.map(({ kind, value }) => [kind, value])).toEqual([
    ['domain', 'updates.example.net'],
    ['ip', '203.0.113.77'],
  ])
  expect(others).toEqual([{ line: 2, text: 'dropped the file.' }])
})

test.each([
  ['8.8.8.8', 'A public name server that nearly every host asks'],
  ['192.168.1.1', 'A private address: it is another host in each network'],
  ['10.0.0.0/8', 'A very large network'],
  ['google.com', 'A site that nearly every host talks to'],
  ['svchost.exe', 'A program that stands on nearly every host'],
  ['e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 'The SHA-256 of the empty file'],
  ['00000000000000000000000000000000', 'Not a real hash'],
  ['C:\\Windows\\System32', 'A folder that stands on nearly every host'],
  ['S-1-5-18', 'An identifier that stands on nearly every host'],
  ['domain: .com', 'A whole top level domain'],
  ['user: Administrator', 'An account that stands on nearly every host'],
])('%s is pointed out', (text, broad) => {
  expect(recognise(text).found).toMatchObject([{ broad }])
})

test('any text is read to its end, and what it gives is recognised again as the same', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      const { found } = recognise(text)
      for (const { value } of found) expect(value).not.toContain('\0')
    }),
  )
  const address = fc.ipV4().map((ip) => ({ given: ip.replaceAll('.', '[.]'), value: ip, kind: 'ip' }))
  const site = fc.webUrl().map((url) => ({ given: url.replace('http', 'hxxp'), value: url, kind: 'url' }))
  fc.assert(
    fc.property(fc.oneof(address, site), ({ given, value, kind }) => {
      fc.pre(!/[()'",;.:!?)\]]$/.test(value) && !/\\|[[({]/.test(value))
      expect(recognise(`\t${given}\r\n`).found).toMatchObject([{ value, kind }])
    }),
  )
})
