import { expect, test } from 'vitest'
import { bitsFor, filterOf, gramsFor, gramsOf } from './grams.ts'
import { folded } from './terms.ts'

/** Whether the grams of a block leave it as one that may hold the text. */
function mayHold(values: string[], text: string) {
  const grams = new Set(gramsOf(values.map(folded)))
  const wanted = gramsFor(folded(text))
  if (!wanted) return true
  return 'all' in wanted ? wanted.all.every((gram) => grams.has(gram)) : wanted.any.some((gram) => grams.has(gram))
}

/** Whether a filter of the same leaves it, as holds_bits() tells. */
function filterLeaves(values: string[], text: string, filter = filterOf(values.map(folded))) {
  const wanted = gramsFor(folded(text))
  const isSet = (bit: number) => (filter[(bit >> 3) & (filter.length - 1)]! >> (bit & 7)) & 1
  return !wanted || 'any' in wanted || bitsFor(wanted.all).every(isSet)
}

const values = [
  'C:\\Windows\\System32\\svchost.exe',
  'пароль überprüfung',
  '日本語のファイル',
  'da39a3ee5e6b4b0d3255bfef95601890afd80709',
  'a\u0000b\u0001c',
  '\ud800 alone',
  'ﬁne 𝒳𝒴𝒵',
  'abc',
  'x',
]

test('every part of every value is left, at any place and in any case', () => {
  for (const value of values)
    for (let from = 0; from < value.length; from++)
      for (let to = from + 1; to <= value.length; to++) {
        const part = value.slice(from, to)
        // A half of a pair is another character once it stands alone.
        if (!part.isWellFormed() && value.isWellFormed()) continue
        expect(mayHold(values, part), part).toBe(true)
        expect(filterLeaves(values, part), part).toBe(true)
        expect(mayHold(values, part.toUpperCase()) || !folded(value).includes(folded(part.toUpperCase()))).toBe(true)
      }
})

test('what no value has is ruled out', () => {
  for (const text of ['mimikatz', 'passwort', 'парол ь', '32\\svchosts', 'zzq', 'exe\\', 'host.exe2'])
    expect(mayHold(values, text), text).toBe(false)
})

test('a filter of many values says nearly what their grams say, in a third of their bytes', () => {
  const many = Array.from({ length: 400 }, (_, i) => `C:\\Users\\user${i}\\AppData\\tool-${(i * 7919) % 1000}.exe`)
  const filter = filterOf(many.map(folded))
  const texts = Array.from({ length: 500 }, (_, i) => `q${(i * 104_729) % 46_656}`.slice(0, 5).padEnd(5, 'xyz'))
  const absent = texts.filter((text) => !mayHold(many, text))
  const wrong = absent.filter((text) => filterLeaves(many, text, filter))
  expect(absent.length).toBeGreaterThan(200)
  expect(wrong.length).toBeLessThan(absent.length / 10)
  expect(filter.length).toBeLessThan(gramsOf(many.map(folded)).byteLength / 3)
  expect(many.every((value) => filterLeaves(many, value.slice(3), filter))).toBe(true)
})

test('pieces of hashes and texts of two characters rule nothing out', () => {
  expect(gramsFor('5e6b4b')).toBeUndefined()
  expect(gramsFor('abc')).toBeUndefined()
  expect(gramsFor('ex')).toBeUndefined()
  expect(gramsFor('')).toBeUndefined()
})

test('are sorted, distinct and the same again after other values', () => {
  const first = gramsOf(values.map(folded))
  gramsOf(['something', 'else'])
  expect(gramsOf(values.map(folded))).toEqual(first)
  expect([...first]).toEqual([...new Set(first)].sort((a, b) => a - b))
})

test('takes more grams than it has room for at first', () => {
  const long = Array.from({ length: 200_000 }, (_, i) => String.fromCharCode(0x3040 + ((i * 7919) % 5000))).join('')
  expect(mayHold([long], long.slice(100_000, 100_050))).toBe(true)
})
