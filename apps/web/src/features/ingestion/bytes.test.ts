import { expect, test } from 'vitest'
import { bytesOf, textOf } from './bytes.ts'

test('reads base64 with line breaks', () => {
  expect([...bytesOf('/wB7\nIg0=')]).toEqual([0xff, 0x00, 0x7b, 0x22, 0x0d])
})

test('shows UTF-8 as text and other bytes by their number', () => {
  expect(textOf(new TextEncoder().encode('{"Name":"Zoë"}'))).toBe('{"Name":"Zoë"}')
  expect(textOf(Uint8Array.of(0x61, 0xff, 0x00, 0x7b))).toBe('a\\xff\\x00{')
})
