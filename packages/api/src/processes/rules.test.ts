import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Process, parentsOf } from './rules.ts'

const process = (pid: number, ppid: number, start?: number): Process => ({
  pid,
  ppid,
  start,
  guid: undefined,
  parentGuid: undefined,
})
const parents = (list: Process[]) => parentsOf(list).map(({ parent, gone, uncertain }) => gone ?? uncertain ?? parent)

/** The rule read word by word: who held the number when the child started. */
function naive(list: Process[]) {
  const found = list.map(({ pid, ppid, start }): number | string => {
    if (ppid === pid) return 'none'
    const named = list.flatMap((other, i) => (other.pid === ppid ? [i] : []))
    if (named.length === 0) return ppid === 0 ? 'none' : 'missing'
    const before = named.filter((i) => list[i]!.start! <= start!)
    if (before.length === 0) return 'reused'
    return before.reduce((a, b) => (list[b]!.start! >= list[a]!.start! ? b : a))
  })
  for (let i = 0; i < list.length; i++) {
    const seen = [i]
    for (let at = found[i]!; typeof at === 'number'; at = found[at]!) {
      if (at === i) {
        found[Math.min(...seen)] = 'loop'
        break
      }
      if (seen.includes(at)) break
      seen.push(at)
    }
  }
  return found
}

test('finds the parents that a naive reading finds, however often numbers are used again', () => {
  const any = fc.record({ pid: fc.nat(6), ppid: fc.nat(6), start: fc.nat(20) })
  fc.assert(
    fc.property(fc.array(any, { maxLength: 40 }), (rows) => {
      const list = rows.map(({ pid, ppid, start }) => process(pid, ppid, start))
      const told = parentsOf(list).map(({ parent, gone }) => gone ?? parent)
      expect(told).toEqual(naive(list))
    }),
    { numRuns: 2000 },
  )
})

test('always makes a forest, whatever is told', () => {
  const maybe = (n: number) => fc.option(fc.nat(n), { nil: undefined })
  const guid = fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined })
  const any = fc.record({ pid: maybe(4), ppid: maybe(4), start: maybe(3), guid, parentGuid: guid })
  fc.assert(
    fc.property(fc.array(any, { maxLength: 30 }), (list) => {
      const placed = parentsOf(list)
      for (let i = 0; i < list.length; i++) {
        let steps = 0
        for (let at = placed[i]!.parent; at !== undefined; at = placed[at]!.parent)
          if (++steps > list.length) throw new Error('a loop')
      }
    }),
    { numRuns: 2000 },
  )
})

test('a child is not older than its parent', () => {
  expect(parents([process(4, 0, 1), process(8, 4, 5), process(4, 0, 9), process(9, 4, 10)])).toEqual([
    'none',
    0,
    'none',
    2,
  ])
  expect(parents([process(8, 4, 5), process(4, 0, 9)])).toEqual(['reused', 'none'])
  expect(parents([process(8, 7, 5)])).toEqual(['missing'])
})

test('says where it can not be certain', () => {
  expect(parents([process(4, 0), process(8, 4, 5)])).toEqual(['none', 'no start'])
  expect(parents([process(4, 0, 1), process(4, 0, 2), process(8, 4)])).toEqual(['none', 'none', 'several'])
  expect(parents([process(4, 0, 1), process(4, 0, 1), process(8, 4, 3)])).toEqual(['none', 'none', 'several'])
})

test('cuts a loop once, and takes what is its own parent for one without', () => {
  expect(parents([process(1, 2, 5), process(2, 1, 5), process(3, 2, 6)])).toEqual(['loop', 0, 1])
  expect(parents([process(0, 0, 1)])).toEqual(['none'])
})

test('believes ids that are never used twice before numbers', () => {
  const list = [
    { ...process(4, 0, 1), guid: 'old' },
    { ...process(4, 0, 3), guid: 'new' },
    { ...process(9, 4, 5), parentGuid: 'old' },
  ]
  expect(parentsOf(list)[2]).toEqual({ parent: 0, gone: undefined, uncertain: undefined })
})

test('a hundred thousand processes of one number and in one chain are placed', () => {
  const same = Array.from({ length: 100_000 }, (_, i) => process(4, 4 + (i % 2), i))
  expect(parentsOf(same)).toHaveLength(100_000)
  const chain = Array.from({ length: 100_000 }, (_, i) => process(i + 1, i, 7))
  expect(parentsOf(chain).at(-1)!.parent).toBe(99_998)
})
