import fc from 'fast-check'
import { expect, test } from 'vitest'
import { filterOf, gramsOf } from '../../evidence/grams.ts'
import { folded } from '../../evidence/terms.ts'
import { matcherOf } from '../../rows/engine/tests.ts'
import { testsOf } from '../rules.ts'
import { possibleIn } from './possible.ts'
import type { Wanted } from './queries.ts'

const wanted = (kind: 'other' | 'file_name', match: 'exact' | 'wildcard' | 'regex', value: string): Wanted => ({
  kind,
  match,
  value,
  id: 1,
  ownerTenantId: 1,
  listId: 1,
  term: null,
})

const text = fc.oneof(
  fc.string({ minLength: 1 }),
  fc.string({ unit: 'binary', minLength: 1 }),
  fc.stringMatching(/^[a-z0-9\\.]{4,12}$/),
)

test('a pattern that matches a value of a block is never left out, however the block tells of its grams', () => {
  let matched = 0
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 20 }), text, fc.nat(), (values, other, cut) => {
      const all = values.map(folded)
      const one = all[cut % all.length]!
      const middle = one.slice(cut % 3, one.length - (cut % 2))
      const patterns = [
        wanted('other', 'wildcard', `*${middle}*`),
        wanted('other', 'wildcard', `${one.slice(0, 5)}*`),
        wanted('other', 'wildcard', `*${other}?`),
        wanted('other', 'regex', middle.replaceAll(/[^a-z0-9]/g, '.') || 'x'),
        wanted('file_name', 'exact', one),
        wanted('file_name', 'exact', other),
      ]
      const stored = [
        { sorted: [...gramsOf(all)], filter: undefined },
        { sorted: undefined, filter: filterOf(all) },
        { sorted: undefined, filter: undefined },
      ]
      for (const pattern of patterns) {
        const tests = testsOf(pattern).map(matcherOf)
        if (!all.some((value) => tests.some((matches) => matches(value, false)))) continue
        matched++
        for (const grams of stored) expect(possibleIn([pattern], grams)).toEqual([pattern])
      }
    }),
  )
  expect(matched).toBeGreaterThan(50)
})

test('of thousands of patterns a block that holds none of them leaves next to none to be tried', () => {
  const values = Array.from({ length: 2000 }, (_, n) => `c:\\windows\\system32\\program${n}.exe`)
  const patterns = Array.from({ length: 2000 }, (_, n) => wanted('other', 'wildcard', `*\\qz${n}xw\\*.tmp`))
  expect(possibleIn(patterns, { sorted: [...gramsOf(values)], filter: undefined })).toHaveLength(0)
  expect(possibleIn(patterns, { sorted: undefined, filter: filterOf(values) }).length).toBeLessThan(20)
})
