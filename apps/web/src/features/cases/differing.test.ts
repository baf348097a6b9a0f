import { expect, test } from 'vitest'
import { differing, joined } from './differing.ts'

const marked = (text: string, other: string) =>
  differing(text, other)
    .filter((line) => line.differs)
    .map(({ line }) => line)

test('marks only the lines that the other text lacks', () => {
  expect(marked('a\nb\nc', 'a\nx\nc')).toEqual(['b'])
  expect(marked('a\na', 'a')).toEqual(['a'])
  expect(marked('same', 'same')).toEqual([])
})

test('starts a merge from every line of both texts', () => {
  expect(joined('a\nb\nc', 'a\nx\nc')).toBe('a\nb\nx\nc')
  expect(joined('a', 'a\nmine')).toBe('a\nmine')
  expect(joined('a\ntheirs', 'a')).toBe('a\ntheirs')
})
