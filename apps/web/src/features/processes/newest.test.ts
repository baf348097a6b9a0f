import { expect, test } from 'vitest'
import { newestOf } from './NewestProcesses.tsx'

const list = (...parents: (number | null)[]) => parents.map((parent) => ({ parent }))

test('takes what started last with everything above it, as far as there is room', () => {
  // 0 ─ 1 ─ 2, 3 ─ 5, 0 ─ 4
  const nodes = list(null, 0, 1, null, 0, 3)
  expect(newestOf(nodes, 2)).toEqual([3, 5])
  expect(newestOf(nodes, 4)).toEqual([0, 3, 4, 5])
  expect(newestOf(nodes, 5)).toEqual([0, 3, 4, 5])
  expect(newestOf(nodes, 6)).toEqual([0, 1, 2, 3, 4, 5])
})

test('never shows a process without its parents', () => {
  expect(newestOf(list(null, 0, 1, 2, 3), 4)).toEqual([])
  expect(newestOf([], 4)).toEqual([])
})
