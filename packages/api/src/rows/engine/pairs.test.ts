import { expect, test } from 'vitest'
import { addPair, leaveOnce, newPairs, placeOf } from './pairs.ts'

test('many pairs of few groups and hosts are each there once, whenever they were met', () => {
  const pairs = newPairs()
  const met = new Set<string>()
  let seed = 7
  const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below
  for (let i = 0; i < 400_000; i++) {
    const [group, host] = [random(900), 5_000_000_000 + random(400)]
    met.add(`${group} ${host}`)
    addPair(pairs, group, placeOf(pairs, host))
  }
  leaveOnce(pairs)
  const left = Array.from({ length: pairs.n }, (_, i) => `${pairs.groups[i]} ${pairs.hostIds[pairs.hosts[i]!]}`)
  expect(left).toHaveLength(met.size)
  expect(new Set(left)).toEqual(met)
})
