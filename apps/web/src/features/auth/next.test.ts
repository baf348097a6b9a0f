import { expect, test } from 'vitest'
import { safeNext } from './next.ts'

test('goes on to an own path only', () => {
  expect(safeNext('/hosts/3?tenant=2')).toBe('/hosts/3?tenant=2')
  expect(safeNext('//evil.example')).toBe('/')
  expect(safeNext('/\\evil.example')).toBe('/')
  expect(safeNext('https://evil.example')).toBe('/')
  expect(safeNext('/\t/evil.example')).toBe('/')
  expect(safeNext(undefined)).toBe('/')
})
