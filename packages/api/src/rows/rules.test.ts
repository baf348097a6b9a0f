import { expect, test } from 'vitest'
import { AppError } from '../errors.ts'
import { microsOfIso, parseRowId, readCursor, rowId, writeCursor } from './rules.ts'

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
