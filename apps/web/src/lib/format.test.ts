import { expect, test } from 'vitest'
import { bytes, count, dayTime, exactTime, plural, relativeTime } from './format.ts'

const now = Date.UTC(2026, 10, 24, 6, 44)
const ago = (milliseconds: number) => now - milliseconds
const minute = 60_000
const hour = 60 * minute

test('counts are exact and have separators', () => {
  expect(count(1204331)).toBe('1,204,331')
  expect(plural(1, 'row')).toBe('1 row')
  expect(plural(2, 'delivery', 'deliveries')).toBe('2 deliveries')
})

test('times are relative under two days and dates after', () => {
  expect(relativeTime(ago(20_000), now)).toBe('now')
  expect(relativeTime(ago(4 * minute), now)).toBe('4 min ago')
  expect(relativeTime(ago(47 * hour), now)).toBe('47 h ago')
  expect(relativeTime(ago(49 * hour), now)).toBe('22 Nov')
  expect(relativeTime(Date.UTC(2025, 0, 3), now)).toBe('3 Jan 2025')
})

test('days are said by name, in UTC', () => {
  expect(dayTime(ago(4 * minute), now)).toBe('today 06:40')
  expect(dayTime(ago(14 * hour), now)).toBe('yesterday 16:44')
})

test('the exact time keeps its milliseconds', () => {
  expect(exactTime('2026-11-24T06:38:51.209Z')).toBe('2026-11-24 06:38:51.209 UTC')
})

test('sizes name their unit', () => {
  expect([bytes(1), bytes(999), bytes(1500), bytes(16_000_000)]).toEqual(['1 byte', '999 bytes', '1.5 KB', '16 MB'])
})
