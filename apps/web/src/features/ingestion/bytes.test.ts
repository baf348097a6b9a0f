import { expect, test } from 'vitest'
import { bytesOf, hexOf, textOf } from './bytes.ts'

test('reads base64 with line breaks', () => {
  expect([...bytesOf('/wB7\nIg0=')]).toEqual([0xff, 0x00, 0x7b, 0x22, 0x0d])
})

test('shows UTF-8 as text and other bytes by their number', () => {
  expect(textOf(new TextEncoder().encode('{"Name":"Zoë"}'))).toBe('{"Name":"Zoë"}')
  expect(textOf(Uint8Array.of(0x61, 0xff, 0x00, 0x7b))).toBe('a\\xff\\x00{')
})

test('shows sixteen bytes a line in hex', () => {
  expect(hexOf(new TextEncoder().encode('{"a":1}\u0000 and more'))).toBe(
    [
      '00000000  7b 22 61 22 3a 31 7d 00 20 61 6e 64 20 6d 6f 72  {"a":1}. and mor',
      `00000010  65${' '.repeat(45)}  e`,
    ].join('\n'),
  )
})
