import { testDatabase } from '@velocicompanion/db/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { withClient } from './client.ts'

let database: Awaited<ReturnType<typeof testDatabase>>
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())

test('however many store rows, connections are left for who waits for a page', async () => {
  const { max } = database.pool.options
  const gate = Promise.withResolvers<void>()
  let [running, most] = [0, 0]
  const store = () =>
    withClient(database, async () => {
      most = Math.max(most, ++running)
      await gate.promise
      running--
    })
  const storing = Array.from({ length: 3 * max }, store)
  try {
    const page = await database.pool.connect()
    expect((await page.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    page.release()
  } finally {
    gate.resolve()
    await Promise.all(storing)
  }
  expect(running).toBe(0)
  expect(most).toBeLessThan(max)
})

test('one that fails leaves its turn to the next', async () => {
  const { max } = database.pool.options
  const fail = () => withClient(database, () => Promise.reject(new Error('cut')))
  await Promise.allSettled(Array.from({ length: 3 * max }, fail))
  expect(await withClient(database, () => Promise.resolve('stored'))).toBe('stored')
})
