import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Notes } from '../rules.ts'
import { csvCell } from './csv.ts'

test.each([
  ['=1+1', "'=1+1"],
  ['+1+1', "'+1+1"],
  ['-2+3', "'-2+3"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', `"'\t=1"`],
  ['\r=1', `"'\r=1"`],
  ['＝1', "'＝1"],
  ["'=1", "''=1"],
  ['-5', '-5'],
  ['+1.5e-10', '+1.5e-10'],
  ['-9223372036854775809', '-9223372036854775809'],
  ["it's", "it's"],
  ['a=b', 'a=b'],
])('%j stands as %j', (cell, shown) => {
  expect(csvCell(cell, {})).toBe(shown)
})

test('a cell is read back by taking off its quotes and one apostrophe', () => {
  const read = (shown: string) => {
    const text = shown.startsWith('"') ? shown.slice(1, -1).replaceAll('""', '"') : shown
    return /^'+[=+\-@\t\r\n＝＋－＠]/.test(text) ? text.slice(1) : text
  }
  const sign = fc.constantFrom(...Array.from('=+-@\'\t\r\n＝＋－＠,;"0x 1'))
  fc.assert(
    fc.property(fc.array(sign, { minLength: 1 }), (signs) => {
      const notes: Notes = {}
      const shown = csvCell(signs.join(''), notes)
      expect(read(shown)).toBe(signs.join(''))
      if (!/^[-+]?\d/.test(shown)) expect(shown).not.toMatch(/^"?[=+\-@\t\r\n＝＋－＠]/)
    }),
  )
})
