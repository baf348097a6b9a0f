import { expect, test } from 'vitest'
import { sharing } from './queries.ts'

/** A clock that the work moves, and how often it was done. */
function desk() {
  let [now, done] = [0, 0]
  const share = sharing(() => now)
  const ask = (key: string, ms: number) =>
    share(key, async () => {
      now += ms
      return ++done
    })
  return { ask, wait: (ms: number) => void (now += ms) }
}

test('an answer that took long is shared for twenty times as long, and made anew after that', async () => {
  const { ask, wait } = desk()
  expect(await ask('1', 2000)).toBe(1)
  wait(39_999)
  expect(await ask('1', 2000)).toBe(1)
  wait(1)
  expect(await ask('1', 2000)).toBe(2)
})

test('it is never kept for more than a minute', async () => {
  const { ask, wait } = desk()
  await ask('1', 20_000)
  wait(60_000)
  expect(await ask('1', 1)).toBe(2)
})

test('a quick answer is made anew each time', async () => {
  const { ask } = desk()
  await ask('1', 999)
  expect(await ask('1', 999)).toBe(2)
})

test("no tenant is given another's answer", async () => {
  const { ask } = desk()
  await ask('1', 2000)
  expect(await ask('2', 2000)).toBe(2)
})

test('work that fails is not kept', async () => {
  const share = sharing(() => 0)
  await expect(share('1', () => Promise.reject(new Error('away')))).rejects.toThrow('away')
  expect(await share('1', async () => 7)).toBe(7)
})
