import { expect, test } from 'vitest'
import { openRoom } from './room.ts'

const order = (takes: [string, Promise<() => void>][]) => {
  const came: string[] = []
  for (const [name, taken] of takes)
    taken.then(
      () => came.push(name),
      () => came.push(`${name} refused`),
    )
  return came
}
const turn = () => new Promise(setImmediate)

test('bodies wait for room in the order in which they came, and one that is larger than all room goes alone', async () => {
  const room = openRoom(100)
  const first = await room.take(60, 60_000)
  const second = room.take(60, 60_000)
  const third = room.take(10, 60_000)
  const came = order([
    ['second', second],
    ['third', third],
  ])
  await turn()
  expect(came).toEqual([])
  first()
  first()
  await turn()
  expect(came).toEqual(['second', 'third'])
  const huge = room.take(1000, 60_000)
  ;(await second)()
  const last = order([['huge', huge]])
  await turn()
  expect(last).toEqual([])
  ;(await third)()
  expect(await huge).toBeTypeOf('function')
})

test('who waited too long hears to come again, and lets those behind it in', async () => {
  const room = openRoom(100)
  await room.take(60, 60_000)
  const large = room.take(90, 20)
  const small = room.take(30, 60_000)
  await expect(large).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
  expect(await small).toBeTypeOf('function')
})
