import { expect, test } from 'vitest'
import { searchFormat } from './url.ts'

const { parseSearch, stringifySearch } = searchFormat

test('numbers in a link keep every digit, and what the web writes it reads again', () => {
  for (const query of ['9223372036854775807', '1.0', '1e400', '-0', '007']) {
    expect(parseSearch(`?query=${query}`)).toEqual({ query })
    expect(parseSearch(stringifySearch({ query }))).toEqual({ query })
  }
  const search = { query: '8', page: 8, off: [1], columns: ['a', '1'], wrap: true }
  expect(parseSearch(stringifySearch(search))).toEqual(search)
})
