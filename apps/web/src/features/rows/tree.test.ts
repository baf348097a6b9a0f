import { expect, test } from 'vitest'
import { parseTree } from './tree.ts'

test('keeps order, duplicate keys and every digit', () => {
  expect(parseTree('{"b":1.0,"2":9007199254740993,"1":null,"b":"x\\u202e\\""}')).toEqual({
    kind: 'object',
    entries: [
      ['b', { kind: 'plain', text: '1.0' }],
      ['2', { kind: 'plain', text: '9007199254740993' }],
      ['1', { kind: 'plain', text: 'null' }],
      ['b', { kind: 'text', value: 'x\u202e"' }],
    ],
  })
})

test('reads nested and empty lists, and refuses what is not JSON', () => {
  expect(parseTree(' [ [] , {} , [true] ] ')).toEqual({
    kind: 'array',
    items: [
      { kind: 'array', items: [] },
      { kind: 'object', entries: [] },
      { kind: 'array', items: [{ kind: 'plain', text: 'true' }] },
    ],
  })
  for (const bad of ['{"a" 1}', '[1 2]', '{} {}', 'nil']) expect(() => parseTree(bad)).toThrow(SyntaxError)
})
